import assert from 'node:assert/strict';
import { test } from 'node:test';
import { renderBodies } from './body-view.ts';

const plain = (text: string) => text;
const STYLE = { bold: plain, dim: plain, red: plain, green: plain, yellow: plain };

test('a text of any number of lines is shown', async () => {
  const lines = 300_000;
  for (const html of [false, true]) {
    const text = html ? 'x<br>'.repeat(lines) : 'x\n'.repeat(lines);
    const shown = await renderBodies({ bodies: [{ part: '1', html, text }] }, 80, STYLE);
    assert.equal(shown.length, lines, `html: ${html}`);
  }
});

test('each piece of text begins a line of its own', async () => {
  const bodies = [
    { part: '1', html: true, text: '<p>one <a href="http://x.test' },
    { part: '2', html: false, text: 'two\n' },
  ];
  assert.deepEqual(await renderBodies({ bodies }, 80, STYLE), ['one', 'two']);
});
