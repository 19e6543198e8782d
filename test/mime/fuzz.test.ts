/**
 * Messages changed at random, a bounded number of them: what is read does not depend on how it is cut, never throws, and is
 * never more than was there. `POSTHORN_FUZZ=N` reads so many, `POSTHORN_FUZZ_SEED` reads the same ones again.
 */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { readableText } from '../../src/mime/bodies.ts';
import { readMessage } from '../../src/mime/message.ts';
import { MessageParser } from '../../src/mime/parse.ts';
import { readHeaders } from '../../src/mime/summary.ts';
import { BOMBS } from '../support/bombs.ts';
import { random } from '../support/random.ts';

const COUNT = Number(process.env['POSTHORN_FUZZ'] ?? 1500);
const SEED = Number(process.env['POSTHORN_FUZZ_SEED'] ?? Date.now() % 2 ** 31);
const CORPUS = '../shared/corpus';
const MAX_SEED_OCTETS = 20_000;

/** What trouble is made of. */
const PIECES = [
  '\r\n',
  '\n',
  '\r',
  '\r\n\r\n',
  '--',
  '--b',
  '--b--',
  ': ',
  ';',
  '"',
  '\\',
  '(',
  ')',
  '<',
  '>',
  '=',
  '=?utf-8?q?',
  '?=',
  'Content-Type: multipart/mixed; boundary=b\r\n',
  'Content-Type: message/rfc822\r\n\r\n',
  'begin 644 x\n',
  '\0',
  '\xff',
  '\x1b$B',
  'Content-Transfer-Encoding: base64\r\n',
  'Content-Type: text/html\r\n',
  '<div>',
  '\ufeff',
  ' ',
  '\t',
  '*0*=',
  "utf-8''%",
];

type Random = (below: number) => number;

function seeds(): Buffer[] {
  const found = existsSync(CORPUS) ? globSync(`${CORPUS}/{mime4j,stalwart}/**/*.{eml,msg}`).sort() : [];
  const made = BOMBS.map((bomb) => bomb.make(0.0005));
  return [...found.map((path) => readFileSync(path)), ...made].filter(({ length }) => length < MAX_SEED_OCTETS);
}

function mutate(octets: Buffer, next: Random, others: readonly Buffer[]): Buffer {
  let result = octets;
  for (let times = next(6) + 1; times > 0; times--) {
    const at = next(result.length + 1);
    const length = next(Math.min(200, result.length - at) + 1);
    const other = others[next(others.length)] ?? octets;
    const from = next(other.length);
    const inserted = [
      Buffer.from(PIECES[next(PIECES.length)] ?? '', 'latin1'),
      Buffer.alloc(0),
      result.subarray(at, at + length),
      other.subarray(from, from + next(500)),
      Buffer.from([next(256)]),
    ][next(5)] as Buffer;
    result = Buffer.concat([result.subarray(0, at), inserted, result.subarray(at + (next(2) === 0 ? length : 0))]);
  }
  return result;
}

/** Every event with its place, bodies put together; and that they are in order is checked on the way. */
function eventsOf(octets: Buffer, next?: Random): string[] {
  const events: string[] = [];
  const open: string[] = [];
  let body: Buffer[] = [];
  let leaves = 0;
  const flush = (): void => {
    if (body.length > 0) events.push(Buffer.concat(body).toString('latin1'));
    body = [];
  };
  const parser = new MessageParser({
    partStart(part) {
      flush();
      assert.ok(part.start <= part.bodyStart && part.bodyStart <= octets.length);
      open.push(part.number);
      events.push(`${part.number} ${part.kind} ${part.type} ${part.start}-${part.bodyStart}`);
    },
    body(part, chunk) {
      assert.equal(open.at(-1), part.number);
      leaves += chunk.length;
      body.push(Buffer.from(chunk));
    },
    partEnd(part) {
      flush();
      assert.equal(open.pop(), part.number);
      assert.ok(part.bodyEnd >= part.bodyStart && part.bodyEnd <= octets.length);
      events.push(`/${part.number} ${part.bodyEnd}`);
    },
  });
  for (let at = 0; at < octets.length; ) {
    const end = next === undefined ? octets.length : at + 1 + next(next(3) === 0 ? 3 : 300);
    parser.push(octets.subarray(at, end));
    at = end;
  }
  parser.end();
  flush();
  assert.deepEqual(open, []);
  assert.ok(leaves <= octets.length);
  for (const { code, offset = 0 } of parser.defects) {
    assert.match(code, /^[a-z-]+$/);
    assert.ok(offset >= 0 && offset <= octets.length);
  }
  return [...events, ...parser.defects.map(({ code, offset, part }) => `${code} ${offset} ${part}`)];
}

async function* chunked(octets: Buffer, next: Random): AsyncGenerator<Buffer> {
  for (let at = 0; at < octets.length; ) {
    const end = at + 1 + next(500);
    yield octets.subarray(at, end);
    at = end;
  }
}

test(`${COUNT} messages changed at random`, { timeout: 250_000 }, async (context) => {
  context.diagnostic(`POSTHORN_FUZZ_SEED=${SEED}`);
  const fraction = random(SEED);
  const next: Random = (below) => Math.floor(fraction() * below);
  const all = seeds();
  for (let count = 0; count < COUNT; count++) {
    const octets = mutate(all[next(all.length)] as Buffer, next, all);
    try {
      assert.deepEqual(eventsOf(octets, next), eventsOf(octets));
      const message = await readMessage(octets);
      assert.deepEqual(await readMessage(chunked(octets, next)), message);
      assert.equal((await readHeaders(octets)).subject, message.subject);
      assert.ok(message.parts.every(({ size }) => size <= octets.length));
      assert.ok(message.size === octets.length && (message.text ?? '').length <= 2 * octets.length);
      assert.equal(typeof ((await readableText(message)) ?? ''), 'string');
    } catch (error) {
      throw new Error(`POSTHORN_FUZZ_SEED=${SEED}, message ${count}: ${octets.toString('base64')}`, { cause: error });
    }
  }
});
