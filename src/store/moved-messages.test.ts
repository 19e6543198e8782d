/** Messages that another program moved under another name: they keep their number and their tags, and nothing else takes them. */
import assert from 'node:assert/strict';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { indexed } from '../../test/support/indexed.ts';
import { Changes, renameIn } from './changes.ts';
import { Folders } from './folders.ts';
import { Journal } from './journal.ts';
import { readRecord } from './ledger-record.ts';
import { Mailbox, type MailboxPaths } from './mailbox.ts';

let folder: string;
let paths: MailboxPaths & { cache: string };
let fetched: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-moved-'));
  paths = { maildir: join(folder, 'mail'), state: join(folder, 'state'), cache: join(folder, 'cache') };
  fetched = await fetch(['a', 'b', 'c'].map(textOf));
  for (const part of ['new', 'cur', 'tmp']) mkdirSync(join(paths.maildir, '.Archive', part), { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const textOf = (name: string) => `Subject: ${name}\r\nFrom: a@example.org\r\n\r\n${'text\r\n'.repeat(20)}`;
const archived = (name: string) => join(paths.maildir, '.Archive/cur', name);

/** Stores these texts; where they are. */
async function fetch(texts: readonly string[]): Promise<string[]> {
  const mailbox = await Mailbox.open(paths);
  const listed = texts.map((text) => ({ uidl: text, size: text.length }));
  const planned = await mailbox.plan(mailbox.survey(listed));
  const deliveries = planned.map((each) => mailbox.deliver(each));
  for (const [at, text] of texts.entries()) void deliveries[at]?.write(Buffer.from(text));
  const delivered = await mailbox.commit(deliveries);
  await mailbox.close();
  return delivered.map(({ path }) => path);
}

async function opened(): Promise<string[]> {
  const mailbox = await Mailbox.open(paths);
  await mailbox.close();
  const log = await Changes.read(paths.state);
  return mailbox.messages().map(({ number, folder, base }) => {
    return [number, folder, ...log.tagsOf(base)].join(' ');
  });
}

async function tag(at: number, ...tags: string[]): Promise<void> {
  const mailbox = await Mailbox.view(paths);
  const changes = await Changes.open(paths.state, mailbox.folders);
  await changes.make(mailbox.folders, 'tag', [{ base: mailbox.byNumber(at)?.base ?? '', tag: tags }]);
  await changes.close();
}

/** What mutt makes of a message. */
function rewritten(text: string): string {
  const end = text.indexOf('\r\n\r\n');
  return `${text.slice(0, end)}\r\nContent-Length: ${text.length - end - 4}\nLines: 20\n\n${text.slice(end + 4)}`;
}

test('a message under another name keeps its number and its tags, again and again, and back', async () => {
  await tag(2, 'work', 'later');
  renameSync(fetched[1] ?? '', archived('1.one.other:2,S'));
  assert.deepEqual(await opened(), ['1 inbox', '2 Archive work later', '3 inbox']);
  await tag(2, 'more');
  renameSync(archived('1.one.other:2,S'), join(paths.maildir, 'cur', '1.two.other:2,'));
  assert.deepEqual(await opened(), ['1 inbox', '2 inbox work later more', '3 inbox']);
  renameSync(join(paths.maildir, 'cur', '1.two.other:2,'), archived('1.one.other:2,'));
  assert.deepEqual(await opened(), ['1 inbox', '2 Archive work later more', '3 inbox']);
  renameSync(archived('1.one.other:2,'), fetched[1] ?? '');
  assert.deepEqual(await opened(), ['1 inbox', '2 inbox work later more', '3 inbox']);
  const records = await Journal.read(join(paths.state, 'journal'), readRecord);
  assert.equal(records.filter((record) => 'moved' in record).length, 4);
  assert.deepEqual(await opened(), ['1 inbox', '2 inbox work later more', '3 inbox']);
});

test('so does one of which the line ends are others, as Dovecot writes them', async () => {
  await tag(1, 'work');
  const text = readFileSync(fetched[0] ?? '', 'latin1');
  writeFileSync(archived('1.M.other:2,'), text.replaceAll('\r\n', '\n'));
  unlinkSync(fetched[0] ?? '');
  assert.deepEqual(await opened(), ['1 Archive work', '2 inbox', '3 inbox']);
});

test('so does one that mutt rewrote', async () => {
  await tag(3, 'work');
  const text = readFileSync(fetched[2] ?? '', 'latin1');
  writeFileSync(archived('1.M.other:2,'), rewritten(text));
  unlinkSync(fetched[2] ?? '');
  assert.deepEqual(await opened(), ['1 inbox', '2 inbox', '3 Archive work']);
  // Its size is that of the file, and that of the others is known without a look.
  const mailbox = await Mailbox.view(paths);
  assert.deepEqual(
    [1, 3].map((number) => mailbox.byNumber(number)?.size),
    [text.length, rewritten(text).length],
  );
});

test('what took the place of a message under its name is none', async () => {
  const [first = '', second = ''] = fetched;
  unlinkSync(first);
  symlinkSync(second, first);
  unlinkSync(second);
  mkdirSync(second);
  const mailbox = await Mailbox.view(paths);
  assert.deepEqual(mailbox.ignored.toSorted(), [first, second].toSorted());
  assert.deepEqual(
    mailbox.messages().map(({ number }) => number),
    [3],
  );
});

test('what was changed in it is another message, and so is a copy', async () => {
  await tag(1, 'work');
  const text = readFileSync(fetched[0] ?? '', 'latin1');
  writeFileSync(archived('1.M.other:2,'), rewritten(text).replace('text', 'tExt'));
  writeFileSync(archived('2.M.other:2,'), text.replace('text', 'tExt'));
  copyFileSync(fetched[1] ?? '', archived('3.copy.other:2,'));
  unlinkSync(fetched[0] ?? '');
  assert.deepEqual(await opened(), ['2 inbox', '3 inbox', '4 Archive', '5 Archive', '6 Archive']);
  // It has its number now, and keeps it when its original goes.
  unlinkSync(fetched[1] ?? '');
  assert.deepEqual(await opened(), ['3 inbox', '4 Archive', '5 Archive', '6 Archive']);
});

test('of two that are the same each takes one, and a third is new', async () => {
  const same = await fetch([textOf('same'), textOf('same')]);
  for (const name of ['1.x', '2.x', '3.x']) copyFileSync(same[0] ?? '', archived(`${name}.other:2,`));
  for (const path of same) unlinkSync(path);
  assert.deepEqual(await opened(), ['1 inbox', '2 inbox', '3 inbox', '4 Archive', '5 Archive', '6 Archive']);
});

test('undo finds a message under its other name', async () => {
  const mailbox = await Mailbox.view(paths);
  const changes = await Changes.open(paths.state, mailbox.folders);
  const { base = '' } = mailbox.byNumber(1) ?? {};
  await changes.make(mailbox.folders, 'flag', [{ base, set: 'F' }]);
  await changes.close();
  renameSync(join(paths.maildir, 'cur', `${base}:2,F`), archived('1.one.other:2,FS'));
  assert.deepEqual(await opened(), ['1 Archive', '2 inbox', '3 inbox']);
  const again = await Changes.open(paths.state, mailbox.folders);
  const last = again.log.lastUndoable;
  assert.ok(last);
  assert.deepEqual([...(await again.undo(mailbox.folders, last))], ['1.one.other']);
  await again.close();
  assert.equal(readFileSync(archived('1.one.other:2,S'), 'latin1'), textOf('a'));
});

test('while a change is being made they wait, and get no other number', async () => {
  await tag(2, 'work');
  renameSync(fetched[1] ?? '', archived('1.one.other:2,S'));
  const changes = await Changes.open(paths.state, (await Mailbox.view(paths)).folders);
  assert.deepEqual(await opened(), ['1 inbox', '2 Archive', '3 inbox']);
  assert.equal((await Mailbox.view(paths)).byNumber(2), undefined, 'nothing is recorded yet');
  await changes.close();
  assert.deepEqual(await opened(), ['1 inbox', '2 Archive work', '3 inbox']);
});

test('a crash between the two journals loses no tag, even if the message goes on from there', async () => {
  await tag(2, 'work');
  const mailbox = await Mailbox.view(paths);
  const from = mailbox.byNumber(2)?.base ?? '';
  renameSync(fetched[1] ?? '', archived('1.one.other:2,S'));
  assert.ok(await renameIn(paths.state, mailbox.folders, [{ from, to: '1.one.other' }]));
  renameSync(archived('1.one.other:2,S'), archived('1.two.other:2,S'));
  assert.deepEqual(await opened(), ['1 inbox', '2 Archive work', '3 inbox']);
});

test('the folders are looked at as often for many as for one', async (t) => {
  const all = t.mock.method(Folders.prototype, 'all');
  renameSync(fetched[0] ?? '', archived('1.one.other:2,S'));
  assert.deepEqual(await opened(), ['1 Archive', '2 inbox', '3 inbox']);
  const looks = all.mock.callCount();
  for (const at of [1, 2]) renameSync(fetched[at] ?? '', archived(`2.${at}.other:2,S`));
  assert.deepEqual(await opened(), ['1 Archive', '2 Archive', '3 Archive']);
  assert.equal(all.mock.callCount(), 2 * looks);
});

test('a list finds them, with an index from before, and with a new one', async () => {
  await tag(2, 'work');
  assert.deepEqual(await indexed(paths, 'tag:work'), [2]);
  renameSync(fetched[1] ?? '', archived('1.one.other:2,S'));
  assert.deepEqual(await indexed(paths, 'tag:work folder:Archive'), [2]);
  await tag(2, 'more');
  renameSync(archived('1.one.other:2,S'), fetched[1] ?? '');
  assert.deepEqual(await indexed(paths, 'tag:work tag:more folder:inbox'), [2]);
  rmSync(paths.cache, { recursive: true });
  assert.deepEqual(await indexed(paths, 'tag:work tag:more folder:inbox subject:b'), [2]);
  assert.deepEqual(await indexed(paths, ''), [3, 2, 1]);
});

test('what was removed for good and is delivered again has its number, and no tags, for a list as well', async () => {
  await tag(2, 'work');
  assert.deepEqual(await indexed(paths, 'tag:work'), [2]);
  const mailbox = await Mailbox.view(paths);
  const changes = await Changes.open(paths.state, mailbox.folders);
  await changes.make(mailbox.folders, 'purge', [{ base: mailbox.byNumber(2)?.base ?? '' }]);
  await changes.close();
  writeFileSync(archived('1.back.other:2,'), textOf('b'));
  assert.deepEqual(await opened(), ['1 inbox', '2 Archive', '3 inbox']);
  assert.deepEqual(await indexed(paths, 'folder:Archive'), [2]);
  assert.deepEqual(await indexed(paths, 'tag:work'), []);
});

test('what stands for a message is followed as it was, and never taken for the message', async () => {
  const mailbox = await Mailbox.open(paths);
  const planned = await mailbox.plan(mailbox.survey([{ uidl: 'large', size: 9_999 }]), true);
  const deliveries = planned.map((each) => mailbox.deliver(each));
  for (const delivery of deliveries) void delivery.write(Buffer.from(textOf('large')));
  await mailbox.commitHeaders(deliveries);
  await mailbox.close();
  const path = join(paths.maildir, 'new', planned[0]?.base ?? '');
  renameSync(path, archived('1.one.other:2,'));
  assert.deepEqual(await opened(), ['1 inbox', '2 inbox', '3 inbox', '4 Archive']);
  writeFileSync(archived('1.two.other:2,'), rewritten(textOf('large')));
  unlinkSync(archived('1.one.other:2,'));
  assert.deepEqual(await opened(), ['1 inbox', '2 inbox', '3 inbox', '5 Archive']);
  const view = await Mailbox.view(paths);
  assert.equal(view.survey([{ uidl: 'large', size: 9_999 }])[0]?.state, 'stub');
  assert.ok(!view.deletable({ number: 4, ambiguous: false }));
});

test('what was handed over to another place was never here', async () => {
  const mailbox = await Mailbox.open(paths);
  const [plan] = await mailbox.plan(mailbox.survey([{ uidl: 'away', size: textOf('away').length }]));
  assert.ok(plan);
  const delivery = mailbox.deliver(plan);
  void delivery.write(Buffer.from(textOf('away')));
  await mailbox.handedOver(plan, await delivery.hold());
  await delivery.abort();
  await mailbox.close();
  writeFileSync(archived('1.one.other:2,'), textOf('away'));
  assert.deepEqual(await opened(), ['1 inbox', '2 inbox', '3 inbox', '5 Archive']);
});
