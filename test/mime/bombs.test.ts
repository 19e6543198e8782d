/**
 * Messages made to hurt: each is read in a process of its own, to its end, in time that grows with its size and no faster, in
 * little more memory than it needs itself, and what is lost beyond a bound is told of.
 */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { BOMBS } from '../support/bombs.ts';

const READER = join(import.meta.dirname, '../support/read-bomb.ts');
/** Twice the input may take so many times as long, and half a measurement's noise. */
const RATIO = 2.6;
const NOISE = 2;
/** What is read may take so much memory beside the message itself, and what Node takes anyway. */
const TIMES = 2;
const BASE = 100e6;

interface Reading {
  readonly octets: number;
  readonly memory: number;
  readonly codes: readonly string[];
  readonly parts: number;
  readonly least: number;
  readonly most: number;
}

const grows = ({ least, most }: Reading): boolean => most - NOISE > RATIO * least;

/** What is wrong with the code is so each time; what a busy machine adds is not. */
async function readingOf(name: string): Promise<Reading> {
  for (let attempt = 1; ; attempt += 1) {
    const { stdout } = await promisify(execFile)(process.execPath, [READER, name]);
    const reading = JSON.parse(stdout) as Reading;
    if (!grows(reading) || attempt === 5) return reading;
  }
}

for (const { name, defect } of BOMBS) {
  test(name, async () => {
    const reading = await readingOf(name);
    const { octets, memory, codes, parts, least, most } = reading;
    assert.ok(!grows(reading), `${least} ms, and ${most} ms for twice as much`);
    assert.ok(memory <= TIMES * octets + BASE, `${memory} octets of memory for ${octets}`);
    assert.ok(parts <= 10_000, String(parts));
    if (defect !== undefined) assert.ok(codes.includes(defect), `${defect} is not among ${codes.join(', ')}`);
  });
}
