import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foldText, hasWords, spellings } from './index-words.ts';

test('text of ASCII stays what it is', () => {
  assert.equal(foldText('The report, no. 7'), 'The report, no. 7');
});

test('letters that stand for two are written out, and forms that are the same become one', () => {
  assert.equal(foldText('Straße ŁÓDŹ Ærø ﬁle Ａｂｃ'), 'Strasse lÓDŹ aero file Abc');
});

test('what is written without blanks becomes words of one character', () => {
  assert.equal(foldText('会議の資料v2です').replace(/\s+/g, ' ').trim(), '会 議 の 資 料 v2 で す');
  assert.equal(foldText('회의록').replace(/\s+/g, ' ').trim(), '회 의 록');
});

test('an umlaut is looked for in all its spellings, the beginning of a word as it is written', () => {
  assert.deepEqual(spellings('Müller', false), ['Müller', 'Mueller']);
  assert.deepEqual(spellings('Mueller', false), ['Mueller', 'Muller']);
  assert.deepEqual(spellings('Mu\u0308ller', true), ['Müller', 'Mueller']);
  assert.deepEqual(spellings('true', true), ['true']);
});

test('a word has a letter or a digit in it', () => {
  for (const text of ['a', '7', 'й', '会', '--x--']) assert.ok(hasWords(text), text);
  for (const text of ['', ' ', '--', '*', '"', '…', '\0']) assert.ok(!hasWords(text), text);
});
