/**
 * The main job against real servers: a message with awkward attachments through Postfix into Dovecot, fetched, listed,
 * read and saved, with every octet compared.
 */
import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { arrived, servedBy } from '../support/mail-servers.ts';
import { startPostfix } from '../support/postfix.ts';
import { makeHome } from '../support/program.ts';

const SUBJECT = 'Grüße aus München – 你好, итого 📯, and a subject long enough that it must be folded over lines';
const TEXT = [
  'Good morning,',
  '.',
  '..two dots, and a line of one dot above',
  '',
  `a long line: ${'0123456789 '.repeat(300)}`,
  `and one without a space: ${'x'.repeat(2000)}`,
  'From here on nothing special. Ümläuts too, trailing space ',
  '-- ',
  'Ann',
  '',
].join('\n');

/** File names and what is in them. */
const FILES: readonly (readonly [name: string, bytes: Buffer])[] = [
  ['photo.bin', randomBytes(1_500_000)],
  ['Übersicht März – итог 📎.txt', Buffer.from('März: 1234\nитог: 5678\n')],
  ['empty.dat', Buffer.alloc(0)],
  ['dots.txt', Buffer.from('.\r\n..\r\n.\n\r\n.\r\nlast line without an end')],
  ['page.html', Buffer.from('<p>Grüße</p>')],
  // A message travels as one, so its lines end as those of all mail.
  ['mail.eml', Buffer.from('From: x@example.org\r\nSubject: embedded\r\n\r\n.\r\n')],
];

interface Listed {
  number: number;
  size: number;
  subject: string;
  uidl: string;
  sha256: string;
  hasAttachments: boolean;
}
interface Fetched {
  fetched: { number: number; uidl: string; size: number }[];
  onServer: number;
  deleted: number;
}

async function setUp(t: TestContext) {
  const dovecot = await startDovecot(t);
  const postfix = await startPostfix(t, { dovecot });
  const home = await makeHome(t, servedBy(dovecot, postfix));
  const folder = join(home.folder, 'outgoing');
  await mkdir(folder);
  for (const [name, bytes] of FILES) await writeFile(join(folder, name), bytes);
  return { dovecot, home, attach: FILES.flatMap(([name]) => ['--attach', join(folder, name)]) };
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

interop('send, fetch, list, read and save agree on every octet', ['dovecot', 'postfix'], async (t) => {
  const { dovecot, home, attach } = await setUp(t);
  const send = ['send', '-t', 'Änne Müller <ann@example.org>', '--cc', 'ann@EXAMPLE.ORG', '-s', SUBJECT, ...attach];
  const sent = await home.json<{ outcome: string; messageId: string; size: number }>(send, { stdin: TEXT });
  assert.equal(sent.outcome, 'sent');
  await arrived(dovecot, 1);

  await t.test('list --remote shows it without fetching', async () => {
    const remote = await home.json<{ count: number; messages: (Listed & { fetched: boolean })[] }>([
      'list',
      '--remote',
    ]);
    assert.equal(remote.count, 1);
    assert.equal(remote.messages[0]?.subject, SUBJECT);
    assert.equal(remote.messages[0]?.fetched, false);
  });

  await t.test('fetch brings it, and a second fetch brings nothing', async () => {
    const first = await home.json<Fetched>(['fetch']);
    assert.deepEqual([first.fetched.length, first.onServer, first.deleted], [1, 1, 0]);
    const second = await home.json<Fetched>(['fetch']);
    assert.deepEqual([second.fetched.length, second.onServer, second.deleted], [0, 1, 0]);
    const remote = await home.json<{ messages: { fetched: boolean }[] }>(['list', '--remote']);
    assert.equal(remote.messages[0]?.fetched, true);
  });

  await t.test('what is stored is what Dovecot has, with CRLF for its LF', async () => {
    const [theirs = Buffer.alloc(0)] = await dovecot.messages('ann');
    const [ours = Buffer.alloc(0), ...more] = await home.stored();
    assert.equal(more.length, 0);
    assert.ok(ours.equals(Buffer.from(theirs.toString('latin1').replaceAll('\n', '\r\n'), 'latin1')));
    const { count, messages } = await home.json<{ count: number; messages: Listed[] }>(['list']);
    assert.equal(count, 1);
    const { number, size, sha256: digest, subject, hasAttachments } = messages[0] as Listed;
    assert.deepEqual([number, size, digest, subject, hasAttachments], [1, ours.length, sha256(ours), SUBJECT, true]);
    const { stdout } = await home.posthorn(['read', '1', '--raw']);
    assert.equal(sha256(Buffer.from(stdout)), digest);
  });

  await t.test('read shows subject, text and attachments', async () => {
    const message = await home.json<{
      subject: string;
      text: string;
      to: { name: string; address: string }[];
      messageId: string;
      attachments: { part: string; name: string; size: number }[];
      defects: unknown[];
    }>(['read', '1']);
    assert.equal(message.subject, SUBJECT);
    assert.equal(message.text, TEXT);
    assert.deepEqual(message.to, [{ name: 'Änne Müller', address: 'ann@example.org' }]);
    assert.ok(message.messageId.includes(sent.messageId.replace(/[<>]/g, '')));
    assert.deepEqual(
      message.attachments.map(({ name, size }) => [name, size]),
      FILES.map(([name, { length }]) => [name, length]),
    );
    assert.deepEqual(message.defects, []);
  });

  await t.test('save writes every attachment as it was, and overwrites nothing', async () => {
    type Saved = { saved: { name: string; path: string; size: number }[] };
    for (const round of [1, 2]) {
      const { saved } = await home.json<Saved>(['save', '1', '--dir', 'saved']);
      assert.equal(saved.length, FILES.length);
      for (const [row, { name, path }] of saved.entries()) {
        const [original = '', bytes = Buffer.alloc(0)] = FILES[row] ?? [];
        if (round === 1) assert.equal(name, original);
        else assert.notEqual(name, original);
        const file = join(home.folder, path);
        assert.equal(sha256(await readFile(file)), sha256(bytes), name);
        assert.equal((await stat(file)).mode & 0o777, 0o600);
      }
    }
  });
});

interop(
  'fetch --delete empties the mailbox of Dovecot, and what was fetched stays here',
  ['dovecot', 'postfix'],
  async (t) => {
    const { dovecot, home } = await setUp(t);
    for (const subject of ['one', 'two'])
      await home.json(['send', '-t', 'ann@example.org', '-s', subject, '--body', 'x']);
    await arrived(dovecot, 2);
    const dry = await home.json<Fetched>(['fetch', '--delete', '--dry-run']);
    assert.deepEqual([dry.fetched.length, await dovecot.messageCount('ann')], [2, 2]);
    const { fetched, deleted } = await home.json<Fetched>(['fetch', '--delete']);
    assert.deepEqual([fetched.length, deleted], [2, 2]);
    await arrived(dovecot, 0);
    assert.equal((await home.stored()).length, 2);
    const again = await home.json<Fetched>(['fetch', '--delete']);
    assert.deepEqual([again.fetched.length, again.onServer, again.deleted], [0, 0, 0]);
  },
);
