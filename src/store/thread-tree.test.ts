import assert from 'node:assert/strict';
import { test } from 'node:test';
import { threadTree } from './thread-tree.ts';

/** Written as `number id: references`; read as `number` behind one blank for each step. */
function tree(...members: string[]): string[] {
  const parsed = members.map((text) => {
    const [head = '', ids = ''] = text.split(':');
    const [number, messageId] = head.split(' ');
    return { number: Number(number), messageId, references: ids.split(' ').filter(Boolean) };
  });
  return threadTree(parsed).map(({ number, depth }) => ' '.repeat(depth) + String(number));
}

test('an answer stands behind what it answers', () => {
  assert.deepEqual(tree('1 a:', '2 b: a', '3 c: a', '4 d: a b', '5 e: a b d'), ['1', ' 2', '  4', '   5', ' 3']);
});

test('an answer that came first has its place too', () => {
  assert.deepEqual(tree('1 b: a', '2 a:'), ['2', ' 1']);
});

test('where what is answered is missing, the nearest that is here counts', () => {
  assert.deepEqual(tree('1 a:', '2 c: a b', '3 e: x y'), ['1', ' 2', '3']);
});

test('rings, answers to oneself and ids that are there twice lose no message', () => {
  assert.deepEqual(tree('1 a: b', '2 b: c', '3 c: a'), ['1', ' 3', '  2']);
  assert.deepEqual(tree('1 a: a'), ['1']);
  assert.deepEqual(tree('1 a:', '2 a:', '3 b: a'), ['1', ' 3', '2']);
  assert.deepEqual(tree('1 a: b', '2 b: a', '3 x: b'), ['1', ' 2', '  3']);
});

test('a hundred thousand answers to answers take no stack and little time', () => {
  const members = Array.from({ length: 100_000 }, (_, at) => ({
    number: at + 1,
    messageId: `<${at}>`,
    references: at === 0 ? [] : [`<${at - 1}>`],
  }));
  assert.equal(threadTree(members).at(-1)?.depth, 99_999);
});
