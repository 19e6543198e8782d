/** Flags, tags, folders, the trash and undo, as a person and as a script use them. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { Lock } from '../../src/store/lock.ts';
import { assertFails } from '../support/mail-home.ts';
import { putMessages } from '../support/maildir.ts';
import { makeHome } from '../support/program.ts';
import { noTerminal, startOnTerminal } from '../support/tty.ts';

const home = await makeHome({ after });
await putMessages(
  home,
  Array.from({ length: 6 }, (_, at) => `From: a@example.org\nSubject: message ${at + 1}\n\ntext\n`),
);
const maildir = join(home.folder, 'data/posthorn/ann@example.org');

interface Changed {
  readonly changed: number[];
  readonly unchanged: number[];
}
const run = (...args: string[]) => home.json<Changed>(args);
const changed = (...numbers: number[]) => ({ changed: numbers, unchanged: [] });
const listed = async () =>
  (await home.json<{ messages: { number: number }[] }>(['list'])).messages.map(({ number }) => number).toReversed();
const said = async (...args: string[]) => {
  const { code, stderr, stdout } = await home.posthorn(args);
  assert.equal(code, 0, stderr);
  assert.equal(stdout, '');
  return stderr.trimEnd();
};
/** What is in a part of the mailbox, each message by what is behind the seconds in its name. */
const files = (part: string) =>
  readdirSync(join(maildir, part))
    .map((name) => name.slice(11))
    .sort();

test('flags in words, in the names of the files, and taken back', async () => {
  assert.deepEqual(await run('flag', '1', '3-4', 'seen', 'flagged'), changed(1, 3, 4));
  assert.deepEqual(await run('flag', '1-2', 'seen'), { changed: [2], unchanged: [1] });
  assert.deepEqual(files('cur'), ['0.test:2,FS', '1.test:2,S', '2.test:2,FS', '3.test:2,FS']);
  assert.equal(await said('undo'), 'Undone: flag. Message 2 has its flags back.');
  assert.equal(await said('flag', '4', 'unflagged', 'ANSWERED'), 'Message 4 is now answered and unflagged.');
  assert.deepEqual(files('cur'), ['0.test:2,FS', '1.test:2,', '2.test:2,FS', '3.test:2,RS']);
  assert.equal(await said('flag', '4', 'answered'), 'Nothing was changed.');
  assert.equal(await said('flag', '2', '4', 'answered'), 'Message 2 is now answered. 1 was so before.');
  await said('undo');
  await said('undo');
  assert.equal(await said('undo'), 'Undone: flag. 3 messages (1, 3-4) have their flags back.');
  assert.deepEqual(
    files('cur').map((name) => name.slice(6)),
    [':2,', ':2,', ':2,', ':2,'],
  );
});

test('tags stay with a message wherever it goes', async () => {
  assert.deepEqual(await run('tag', '2', '3', 'work', '+2026', 'zu-spät'), changed(2, 3));
  assert.equal(await said('tag', '3', '--remove', '2026'), 'Message 3 is no longer tagged 2026.');
  await run('move', '3', 'Lists/dev');
  const found = await home.json<{ messages: { number: number; tags: string[] }[] }>(['list', 'tag:work']);
  assert.deepEqual(
    found.messages.map((message) => [message.number, message.tags]),
    [
      [3, ['work', 'zu-spät']],
      [2, ['2026', 'work', 'zu-spät']],
    ],
  );
  const { tags, folder } = await home.json<{ tags: string[]; folder: string }>(['read', '3']);
  assert.deepEqual([tags, folder], [['work', 'zu-spät'], 'Lists/dev']);
  await said('undo');
  await said('undo');
  assert.deepEqual((await home.json<{ tags: string[] }>(['read', '3'])).tags, ['work', 'zu-spät', '2026']);
});

test('tags are in the list again after the index was lost', async () => {
  await home.json(['list', 'tag:work']);
  rmSync(join(home.folder, 'cache/posthorn'), { recursive: true });
  const { messages } = await home.json<{ messages: { number: number }[] }>(['list', 'tag:work']);
  assert.deepEqual(
    messages.map(({ number }) => number),
    [3, 2],
  );
});

test('while a fetch is at work, messages are flagged, tagged and moved, and taken back; an import has to wait', async () => {
  const fetching = Lock.acquire(join(home.folder, 'state/posthorn/ann@example.org/lock'));
  try {
    assert.deepEqual(await run('flag', '6', 'flagged'), changed(6));
    await run('tag', '6', 'x');
    await run('move', '6', 'Archive');
    for (const verb of ['move', 'tag', 'flag']) assert.match(await said('undo'), new RegExp(`^Undone: ${verb}\\.`));
    writeFileSync(join(home.folder, 'one.eml'), 'Subject: one\n\n');
    await assertFails(home, ['import', 'one.eml'], { exit: 75, code: 'mailbox-busy', says: /using this mailbox/ });
  } finally {
    fetching.release();
  }
});

test('many changes at once are all made', async () => {
  const numbers = ['1', '2', '3', '4', '5', '6'];
  await Promise.all(numbers.map((number) => run('tag', number, `at-once-${number}`)));
  for (const number of numbers) {
    const { messages } = await home.json<{ messages: unknown[] }>(['list', `tag:at-once-${number}`]);
    assert.equal(messages.length, 1);
  }
  for (const _ of numbers) assert.match(await said('undo'), /^Undone: tag/);
});

test('a query instead of numbers', async () => {
  assert.deepEqual(await run('flag', '--query', 'subject:4 or subject:5', 'flagged'), changed(4, 5));
  assert.deepEqual(await run('tag', '--query', 'is:flagged', '--remove', 'none'), { changed: [], unchanged: [4, 5] });
  assert.deepEqual(await run('tag', '--query', 'subject:nothing', 'x'), changed());
  await said('undo');
  await assertFails(home, ['flag', '--query', '', 'seen'], { exit: 64, code: 'bad-query', says: /empty/ });
  await assertFails(home, ['delete', '--query', 'x', '1'], { exit: 64, code: 'bad-number', says: /"1"/ });
});

test('folders: made when they are needed, for us alone; other programs move messages too', async () => {
  assert.equal(await said('move', '2', '4-5', 'Entwürfe'), '3 messages (2, 4-5) are now in Entwürfe.');
  assert.deepEqual(await listed(), [1, 3, 6]);
  assert.equal(files('.Entw&APw-rfe/cur').length + files('.Entw&APw-rfe/new').length, 3);
  assert.ok(existsSync(join(maildir, '.Entw&APw-rfe/maildirfolder')));
  // By another program, into a folder it made.
  for (const part of ['tmp', 'new', 'cur']) mkdirSync(join(maildir, '.Other', part), { recursive: true });
  renameSync(join(maildir, 'cur/1700000000.0.test:2,'), join(maildir, '.Other/cur/1700000000.0.test:2,RS'));
  assert.equal((await home.json<{ folder: string }>(['read', '1'])).folder, 'Other');
  assert.deepEqual(await run('move', '1', '2', 'other'), { changed: [2], unchanged: [1], folder: 'Other' });
  assert.deepEqual(await run('move', '1-6', 'INBOX'), { changed: [1, 2, 4, 5], unchanged: [3, 6], folder: 'inbox' });
  assert.deepEqual(await listed(), [1, 2, 3, 4, 5, 6]);
  assert.equal(await said('undo'), 'Undone: move. 4 messages (1-2, 4-5) were moved back.');
  assert.deepEqual(await listed(), [3, 6]);
});

test('the trash: out of the list and still there, back by undo, and gone by a purge alone', async () => {
  assert.equal(await said('delete', '3', '6'), '2 messages (3, 6) are now in the trash.');
  assert.deepEqual(await listed(), []);
  assert.equal((await home.json<{ subject: string }>(['read', '3'])).subject, 'message 3');
  assert.deepEqual(await run('delete', '3'), { changed: [], unchanged: [3], purged: false, server: null });
  assert.equal(await said('undo'), 'Undone: delete. 2 messages (3, 6) were moved back to inbox.');
  await run('delete', '3', '6');
  assert.deepEqual(await run('delete', '--trash', '--purge', '--older', '1d'), {
    ...changed(),
    purged: true,
    server: null,
  });
  assert.equal(await said('delete', '--trash', '--purge'), '2 messages (3, 6) were removed for good.');
  assert.deepEqual([...files('.Trash/cur'), ...files('.Trash/new')], []);
  await assertFails(home, ['read', '3'], { exit: 66, code: 'no-such-message', says: /no message 3/ });
  await assertFails(home, ['undo'], { exit: 64, code: 'cannot-undo', says: /removed messages for good/ });
  assert.deepEqual(await run('delete', '1', '--purge', '--yes'), { ...changed(1), purged: true, server: null });
});

test('on a terminal it is asked before messages are removed for good', { skip: noTerminal }, async () => {
  const refused = startOnTerminal(home, ['delete', '2', '5', '--purge']);
  await refused.shows(/Remove 2 messages for good\? \[y\/n\]/);
  refused.type('n');
  assert.equal((await refused.ended).code, 130);
  const stopped = startOnTerminal(home, ['delete', '5', '--purge']);
  await stopped.shows(/Remove one message for good/);
  stopped.type('\x03');
  const { code: interrupted, output: told } = await stopped.ended;
  assert.equal(interrupted, 130);
  assert.match(told, /Stopped at the question; nothing was done\./);
  const agreed = startOnTerminal(home, ['delete', '5', '--purge']);
  await agreed.shows(/Remove one message for good\?/);
  agreed.type('y');
  assert.equal((await agreed.ended).code, 0);
  await assertFails(home, ['delete', '5'], { exit: 66, code: 'no-such-message', says: /no message 5/ });
  assert.equal((await home.json<{ number: number }>(['read', '2'])).number, 2);
});

test('what was taken out of the trash while it was asked stays', { skip: noTerminal }, async () => {
  await run('delete', '4');
  await run('delete', '2');
  const purge = startOnTerminal(home, ['delete', '--trash', '--purge']);
  await purge.shows(/Remove 2 messages for good\?/);
  await run('undo');
  purge.type('y');
  const { code, output } = await purge.ended;
  assert.equal(code, 0);
  assert.match(output, /Message 4 was removed for good\./);
  assert.equal((await home.json<{ number: number }>(['read', '2'])).number, 2);
});

test('what is wrong is said, and nothing is changed', async () => {
  const usage = (code: string, says: RegExp) => ({ exit: 64, code, says });
  await assertFails(home, ['flag', '2', 'important'], usage('bad-flag', /The flags are seen, flagged/));
  await assertFails(home, ['flag', '2', 'seen', 'unread'], usage('bad-flag', /both seen and unseen/));
  await assertFails(home, ['flag', '2'], usage('no-flag', /No flag/));
  await assertFails(home, ['flag', 'seen'], usage('which-message', /No message was named/));
  await assertFails(home, ['flag', '2-x', 'seen'], usage('bad-number', /"2-x"/));
  await assertFails(home, ['flag', '99', 'seen'], { exit: 66, code: 'no-such-message', says: /no message 99/ });
  await assertFails(home, ['tag', '2'], usage('no-tag', /No tag/));
  await assertFails(home, ['tag', '2', 'two words'], usage('bad-tag', /is no tag/));
  await assertFails(home, ['move', '2', '../../evil'], usage('bad-folder', /no name for a folder/));
  await assertFails(home, ['move', '2', 'My', 'Folder'], usage('bad-number', /quote its name/));
  await assertFails(home, ['move', 'Archive'], usage('which-message', /No message/));
  await assertFails(home, ['delete', '--trash'], usage('conflicting-options', /--trash --purge/));
  await assertFails(home, ['delete', '2', '--older', '3d'], usage('conflicting-options', /--trash/));
  await assertFails(home, ['delete', '2', 'x'], usage('bad-number', /"x"/));
  assert.ok(!existsSync(join(maildir, '.My')));
});
