import assert from 'node:assert/strict';
import { test } from 'node:test';
import { htmlToText } from './html.ts';

test('keeps the words, the structure and the links', async () => {
  const html =
    '<h1>Hello</h1><p>See <a href="http://x.test/a">here</a> &amp; <img src="http://t.test/1.gif" alt="pixel">now<ul><li>a<li>b</ul><table><tr><td>1<td>2<tr><td>3</table>';
  assert.equal(await htmlToText(html), 'Hello\n\nSee here [http://x.test/a] & now\n\n * a\n * b\n\n1 2\n3');
});

test('no control character comes out', async () => {
  const text = await htmlToText('a\u001b[31mb&#27;c&#x9b;d<br>e\u0007\u0085f');
  assert.match(text, /^[^\p{Cc}]*\n?[^\p{Cc}]*\n?[^\p{Cc}]*$/u);
});

test('documents made to hurt give some text', async () => {
  assert.equal((await htmlToText(`${'<b>'.repeat(300_000)}deep`)).trim(), 'deep');
  assert.equal((await htmlToText(`${'<p><td></x>'.repeat(100_000)}deep`)).trim(), 'deep');
  assert.equal(typeof (await htmlToText('<'.repeat(300_000))), 'string');
});
