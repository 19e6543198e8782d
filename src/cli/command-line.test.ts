import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitWords, whyNotStarted } from './command-line.ts';

const ROWS: readonly [text: string, words: readonly string[]][] = [
  ['', []],
  ['  ', []],
  ['less', ['less']],
  [' less  -R\t-X ', ['less', '-R', '-X']],
  [`"/opt/my pager" -p 'a "b"' ''`, ['/opt/my pager', '-p', 'a "b"', '']],
  ['C:\\bin\\vi.exe a"b c"d', ['C:\\bin\\vi.exe', 'ab cd']],
  ['less; touch x', ['less;', 'touch', 'x']],
  ['less$IFS`id`|$(id)', ['less$IFS`id`|$(id)']],
  ['"open', ['"open']],
  ['end\\', ['end\\']],
];

for (const [text, words] of ROWS) {
  test(`the words of ${JSON.stringify(text)}`, () => assert.deepEqual(splitWords(text), words));
}

test('why a program did not start, in words', () => {
  const why = (code: string) => whyNotStarted(Object.assign(new Error('spawn x'), { code }));
  assert.equal(why('ENOENT'), 'there is no such program');
  assert.equal(why('EACCES'), 'it is no program, or may not be run');
  assert.equal(why('EIO'), 'the system reports EIO');
});
