import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { flowText } from './compose-flowed.ts';
import { unflow } from './flowed.ts';
import { readMessage } from './message.ts';

test('paragraphs are one line each, at their depth', () => {
  const cases: readonly [string, string][] = [
    ['one \ntwo \nthree\nfour\n', 'one two three\nfour\n'],
    ['fixed\n\n\nlines', 'fixed\n\n\nlines'],
    ['> said \n> this\n>> and \n>> that \n> end\nanswer \nhere', '> said this\n>> and that \n> end\nanswer here'],
    ['>\n>text', '> \n> text'],
    [' >no quote\n From home\n  two', '>no quote\nFrom home\n two'],
    ['bye \n-- \nAnn\n', 'bye \n-- \nAnn\n'],
    ['> bye\n> -- \n> Ann', '> bye\n> -- \n> Ann'],
    ['open ', 'open '],
    ['', ''],
  ];
  for (const [flowed, read] of cases) assert.equal(unflow(flowed), read, flowed);
});

test('the space of a soft break goes where DelSp says so', () => {
  assert.equal(unflow('日本 \n語\na  \nb\n-- \nx', true), '日本語\na b\n-- \nx');
});

test('what is written flowed is read back', () => {
  const word = fc.string({ unit: fc.constantFrom('a', 'é', '日', '>', '-', '.', 'From'), minLength: 1, maxLength: 12 });
  const paragraph = fc.array(word, { maxLength: 60 }).map((words) => words.join(' '));
  fc.assert(
    fc.property(fc.array(paragraph, { maxLength: 6 }), (paragraphs) => {
      const text = paragraphs.map((line) => line.trim().replace(/^[>\s]+/, '')).join('\n');
      assert.equal(unflow(flowText(text)), text);
    }),
  );
});

test('a message says how its text flows', async () => {
  const message = (params: string) =>
    readMessage(Buffer.from(`Content-Type: text/plain; format=${params}\r\n\r\nsome \r\ntext\r\n`));
  assert.equal((await message('Flowed')).text, 'some text\n');
  assert.equal((await message('flowed; delsp=YES')).text, 'sometext\n');
  assert.equal((await message('fixed')).text, 'some \ntext\n');
});

test('a megabyte of marks or of soft breaks costs no more than its length', () => {
  for (const piece of ['>', '> \n', 'a \n', ' ', '-- \n']) {
    assert.ok(unflow(piece.repeat(300_000)).length <= 3 * piece.length * 300_000);
  }
});
