/** Messages from files: mailbox files, Maildirs, `.eml`; what is in them arrives once, whole, and where it belongs. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { assertFails } from '../support/mail-home.ts';
import { putMessages } from '../support/maildir.ts';
import { ended, makeHome, watchMemory } from '../support/program.ts';

const FROM = 'From ann@example.org Tue Nov 24 09:30:00 2026\n';

const home = await makeHome({ after });
await putMessages(home, ['From: a@example.org\nSubject: first\n\ntext\n']);
const file = (name: string, content: string | Uint8Array) => writeFileSync(join(home.folder, name), content);

interface Imported {
  readonly imported: number[];
  readonly duplicates: number;
  readonly failed: { path: string; reason: string }[];
}
interface Listed {
  readonly messages: { number: number; subject: string; flags: string; folder: string; sha256: string }[];
}
const run = (...args: string[]) => home.json<Imported>(['import', ...args]);
const listed = async (...query: string[]) => {
  const { messages } = await home.json<Listed>(['list', ...query]);
  return messages.map(({ number, subject, flags, folder }) => [number, subject, flags, folder]).toReversed();
};
const raw = async (number: number) => (await home.posthorn(['read', String(number), '--raw'])).stdout;

test('a mailbox file: each message once, with its flags, and its lines as on the wire', async () => {
  file('old.mbox', `${FROM}Subject: one\nStatus: RO\nX-Status: A\n\n>From me\n\n${FROM}Subject: two\n\ntext\n`);
  assert.deepEqual(await run('old.mbox'), { imported: [2, 3], duplicates: 0, failed: [] });
  assert.deepEqual(await listed(), [
    [1, 'first', '', 'inbox'],
    [2, 'one', 'RS', 'inbox'],
    [3, 'two', '', 'inbox'],
  ]);
  assert.equal(await raw(2), 'Subject: one\r\nStatus: RO\r\nX-Status: A\r\n\r\nFrom me\r\n');
  assert.deepEqual(await run('old.mbox'), { imported: [], duplicates: 2, failed: [] });
  assert.deepEqual((await run('old.mbox', '--duplicates', '--folder', 'Twice')).imported, [4, 5]);
});

test('a message is kept byte for byte where its lines end with CRLF; what is here from another program is not stored again', async () => {
  file('wire.eml', 'Subject: wire\r\n\r\nbare\nline\0\xff\r\n');
  file('unix.eml', 'Subject: unix\n\ntext\n');
  file('first.eml', 'From: a@example.org\r\nSubject: first\r\n\r\ntext\r\n');
  assert.deepEqual(await run('wire.eml', 'unix.eml', 'first.eml'), { imported: [6, 7], duplicates: 1, failed: [] });
  assert.equal(await raw(6), 'Subject: wire\r\n\r\nbare\nline\0ÿ\r\n');
  assert.equal(await raw(7), 'Subject: unix\r\n\r\ntext\r\n');
});

test('a Maildir with its folders and flags', async () => {
  for (const part of ['cur', 'new', '.Lists.dev/cur', '.Lists.dev/new'])
    mkdirSync(join(home.folder, 'Mail', part), { recursive: true });
  file('Mail/new/1.a.host', 'Subject: new\n\n');
  file('Mail/cur/2.b.host:2,FS', 'Subject: flagged\n\n');
  file('Mail/.Lists.dev/cur/3.c.host:2,a', 'Subject: list\n\n');
  assert.deepEqual((await run('Mail')).imported, [8, 9, 10]);
  assert.deepEqual((await listed()).slice(-2), [
    [8, 'new', '', 'inbox'],
    [9, 'flagged', 'FS', 'inbox'],
  ]);
  assert.deepEqual(await listed('folder:lists/dev'), [[10, 'list', 'a', 'Lists/dev']]);
});

test('what is no mail is said, and the rest is imported', async () => {
  file('picture.eml', Buffer.from('89504e470d0a1a0a', 'hex'));
  file('bad.mbox', 'Subject: none\n\n');
  file('good.eml', 'Subject: good\n\n');
  const { code, stdout } = await home.posthorn(['import', 'picture.eml', 'bad.mbox', 'good.eml', '--json']);
  assert.equal(code, 65);
  const report = JSON.parse(stdout) as Imported;
  assert.deepEqual(report.imported, [11]);
  assert.match(report.failed[0]?.reason ?? '', /header/);
  assert.match(report.failed[1]?.reason ?? '', /line of From/);
  await assertFails(home, ['import', 'good.eml', 'absent'], { exit: 66, code: 'input-missing', says: /absent/ });
  mkdirSync(join(home.folder, 'empty'));
  await assertFails(home, ['import', 'empty'], { exit: 66, code: 'no-mail-there', says: /Maildir/ });
});

test('ten thousand messages, killed in the middle: the next import brings each of them once', async () => {
  const texts = Array.from({ length: 10_000 }, (_, at) => `Subject: ${at}\n\n${'x'.repeat(at % 300)}\n`);
  file('large.mbox', texts.map((text) => `${FROM}${text}\n`).join(''));
  const child = home.start(['import', 'large.mbox', '--folder', 'Large']);
  const maildir = join(home.folder, 'data/posthorn/ann@example.org/.Large/new');
  const timer = setInterval(() => {
    try {
      if (readdirSync(maildir).length > 2000) child.kill('SIGKILL');
    } catch {
      // It is not there yet.
    }
  }, 5);
  await ended(child);
  clearInterval(timer);
  const before = readdirSync(maildir).length;
  const { imported, duplicates } = await run('large.mbox', '--folder', 'Large');
  assert.equal(imported.length + duplicates, 10_000);
  assert.equal(readdirSync(maildir).length, 10_000, `${before} were there before`);
  const wanted = new Set(texts.map((text) => hash(text.replaceAll('\n', '\r\n'))));
  const { messages } = await home.json<Listed>(['list', '--folder', 'Large', '--limit', '20000']);
  const found = await Promise.all(messages.map(async ({ sha256, number }) => sha256 ?? hash(await raw(number))));
  assert.deepEqual(new Set(found), wanted);
});

test('a message of 300 MB in a file is imported in little memory', async () => {
  const line = `${'x'.repeat(75)}\n`;
  file('huge.mbox', `${FROM}Subject: huge\n\n${line.repeat(4_000_000)}`);
  const child = home.start(['import', 'huge.mbox', '--folder', 'Huge']);
  const memory = watchMemory(child);
  const { code, stderr } = await ended(child);
  assert.equal(code, 0, stderr);
  assert.ok(memory.peak() < 250e6, `${memory.peak()}`);
});

function hash(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
