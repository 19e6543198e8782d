/**
 * What other programs do when they move and copy fetched messages, and what becomes of number, tags and the server's copy.
 *
 * A message that is still in the mailbox under whatever name is never deleted on the server as one that was removed.
 */
import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, unlinkSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { FetchScene } from '../support/fetch-scene.ts';
import { runHere } from '../support/here.ts';
import { interop, ROOT } from '../support/interop.ts';
import { dovecotIn, MUTT, muttIn } from '../support/mailbox-programs.ts';

interface Listing {
  readonly messages: readonly { number: number; folder: string; subject: string; tags: string[] }[];
}

/** As a server may have it that took mail from mutt: mutt takes Status away when it copies. */
const STATUS = 'Status: RO\r\n';

function messageOf(subject: string, more = ''): Buffer {
  const header = `Message-ID: <${subject}@x>\r\nFrom: a@example.org\r\n${more}Subject: ${subject}\r\n`;
  return Buffer.from(`${header}\r\ntext of ${subject}\r\n.dot\r\nFrom me\r\n`);
}

/** A mailbox of five fetched messages, all tagged and one of them in a folder; they are on the server as well. */
async function makeScene(t: TestContext) {
  const contents = ['one', 'two', 'three', 'four'].map((name) => messageOf(name));
  const scene = await FetchScene.make(t, {}, [...contents, messageOf('five', STATUS)]);
  const run = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await runHere(scene.home.env, [...args, '--json', '--pop3', scene.drop.url]);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  await run('fetch', '--keep');
  await run('tag', '1-5', 'work');
  await run('move', '4', 'Archive');
  const listed = async () => {
    const { messages } = JSON.parse(await run('list', '(folder:trash or -folder:trash)')) as Listing;
    return messages
      .map(({ number, folder, subject, tags }) => [number, folder, subject, ...tags].join(' '))
      .toSorted((one, other) => Number.parseInt(one, 10) - Number.parseInt(other, 10));
  };
  /** What the server has once what was removed here is deleted there; and nothing that is here may be. */
  const leftOf = async () => {
    await run('fetch', '--delete-removed');
    return scene.drop.left().join(' ');
  };
  return { scene, run, listed, leftOf };
}

interop('mutt saves, copies and deletes', [MUTT, 'script'], async (t) => {
  const { scene, listed, leftOf } = await makeScene(t);
  const mutt = muttIn(scene.home, scene.maildir);
  const keys = (subject: string, then: string) => `<limit>~s ${subject}<enter><first-entry>${then}`;
  mutt('+', keys('one', '<save-message>+.Archive<enter>'));
  assert.deepEqual(await listed(), [
    '1 Archive one work',
    '2 inbox two work',
    '3 inbox three work',
    '4 Archive four work',
    '5 inbox five work',
  ]);
  mutt('+.Archive', keys('one', '<save-message>+<enter>'));
  mutt('+', keys('two', '<copy-message>+.Archive<enter>'));
  // What mutt changes more than it adds to is another message here, but the same one for the server.
  mutt('+', keys('five', '<save-message>+.Archive<enter>'));
  assert.deepEqual(await listed(), [
    '1 inbox one work',
    '2 inbox two work',
    '3 inbox three work',
    '4 Archive four work',
    '6 Archive two',
    '7 Archive five',
  ]);
  assert.equal(await leftOf(), 'u1 u2 u3 u4 u5');
  // A copy that got a number before its original went.
  mutt('+', keys('two', '<delete-message>'));
  mutt('+', keys('three', '<delete-message>'));
  assert.equal(await leftOf(), 'u1 u2 u4 u5');
});

interop('Dovecot moves and copies', ['doveadm', ROOT], async (t) => {
  const { scene, run, listed, leftOf } = await makeScene(t);
  const doveadm = dovecotIn(scene.home, scene.maildir);
  // By links, a message keeps its name.
  doveadm('move', 'Archive', 'mailbox', 'INBOX', 'SUBJECT', 'one');
  // What is copied gets another one.
  const copying = ['-o', 'maildir_copy_with_hardlinks=no'];
  doveadm(...copying, 'move', 'Archive', 'mailbox', 'INBOX', 'SUBJECT', 'two');
  doveadm(...copying, 'copy', 'Archive', 'mailbox', 'INBOX', 'SUBJECT', 'three');
  assert.deepEqual(await listed(), [
    '1 Archive one work',
    '2 Archive two work',
    '3 inbox three work',
    '4 Archive four work',
    '5 inbox five work',
    '6 Archive three',
  ]);
  // A copy by a link has the same name: it is the same message, until one of them is in the trash.
  doveadm('copy', 'Archive', 'mailbox', 'INBOX', 'SUBJECT', 'five');
  assert.equal((await listed()).length, 6);
  await run('delete', '5');
  assert.equal(await leftOf(), 'u1 u2 u3 u4 u5');
  doveadm('expunge', 'mailbox', 'INBOX', 'SUBJECT', 'five');
  doveadm(...copying, 'move', 'INBOX', 'mailbox', 'Archive', 'SUBJECT', 'two');
  assert.ok((await listed()).includes('2 inbox two work'));
  assert.equal(await leftOf(), 'u1 u2 u3 u4');
});

test('files that are copied by hand', async (t) => {
  const { scene, run, listed, leftOf } = await makeScene(t);
  const archive = join(scene.maildir, '.Archive/new');
  const [first = '', second = ''] = scene.files('new').sort();
  // Under its own name it is the same message; under another one, with its original gone, as well.
  copyFileSync(first, join(archive, basename(first)));
  copyFileSync(second, join(archive, '1.copy.hand'));
  unlinkSync(second);
  // Whoever asks for a number that is not where it was has it looked for.
  for (const number of [1, 2, 3, 5]) assert.match(await run('read', String(number)), /"tags":\["work"\]/);
  const all = await listed();
  assert.deepEqual(
    all.map((line) => line.replace(/ \S+ \S+/, '')).sort(),
    all.map((_, at) => `${at + 1} work`),
  );
  assert.equal(all.filter((line) => line.includes('Archive')).length, 3);
  assert.equal(readdirSync(archive).length + readdirSync(join(archive, '../cur')).length, 3);
  assert.equal(await leftOf(), 'u1 u2 u3 u4 u5');
});
