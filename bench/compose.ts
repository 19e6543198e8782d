/**
 * Composing messages, side by side with nodemailer's MailComposer: the two alternate in one run, each run is a process of
 * its own, and what is composed is dropped. `npm run bench` prints the tables for bench/RESULTS.md.
 */
import { randomBytes } from 'node:crypto';
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { Encoder } from 'nodemailer/lib/base64';
import { Base64Encoder } from '../src/mime/base64.ts';
import { compare, median, runScript, sayLoad } from './support/measure.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const MEGABYTES = 200;
/** What files are read in. */
const CHUNK = 256 * 1024;

const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));

/** A file of `megabytes`, its content too varied to compress. */
function file(name: string, megabytes: number): string {
  const path = join(folder, name);
  const descriptor = openSync(path, 'w');
  const block = randomBytes(1_000_000);
  for (let at = 0; at < megabytes; at++) writeSync(descriptor, block);
  closeSync(descriptor);
  return path;
}

const contenders = (count: number, content: string) =>
  ['ours', 'nodemailer'].map((name) => ({
    name: name === 'ours' ? 'posthorn' : name,
    run: () => runScript(`bench/support/compose-${name}.mjs`, [String(count), content]),
  }));

/** Megabytes of octets that the encoders turn into lines of base64 in a second of processor time. */
async function encoders(): Promise<void> {
  const octets = randomBytes(CHUNK);
  const count = Math.floor((MEGABYTES * 1e6) / CHUNK);
  const runs: Record<string, () => Promise<unknown>> = {
    posthorn: async () => {
      const encoder = new Base64Encoder();
      for (let at = 0; at < count; at++) encoder.push(octets);
      encoder.end();
    },
    nodemailer: async () => {
      const source = Readable.from(Array.from({ length: count }, () => octets));
      for await (const _ of source.pipe(new Encoder({ lineLength: 76 }))) void _;
    },
  };
  const rates = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS * 2; round++) {
    for (const [name, run] of Object.entries(runs)) {
      const before = process.cpuUsage();
      await run();
      const { user, system } = process.cpuUsage(before);
      rates.set(name, [...(rates.get(name) ?? []), (count * CHUNK) / (user + system)]);
    }
  }
  const middle = [...rates].map(([name, all]): [string, number] => [name, median(all)]);
  const base = middle[0]?.[1] ?? 1;
  const rows = middle.map(([name, rate]) => `| ${name} | ${Math.round(rate)} | ${(base / rate).toFixed(2)} |`);
  process.stdout.write(
    `### The encoder of base64 alone\n\n| program | MB/s | ratio |\n| --- | --- | --- |\n${rows.join('\n')}\n\n`,
  );
}

try {
  sayLoad('before');
  await compare('A 200 MB attachment, composed', ROUNDS, contenders(1, file('large.bin', MEGABYTES)));
  await compare('A 1 GB attachment, composed: memory', 1, contenders(1, file('huge.bin', 1000)));
  await compare('20,000 messages of 2 kB, composed', ROUNDS, contenders(20_000, '2000'));
  await encoders();
  sayLoad('after');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
