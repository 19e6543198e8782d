/** Numbers of messages that other programs moved: whatever is asked for by number is done to that message. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { Changes } from '../store/changes.ts';
import { Mailbox } from '../store/mailbox.ts';
import { mailboxOf, resolveAccount } from './account.ts';
import { flagMessages, tagMessages, trashMessages, undoChange } from './change.ts';
import { messagesIn } from './selection.ts';

test('a message under another name is changed by its number at once', async (t) => {
  const home = mkdtempSync(join(tmpdir(), 'posthorn-selection-'));
  t.after(() => rmSync(home, { recursive: true }));
  const surroundings = { env: {}, home, uid: undefined };
  const account = await resolveAccount({ pop3: 'pop3s://ann@pop.example.org' }, surroundings);
  const mailbox = await Mailbox.open(mailboxOf(account));
  const deliveries = ['one', 'two'].map((text) => {
    const delivery = mailbox.receive();
    void delivery.write(Buffer.from(`Subject: ${text}\r\n\r\n${text}\r\n`));
    return delivery;
  });
  await mailbox.commitImported(deliveries);
  await mailbox.close();
  const { maildir } = mailboxOf(account);
  const second = (lookup: Parameters<typeof messagesIn>[0]) => messagesIn(lookup, [{ from: 2, to: 2 }]);
  await tagMessages(account, second, { add: ['work'], remove: [] });
  renameSync(join(maildir, 'new', deliveries[1]?.base ?? ''), join(maildir, 'cur', '1.M.other:2,S'));
  assert.deepEqual(await flagMessages(account, second, { add: 'F' }), { changed: [2], unchanged: [] });
  assert.deepEqual(readdirSync(join(maildir, 'cur')), ['1.M.other:2,FS']);
  const mailboxNow = await Mailbox.view(mailboxOf(account));
  const log = await Changes.read(mailboxOf(account).state);
  assert.deepEqual([...log.tagsOf(mailboxNow.byNumber(2)?.base ?? '')], ['work']);

  renameSync(join(maildir, 'cur/1.M.other:2,FS'), join(maildir, 'cur/1.M.more:2,FS'));
  assert.deepEqual((await undoChange(account)).changed, [2]);
  assert.deepEqual(readdirSync(join(maildir, 'cur')), ['1.M.more:2,S']);

  // Nobody means a number that was given only while another message was looked for.
  renameSync(join(maildir, 'cur/1.M.more:2,S'), join(maildir, 'cur/2.M.other:2,S'));
  writeFileSync(join(maildir, 'new/3.foreign'), 'Subject: three\n\n');
  const both = (lookup: Parameters<typeof messagesIn>[0]) =>
    messagesIn(
      lookup,
      [2, 3].map((at) => ({ from: at, to: at })),
    );
  await assert.rejects(trashMessages(account, both), /no message 3/);
  assert.deepEqual(readdirSync(join(maildir, 'new')).includes('3.foreign'), true);
});
