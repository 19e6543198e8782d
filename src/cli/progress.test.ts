import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BarState, ProgressBar, renderBar } from './progress.ts';
import { cellWidth } from './terminal.ts';

const state = (more: Partial<BarState>): BarState => ({
  label: 'Fetching',
  done: 0,
  unit: 'bytes',
  elapsed: 0,
  ...more,
});

test('renderBar', () => {
  assert.equal(
    renderBar(state({ done: 5e6, total: 2e7, elapsed: 2500 }), 100),
    `Fetching  [${'='.repeat(7)}${' '.repeat(23)}]  25%  5.0 MB of 20 MB  2.0 MB/s  0:08 left`,
  );
  assert.equal(
    renderBar(state({ done: 12, total: 40, unit: 'messages' }), 60),
    'Fetching  [======               ]  30%  12 of 40 messages',
  );
  assert.equal(renderBar(state({ done: 12, unit: 'messages', elapsed: 5000 }), 60), 'Fetching  12 messages');
  assert.equal(renderBar(state({ done: 1500, elapsed: 1000 }), 60), 'Fetching  1.5 kB  1.5 kB/s');
  assert.equal(renderBar(state({ done: 5e6, total: 2e7 }), 30), 'Fetching  5.0 MB of 20 MB');
  assert.match(renderBar(state({ done: 1, total: 1e9, elapsed: 1e6 }), 100), /days left/);
  assert.match(renderBar(state({ done: 1e6, total: 5e9, elapsed: 1000 }), 100), /1:23:19 left/);
  assert.match(renderBar(state({ done: 30, total: 20 }), 100), /100%/);
});

test('a bar always fits, with the echo of a Ctrl-C behind it, and never holds a control character', () => {
  const states = fc.record({
    label: fc.oneof(fc.string({ unit: 'binary' }), fc.constant('邮件\x1b[2J')),
    done: fc.nat(),
    total: fc.option(fc.nat(), { nil: undefined }),
    unit: fc.constantFrom('bytes', 'messages'),
    elapsed: fc.nat(),
  });
  fc.assert(
    fc.property(states, fc.integer({ min: 1, max: 200 }), (bar, columns) => {
      const text = renderBar(bar, columns);
      assert.ok(text === '' || cellWidth(`${text}^C`) < columns, text);
      assert.doesNotMatch(text, /\p{Cc}/u);
    }),
  );
});

test('it is redrawn at most ten times a second, and gone at the end', () => {
  const written: string[] = [];
  let now = 0;
  const bar = new ProgressBar(
    { draw: (text) => void written.push(text), columns: () => 80 },
    { label: 'x', total: 1000, unit: 'bytes' },
    () => now,
  );
  for (; now < 1000; now++) bar.add(1);
  assert.equal(written.length, 10);
  bar.done();
  assert.equal(written.at(-1), '\r\x1b[K');
  bar.done();
  now += 1000;
  bar.add(1);
  assert.equal(written.length, 11);
});

test('a bar that was never drawn leaves no trace', () => {
  const written: string[] = [];
  new ProgressBar(
    { draw: (text) => void written.push(text), columns: () => undefined },
    { label: 'x', total: 1, unit: 'bytes' },
  ).done();
  assert.deepEqual(written, []);
});
