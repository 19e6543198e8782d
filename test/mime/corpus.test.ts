/**
 * Every message of the corpus beside the repository, compared with the reading its project expects. docs/mime.md holds the
 * result; `POSTHORN_WRITE_DOCS=1 node --test test/mime/corpus.test.ts` writes it anew.
 */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { extractPart } from '../../src/mime/extract.ts';
import { readMessage } from '../../src/mime/message.ts';
import { stream } from '../../src/mime/support.test.ts';
import { DIFFERENCES } from '../support/corpus/differences.ts';
import { type Comparison, compareAll, renderComparison } from '../support/corpus/table.ts';

const root = join(import.meta.dirname, '../..');
const corpus = join(root, '../shared/corpus');
const page = join(root, 'docs/mime.md');
/** Messages like this one with octets changed, a piece repeated, a piece left out, and an end too early; always the same ones. */
function damaged(octets: Buffer, seed: number): Buffer[] {
  let state = seed + 1;
  const below = (bound: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fff_ffff;
    return (state >>> 8) % Math.max(bound, 1);
  };
  const odd = Buffer.from('\r\n-:;="\\ \0\xff', 'latin1');
  const changed = Buffer.from(octets);
  for (let count = 0; count < 8; count++) changed[below(octets.length)] = odd[below(odd.length)] as number;
  const [from, to] = [below(octets.length), below(octets.length)].sort((a, b) => a - b) as [number, number];
  const [head, middle, tail] = [octets.subarray(0, from), octets.subarray(from, to), octets.subarray(to)];
  return [changed, Buffer.concat([head, middle, middle, tail]), Buffer.concat([head, tail]), head];
}

const SECTION = /(<!-- corpus -->\n)[^]*?(\n<!-- end of corpus -->)/;

describe('the corpus', { skip: existsSync(corpus) ? false : 'the corpus is not here' }, () => {
  let comparison: Comparison;
  before(async () => {
    comparison = await compareAll(corpus);
  });

  test('every message is there, and none is read wrong', () => {
    const wrong = comparison.rows.filter(({ reason }) => reason === undefined);
    assert.deepEqual(wrong, []);
    for (const [name, count] of [
      ['mime4j/', 32],
      ['jsmime/', 19],
      ['stalwart/', 64],
    ] as const) {
      assert.equal(comparison.expectations.filter((message) => message.name.startsWith(name)).length, count, name);
    }
  });

  test('every difference with a reason is one', () => {
    const real = new Set(comparison.rows.map(({ message, facet }) => `${message}: ${facet}`));
    const named = DIFFERENCES.flatMap(({ where }) => where);
    assert.deepEqual(
      named.filter((where) => !real.has(where)),
      [],
    );
    assert.equal(new Set(named).size, named.length);
  });

  test('pieces of any size are read as the whole is', async () => {
    for (const { name, octets } of comparison.expectations) {
      const whole = await readMessage(octets);
      const sizes = octets.length > 20_000 ? [997, 4096] : [1, 2, 3, 61];
      assert.deepEqual(await readMessage(stream(octets, sizes)), whole, name);
    }
  });

  test('each part that is listed can be taken out, and is what the list says; damaged messages too', async () => {
    for (const [at, { name, octets }] of comparison.expectations.entries()) {
      if (octets.length > 20_000) continue;
      for (const each of [octets, ...damaged(octets, at)]) {
        const { parts } = await readMessage(each);
        for (const part of parts.slice(0, 20)) {
          const { size: listed, ...taken } = await extractPart(stream(each, [127]), part.number, () => undefined);
          assert.deepEqual({ ...taken, size: listed }, part, `${name} as ${each.toString('base64')}`);
        }
      }
    }
  });

  test('docs/mime.md tells what is so', () => {
    const text = readFileSync(page, 'utf8');
    const section = renderComparison(comparison);
    if (process.env['POSTHORN_WRITE_DOCS'] === '1') {
      writeFileSync(
        page,
        text.replace(SECTION, (_, start: string, end: string) => `${start}${section}${end}`),
      );
      return;
    }
    assert.ok(SECTION.test(text));
    assert.ok(
      text.includes(`<!-- corpus -->\n${section}\n<!-- end of corpus -->`),
      'write it with POSTHORN_WRITE_DOCS=1',
    );
  });
});
