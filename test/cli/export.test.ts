/** What is exported is all there, and comes back as it was. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assertFails } from '../support/mail-home.ts';
import { putMessages } from '../support/maildir.ts';
import { makeHome } from '../support/program.ts';
import { assertPrivate } from '../support/universal.ts';

const home = await makeHome({ after });
const bodies = ['From me\n>From you\n', 'two\n', '\0\u00ff\n', 'four\n'];
await putMessages(
  home,
  bodies.map((body, at) => `From: a@example.org\nSubject: ${at + 1}\n\n${body}`),
);
await home.json(['move', '2', 'Lists/dev']);
await home.json(['flag', '1-2', 'seen', 'flagged']);
await home.json(['delete', '4']);
const raw = async (number: number) => (await home.posthorn(['read', String(number), '--raw'])).stdout;

interface Exported {
  readonly exported: number[];
  readonly skipped: number[];
}

test('a Maildir with folders and flags; the same export again adds what is new', async () => {
  const { exported } = await home.json<Exported>(['export', '--maildir', 'backup']);
  assert.deepEqual(exported, [1, 2, 3]);
  const backup = join(home.folder, 'backup');
  assertPrivate(backup);
  assert.deepEqual(readdirSync(join(backup, 'cur')), ['1700000000.0.test:2,FS']);
  assert.deepEqual(readdirSync(join(backup, 'new')), ['1700000002.2.test']);
  assert.deepEqual(readdirSync(join(backup, '.Lists.dev/cur')), ['1700000001.1.test:2,FS']);
  await home.json(['undo']);
  const again = await home.json<Exported>(['export', '--maildir', 'backup']);
  assert.deepEqual([again.exported, again.skipped], [[4], [1, 2, 3]]);
});

test('a mailbox file and .eml files, imported into another mailbox, are what they were', async () => {
  await home.json(['export', '--mbox', 'all.mbox']);
  await home.json(['export', '1', '--dir', 'letters']);
  assert.deepEqual(readdirSync(join(home.folder, 'letters')), ['1-1.eml']);
  assert.equal(readFileSync(join(home.folder, 'letters/1-1.eml'), 'utf8'), await raw(1));
  for (const from of ['all.mbox', 'letters', 'backup']) {
    const { imported } = await home.json<{ imported: number[] }>(['import', from]);
    assert.deepEqual(imported, [], `${from}: all of it is known by its content`);
  }
});

test('what another program delivered is exported as well, listed or not', async () => {
  const other = await makeHome({ after });
  const maildir = join(other.folder, 'data/posthorn/ann@example.org');
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(maildir, part), { recursive: true });
  for (const number of [1, 2]) {
    writeFileSync(join(maildir, `new/170000000${number}.x.test`), `Subject: ${number}\n\n`);
    const { exported, skipped } = await other.json<Exported>(['export', '--maildir', 'backup']);
    assert.deepEqual([exported, skipped], [[number], number === 1 ? [] : [1]]);
  }
});

test('an export that was killed in the middle of a message can be run again', async () => {
  const backup = join(home.folder, 'again');
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(backup, part), { recursive: true });
  const child = home.start(['export', '--maildir', 'again'], { env: { NODE_OPTIONS: `--require=${killer()}` } });
  await once(child, 'close');
  assert.equal(child.signalCode, 'SIGKILL');
  assert.equal(readdirSync(join(backup, 'tmp')).length, 1);
  assert.deepEqual((await home.json<Exported>(['export', '--maildir', 'again'])).exported, [1, 2, 3, 4]);
});

/** A file that ends the program when it has opened its first file in `tmp`. */
function killer(): string {
  const file = join(home.folder, 'killer.cjs');
  const lines = [
    "const fs = require('node:fs');",
    'const { openSync } = fs;',
    'fs.openSync = (path, ...rest) => {',
    '  const opened = openSync(path, ...rest);',
    "  if (String(path).includes('again/tmp/')) process.kill(process.pid, 'SIGKILL');",
    '  return opened;',
    '};',
    "require('node:module').syncBuiltinESMExports();",
  ];
  writeFileSync(file, lines.join('\n'));
  return file;
}

test('what is wrong is said', async () => {
  await assertFails(home, ['export'], { exit: 64, code: 'where-to', says: /--mbox, --maildir and --dir/ });
  await assertFails(home, ['export', '--dir', 'a', '--mbox', 'b'], { exit: 64, code: 'where-to', says: /One of/ });
  await assertFails(home, ['export', '--mbox', 'all.mbox'], { exit: 73, code: 'name-taken', says: /overwritten/ });
  await assertFails(home, ['export', 'x', '--mbox', 'b'], { exit: 64, code: 'which-message', says: /number/ });
});
