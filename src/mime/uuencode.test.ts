import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { cut, runCodec } from './support.test.ts';
import { decodeLine, UuDecoder, UuReader } from './uuencode.ts';

/** What is read, as text: the files in brackets, with `!` where one did not end. */
function read(input: string | Buffer, sizes: readonly number[] = [1_000_000]): string {
  let out = '';
  const reader = new UuReader({
    text: (octets) => (out += Buffer.from(octets).toString('latin1')),
    begin: (name) => (out += `[${name}:`),
    data: (octets) => (out += Buffer.from(octets).toString('latin1')),
    end: (complete) => (out += complete ? ']' : '!]'),
  });
  for (const chunk of cut(typeof input === 'string' ? Buffer.from(input, 'latin1') : input, sizes)) reader.push(chunk);
  reader.end();
  return out;
}

/** As uuencode writes it. */
function encode(name: string, octets: Uint8Array): string {
  const character = (sextet: number) => String.fromCharCode(sextet === 0 ? 96 : 32 + sextet);
  let out = `begin 644 ${name}\n`;
  for (let at = 0; at < octets.length; at += 45) {
    const line = Buffer.alloc(45);
    const length = line.write(Buffer.from(octets.subarray(at, at + 45)).toString('latin1'), 'latin1');
    out += character(length);
    for (let from = 0; from < length; from += 3) {
      const word = line.readUIntBE(from, 3);
      for (const shift of [18, 12, 6, 0]) out += character((word >> shift) & 63);
    }
    out += '\n';
  }
  return `${out}\`\nend\n`;
}

const CAT = 'begin 644 cat.txt\n#0V%T\n`\nend\n';

test('files are taken out of text', () => {
  assert.equal(read(`before\n${CAT}after`), 'before\n[cat.txt:Cat]after');
  assert.equal(read(`${CAT}${CAT}`.replaceAll('\n', '\r\n')), '[cat.txt:Cat][cat.txt:Cat]');
  assert.equal(read('begin 0600 a b \xfc.txt\n#0V%T\n \nend'), '[a b \xfc.txt:Cat]');
  assert.equal(read('begin 644 empty\n`\nend\n'), '[empty:]');
  assert.equal(read('begin 644 empty\nend\n'), '[empty:]');
});

test('what only looks like a beginning is text', () => {
  for (const text of [
    'begin 644 \nx',
    'begin 644 the day\nwith a song\n',
    'begin 999 x\n#0V%T\n`\nend\n',
    'begin 644 x\nHELLO WORLD\n',
    'begin 644 x',
    'begin 644 x\n\nend\n',
    ' begin 644 x\n#0V%T\n',
    `begin 644 ${'x'.repeat(2000)}\n#0V%T\n`,
    'begin 644 x\nbegin 644 y\n',
  ]) {
    assert.equal(read(text), text);
  }
});

test('damage is read as far as it goes', () => {
  assert.equal(read('begin 644 x\n#0V%T\n'), '[x:Cat!]');
  assert.equal(read('begin 644 x\n#0V%T\nand so on\nend\n'), '[x:Cat!]and so on\nend\n');
  assert.equal(read('begin 644 x\n#0V%T\nM0V%T\n`\nend\n'), '[x:CatCat]', 'a length that is too long');
  assert.equal(read('begin 644 x\n#0V%T\n"0V%T\n`\nend\n'), '[x:CatCa]', 'one that is too short');
  assert.equal(read('begin 644 x\n#0V%T\n\nend\n'), '[x:Cat]', 'a last line without its space');
});

test('no line gives more than it holds', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.integer({ min: 32, max: 96 }).map((code) => String.fromCharCode(code)) }),
      (line) => {
        const data = decodeLine(line);
        assert.ok(data === undefined || data.length <= line.length);
      },
    ),
  );
});

test('any octets come back, however they are cut', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 300 }),
      fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1 }),
      (octets, sizes) => {
        const input = Buffer.from(`a\n${encode('f', octets)}b\n`, 'latin1');
        assert.equal(read(input, sizes), `a\n[f:${Buffer.from(octets).toString('latin1')}]b\n`);
      },
    ),
  );
});

test('text of any kind without a beginning comes out as it went in, however it is cut', () => {
  const unit = fc.constantFrom('begin 644 x\n', 'M', '\n', '\r\n', 'end\n', 'text', '#0V%T', 'x'.repeat(999));
  fc.assert(
    fc.property(fc.string({ unit }), fc.array(fc.integer({ min: 1, max: 80 }), { minLength: 1 }), (text, sizes) => {
      assert.equal(read(text, sizes), read(text));
      if (!text.includes('begin')) assert.equal(read(text), text);
    }),
  );
});

test('a body that is uuencoded as a whole is the file in it', () => {
  const run = (input: string) => {
    const codec = new UuDecoder();
    return [runCodec(codec, Buffer.from(input), [3]).toString(), codec.damaged];
  };
  assert.deepEqual(run(`\n${CAT}\n`), ['Cat', false]);
  assert.deepEqual(run(CAT + CAT), ['Cat', false]);
  assert.deepEqual(run(CAT.replace('end\n', '')), ['Cat', true]);
  assert.deepEqual(run('text'), ['', true]);
});
