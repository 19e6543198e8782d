import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ProgressLines } from './progress-lines.ts';

/** What a terminal shows after these writes: only what the bars use is understood. */
function shown(writes: string): string[] {
  const lines = [''];
  let row = 0;
  let column = 0;
  for (const [token] of writes.matchAll(/\x1b\[A|\x1b\[K|\r|\n|[^\x1b\r\n]+/g)) {
    if (token === '\x1b[A') row -= 1;
    else if (token === '\x1b[K') lines[row] = (lines[row] ?? '').slice(0, column);
    else if (token === '\r') column = 0;
    else if (token === '\n') lines[(row += 1)] ??= '';
    else {
      lines[row] = (lines[row] ?? '').slice(0, column) + token;
      column += token.length;
    }
    if (token === '\n') column = 0;
  }
  return lines.filter((line) => line !== '');
}

test('a line for each, drawn over themselves, and nothing left of them at the end', () => {
  let written = '';
  let now = 0;
  const bars = new ProgressLines({ draw: (text) => (written += text), columns: () => 60 }, () => now);
  const home = bars.line('home', 100);
  const work = bars.line('work', 1000);
  home.add(50);
  now += 200;
  work.add(100);
  assert.deepEqual(
    shown(written).map((line) =>
      /^\w+ {2}\[=* *\] +\d+%/
        .exec(line)?.[0]
        .replaceAll(/\s+/g, ' ')
        .replace(/\[.*\]/, ''),
    ),
    ['home  50%', 'work  10%'],
  );
  now += 50;
  const before = written;
  work.add(100);
  assert.equal(written, before, 'not more than ten times a second');
  home.done();
  now += 200;
  work.add(100);
  assert.match(shown(written).join('\n'), /^work {2}\[=+ *\] +30%/);
  work.done();
  assert.deepEqual(shown(written), []);
});
