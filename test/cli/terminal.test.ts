/** What is different on a terminal: styles, progress, the password prompt; and that all of it is absent elsewhere. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeMailHome } from '../support/mail-home.ts';
import { noTerminal, onTerminal, startOnTerminal } from '../support/tty.ts';

const skip = noTerminal;

test('colours on a terminal, and none where they are not wanted', { skip }, async (t) => {
  const home = await makeMailHome(t);
  assert.equal((await home.posthorn(['fetch', '-q'])).code, 0);
  assert.match((await onTerminal(home, ['read', '1'])).output, /\x1b\[1mFrom:/);
  assert.match((await onTerminal(home, ['read', '99'])).output, /\x1b\[31mposthorn:\x1b\[39m/);
  for (const [args, env] of [
    [['--no-color', 'read', '1'], {}],
    [['read', '1', '--no-color'], {}],
    [['read', '1'], { NO_COLOR: '1' }],
    [['read', '1'], { TERM: 'dumb' }],
    [['read', '99', '--no-color'], {}],
  ] as const) {
    assert.doesNotMatch((await onTerminal(home, args, { ...env })).output, /\x1b/);
  }
  const { stdout, stderr } = await home.posthorn(['read', '1', '--trace', '-v']);
  assert.doesNotMatch(stdout + stderr, /\x1b|\r/);
});

test('a bar for a long transfer, which disappears', { skip }, async (t) => {
  const home = await makeMailHome(t);
  writeFileSync(join(home.folder, 'large.bin'), Buffer.alloc(60_000_000, 1));
  const send = ['send', '-t', 'ann@example.org', '-s', 'x', '--body', 'x', '--attach', 'large.bin'];
  for (const [args, word] of [
    [send, 'Sending'],
    [['fetch'], 'Fetching'],
  ] as const) {
    const { code, output } = await onTerminal(home, args);
    assert.equal(code, 0, output);
    assert.match(output, new RegExp(`\\r\\x1b\\[K${word}  \\[=* *\\] +\\d+%  .* of \\d+ MB`));
    assert.doesNotMatch(output.slice(output.lastIndexOf('\x1b[K')), /%/);
  }
  assert.doesNotMatch((await onTerminal(home, [...send, '-q'])).output, /%|Sending/);
});

test('the password prompt: hidden, and asked before anything is connected', { skip }, async (t) => {
  const home = await makeMailHome(t);
  const password = home.sandbox.users[0]?.password ?? '';
  const asking = { POSTHORN_PASSWORD: '' };
  const run = startOnTerminal(home, ['fetch'], asking);
  await run.shows(/Password of ann@example\.org: /);
  run.type(`wrong\x15${password}x\x7f\r`);
  const { code, output } = await run.ended;
  assert.equal(code, 0, output);
  assert.ok(!output.includes(password), 'nothing typed is shown');
  assert.match(output, /3 new messages/);

  // The message comes through a pipe, and the password still from the terminal: the one behind standard error.
  const stopped = startOnTerminal(home, ['fetch'], asking);
  await stopped.shows(/Password of/);
  stopped.type('half\x03');
  const end = await stopped.ended;
  assert.equal(end.code, 130);
  assert.ok(!end.output.includes('half'));
  assert.match(end.output, /posthorn:.* Stopped at the password prompt\./);

  const never = await onTerminal(home, ['fetch', '--no-input'], asking);
  assert.equal(never.code, 78);
  assert.match(never.output, /needs a password and there is none/);
});

test('a message typed on the terminal', { skip }, async (t) => {
  const home = await makeMailHome(t);
  const run = startOnTerminal(home, ['send', '-t', 'bob@example.org', '-s', 'typed']);
  await run.shows(/end it with Ctrl-D/);
  run.type('Hello.\r');
  await run.shows(/Hello\.\r\n/);
  run.type('\x04');
  const { code, output } = await run.ended;
  assert.equal(code, 0, output);
  assert.equal(home.sandbox.messages('bob@example.org').length, 1);
});
