/** The index of a mailbox, with messages of one line each; what is done to its file is in index-damage.test.ts. */
import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { type DescribeMessage, describeMessage } from '../mime/describe.ts';
import { indexed, indexHome, put } from '../../test/support/indexed.ts';
import { changesSize, recordManyChanges } from '../../test/support/many-changes.ts';
import type { Step } from './change-log.ts';
import { Changes } from './changes.ts';
import { Folders } from './folders.ts';
import { withIndex } from './with-index.ts';
import { Mailbox } from './mailbox.ts';
import { Maildir } from './maildir.ts';

test('messages of other programs are numbered and found', async (t) => {
  const paths = indexHome(t);
  put(paths, 'cur/100.a:2,S', 'From: Zoë <zoe@example.net>\nSubject: Grüße\n\nthe budget\n');
  put(paths, 'new/101.b', 'From: bob@example.org\nSubject: two\n\nnothing\n');
  assert.deepEqual(await indexed(paths, ''), [2, 1]);
  assert.deepEqual(await indexed(paths, 'budget'), [1]);
  assert.deepEqual(await indexed(paths, 'is:unread'), [2]);
  assert.equal(statSync(join(paths.cache, 'index.sqlite')).mode & 0o777, 0o600);
  assert.equal(statSync(paths.cache).mode & 0o777, 0o700);
});

test('while another process is at work in the mailbox, what has no number is left out, and seen when it can be', async (t) => {
  const paths = indexHome(t);
  put(paths, 'new/100.a', 'Subject: one\n\n');
  const writer = await Mailbox.open(paths);
  put(paths, 'new/101.b', 'Subject: two\n\n');
  assert.deepEqual(await indexed(paths, ''), [1]);
  await writer.close();
  assert.deepEqual(await indexed(paths, ''), [2, 1]);
});

test('a list does not wait for the end of a fetch', async (t) => {
  const paths = indexHome(t);
  put(paths, 'new/100.a', 'Subject: one\n\n');
  const writer = await Mailbox.open(paths);
  let [appended, listed] = [0, false];
  const fetch = async (): Promise<void> => {
    for (; !listed && appended < 200; appended++) await writer.plan(writer.survey([{ uidl: `${appended}`, size: 1 }]));
  };
  const fetching = Promise.all([fetch(), fetch(), fetch(), fetch()]);
  assert.deepEqual(await indexed(paths, ''), [1]);
  listed = true;
  await fetching;
  assert.ok(appended < 200, `${appended} messages were planned meanwhile`);
  await writer.close();
});

test('flags, moves and removals by other programs are seen, and nothing is read again for them', async (t) => {
  const paths = indexHome(t);
  for (const name of ['.Archive/cur', '.Archive/new', '.Archive/tmp'])
    mkdirSync(join(paths.maildir, name), { recursive: true });
  for (const number of [1, 2, 3]) put(paths, `new/10${number}.a`, `Subject: number ${number}\n\n`);
  let read = 0;
  const describe = (source: Uint8Array | AsyncIterable<Uint8Array>) => {
    read++;
    return describeMessage(source);
  };
  assert.deepEqual(await indexed(paths, 'is:unread', { describe }), [3, 2, 1]);
  const at = (name: string) => join(paths.maildir, name);
  renameSync(at('new/101.a'), at('cur/101.a:2,FS'));
  renameSync(at('new/102.a'), at('.Archive/cur/102.a:2,S'));
  rmSync(at('new/103.a'));
  assert.deepEqual(await indexed(paths, '', { describe }), [2, 1]);
  assert.deepEqual(await indexed(paths, 'is:flagged', { describe }), [1]);
  assert.deepEqual(await indexed(paths, 'folder:archive', { describe }), [2]);
  assert.deepEqual(await indexed(paths, 'number', { describe }), [2, 1]);
  renameSync(at('.Archive'), at('.Old'));
  assert.deepEqual(await indexed(paths, 'folder:old', { describe }), [2]);
  assert.equal(read, 3);
});

test('what is no message is passed over', async (t) => {
  const paths = indexHome(t);
  mkdirSync(join(paths.maildir, 'cur/100.folder'));
  put(paths, 'cur/.hidden', 'Subject: hidden\n\n');
  put(paths, 'cur/101.a:2,', 'Subject: one\n\n');
  assert.deepEqual(await indexed(paths, ''), [1]);
});

test('a list goes by pages, and below a number', async (t) => {
  const paths = indexHome(t);
  for (let number = 1; number <= 9; number++) put(paths, `new/10${number}.a`, `Subject: number ${number}\n\n`);
  const list = (selection: object) =>
    withIndex(paths, {}, async (index) => {
      await index.refresh();
      const { count, messages } = await index.list({ limit: 3, ...selection });
      return [count, ...messages.map(({ number }) => number)];
    });
  assert.deepEqual(await list({}), [9, 9, 8, 7]);
  assert.deepEqual(await list({ skip: 3 }), [9, 6, 5, 4]);
  assert.deepEqual(await list({ skip: 9 }), [9]);
  assert.deepEqual(await list({ before: 3 }), [9, 2, 1]);
  assert.deepEqual(await list({ limit: 0 }), [9]);
});

test('a message that is not there any more when it is to be read is no error', async (t) => {
  const paths = indexHome(t);
  put(paths, 'new/100.a', 'Subject: one\n\n');
  put(paths, 'new/101.b', 'Subject: two\n\n');
  const found = await withIndex(paths, {}, async (index) => {
    await index.refresh();
    rmSync(join(paths.maildir, 'new/100.a'));
    await index.read();
    return index.list({ limit: 5 });
  });
  assert.deepEqual(
    found.messages.map(({ subject }) => subject),
    ['two', ''],
  );
  assert.deepEqual(await indexed(paths, ''), [2]);
});

test('without a folder for it the index is made in memory', async (t) => {
  const { maildir, state } = indexHome(t);
  put({ maildir }, 'new/100.a', 'Subject: one\n\nwords\n');
  assert.deepEqual(await indexed({ maildir, state }, 'words'), [1]);
});

test('a journal that was replaced makes another index', async (t) => {
  const paths = indexHome(t);
  for (const number of [1, 2]) put(paths, `new/10${number}.a`, `Subject: number ${number}\n\n`);
  assert.deepEqual(await indexed(paths, ''), [2, 1]);
  rmSync(join(paths.state, 'journal'));
  rmSync(join(paths.maildir, 'new/101.a'));
  put(paths, 'new/103.a', 'Subject: number 3\n\n');
  assert.deepEqual(await indexed(paths, '"number 2"'), [1]);
  assert.deepEqual(await indexed(paths, '"number 3"'), [2]);
});

test('so does one that ends with the same words, at the same place', async (t) => {
  const paths = indexHome(t);
  const fetched = async (uidl: string): Promise<void> => {
    for (const folder of [paths.state, join(paths.maildir, 'new')]) rmSync(folder, { recursive: true, force: true });
    const mailbox = await Mailbox.open(paths);
    const [plan] = await mailbox.plan(mailbox.survey([{ uidl, size: 9 }]));
    assert.ok(plan);
    const delivery = mailbox.deliver(plan);
    void delivery.write(Buffer.from(`Subject: ${uidl}\r\n\r\n`));
    await mailbox.commit([delivery]);
    await mailbox.deleted([plan]);
    await mailbox.close();
  };
  for (const uidl of ['one', 'two']) {
    await fetched(uidl);
    assert.deepEqual(await indexed(paths, `subject:${uidl}`), [1]);
  }
});

test('a journal of changes that was made shorter gives the tags anew, and nothing else', async (t) => {
  const paths = indexHome(t);
  for (const number of [1, 2]) put(paths, `new/10${number}.a`, `Subject: number ${number}\n\n`);
  let read = 0;
  const describe: DescribeMessage = (source) => {
    read++;
    return describeMessage(source);
  };
  await indexed(paths, '', { describe });
  const folders = new Folders(await Maildir.open(paths.maildir));
  const change = async (step: Step) => {
    const changes = await Changes.open(paths.state, folders);
    await changes.make(folders, 'tag', [step]);
    await changes.close();
  };
  await change({ base: '102.a', tag: ['gone', 'kept'] });
  await recordManyChanges(paths.state, '101.a', 'work');
  assert.deepEqual(await indexed(paths, 'tag:work or tag:gone', { describe }), [2, 1]);
  const large = changesSize(paths.state);
  await change({ base: '102.a', untag: ['gone'] });
  assert.ok(changesSize(paths.state) < large / 20);
  assert.deepEqual(await indexed(paths, 'tag:work or tag:gone', { describe }), [1]);
  assert.deepEqual(await indexed(paths, 'tag:kept', { describe }), [2]);
  assert.equal(read, 2);
});

test('what does not fit a list of files is left to whoever reads it: a journal that is damaged says so', async (t) => {
  const paths = indexHome(t);
  put(paths, 'new/100.a', 'Subject: one\n\n');
  await indexed(paths, '');
  rmSync(paths.cache, { recursive: true });
  writeFileSync(join(paths.state, 'journal'), 'x\n'.repeat(9));
  await assert.rejects(indexed(paths, ''), { code: 'journal-unknown' });
});

test('who reads ahead leaves it to another that does the same', async (t) => {
  const paths = indexHome(t);
  for (let at = 0; at < 500; at++) put(paths, `new/${1000 + at}.a`, `Subject: number ${at}\n\ntext\n`);
  let described = 0;
  const describe: DescribeMessage = (source) => {
    described += 1;
    return describeMessage(source);
  };
  const ahead = () =>
    withIndex(paths, { describe }, async (index) => {
      await index.refresh();
      await index.read({ alone: true });
    });
  await ahead();
  assert.equal(described, 500);
  rmSync(paths.cache, { recursive: true });
  described = 0;
  await Promise.all([ahead(), ahead(), ahead()]);
  assert.ok(described < 900, `${described} messages were read`);
  assert.equal((await indexed(paths, 'text', { describe })).length, 500);
  assert.ok(described < 900, 'nothing was left to be read');
});
