/** Messages by their numbers: whatever becomes of the index, and whatever other programs do, they are what the journal and the Maildir say. */
import assert from 'node:assert/strict';
import { chmodSync, linkSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { appendFileSync, truncateSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { type IndexHome, indexed, indexHome, put } from '../../test/support/indexed.ts';
import type { ChangeRecord } from './change-log.ts';
import { Changes, changesIn } from './changes.ts';
import { Journal } from './journal.ts';
import { Lock } from './lock.ts';
import { Lookup } from './lookup.ts';
import { Mailbox } from './mailbox.ts';
import type { StoredMessage } from './stored-message.ts';

const COUNT = 12;
const MESSAGE = 'From: ann@example.org\n\ntext\n';
const name = (number: number) => `${1000 + number}.a`;

/** Messages from 1 on: two in a folder, a third of the others read; the index is made. */
async function filled(t: TestContext): Promise<IndexHome> {
  const paths = indexHome(t);
  makeFolder(paths, '.Archive');
  for (let number = 1; number <= COUNT; number++) {
    const folder = number > COUNT - 2 ? '.Archive/' : '';
    put(paths, number % 3 === 0 ? `${folder}cur/${name(number)}:2,S` : `${folder}new/${name(number)}`, MESSAGE);
  }
  assert.equal((await indexed(paths, '')).length, COUNT);
  return paths;
}

function makeFolder({ maildir }: IndexHome, folder: string): void {
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(maildir, folder, part), { recursive: true, mode: 0o700 });
}

async function find(paths: Parameters<typeof Lookup.open>[0], ...numbers: number[]): Promise<StoredMessage[]> {
  const lookup = await Lookup.open(paths);
  return (await lookup.within(numbers.map((number) => ({ from: number, to: number })))).flat();
}

/** Asserts that lookups, of one and of all, say what a look at everything says, with the index and without. */
async function assertTrue(paths: IndexHome): Promise<readonly StoredMessage[]> {
  const messages = (await Mailbox.view(paths)).messages();
  const withoutIndex = { maildir: paths.maildir, state: paths.state };
  for (const each of [paths, withoutIndex]) {
    const lookup = await Lookup.open(each);
    const [all, some = []] = await lookup.within([
      { from: 1, to: COUNT + 100 },
      { from: 3, to: 5 },
    ]);
    assert.deepEqual(all, messages);
    assert.deepEqual(
      some,
      messages.filter(({ number }) => number >= 3 && number <= 5),
    );
    for (let number = 1; number <= COUNT + 2; number++) {
      const expected = messages.filter((message) => message.number === number);
      assert.deepEqual(await find(each, number), expected);
    }
    const bases = [...messages.map(({ base }) => base), 'nobody'];
    assert.deepEqual(await lookup.numbersOf(bases), new Map(messages.map((message) => [message.base, message.number])));
  }
  return messages;
}

/** Spoils the beginning of the journal, which whoever reads it whole is told of. */
function spoilJournal({ state }: IndexHome): void {
  const octets = readFileSync(join(state, 'journal'));
  octets[60] = (octets[60] ?? 0) ^ 1;
  writeFileSync(join(state, 'journal'), octets);
}

async function append<T>(path: string, records: readonly T[]): Promise<void> {
  const journal = await Journal.open<T>(path, (value) => value as T);
  await journal.append(records);
  await journal.close();
}

test('numbers are answered from the index, and from the journal where there is none', async (t) => {
  const paths = await filled(t);
  await assertTrue(paths);
  await append(join(paths.state, 'journal'), [{ filtered: [1] }]);
  assert.equal((await find(paths, 2)).length, 1);
  spoilJournal(paths);
  assert.deepEqual(
    (await find(paths, 2, 11)).map(({ number, base, folder, flags }) => [number, base, folder, flags]),
    [
      [2, name(2), 'inbox', ''],
      [11, name(11), 'Archive', ''],
    ],
  );
  await assert.rejects(find({ ...paths, cache: undefined }, 2), { code: 'journal-damaged' });
});

test('what came after the index was made is found, and followed once', async (t) => {
  const paths = await filled(t);
  const mailbox = await Mailbox.open(paths);
  const [wanted] = mailbox.survey([{ uidl: 'u', size: 5 }]);
  assert.ok(wanted);
  const planned = await mailbox.plan([wanted]);
  assert.deepEqual(await find(paths, COUNT + 1), [], 'planned, and not here yet');
  for (const each of planned) {
    const delivery = mailbox.deliver(each);
    await delivery.write(Buffer.from('a: b\n'));
    await mailbox.commit([delivery]);
  }
  await mailbox.close();
  const [message] = await find(paths, COUNT + 1);
  assert.deepEqual([message?.uidl, message?.size, typeof message?.storedAt], ['u', 5, 'number']);
  await assertTrue(paths);
  spoilJournal(paths);
  assert.deepEqual(await find(paths, COUNT + 1), [message], 'the index has it now');
});

const DAMAGES: Readonly<Record<string, (paths: IndexHome, file: string) => void>> = {
  'is missing': (_, file) => rmSync(file),
  'has no folder': ({ cache }) => rmSync(cache, { recursive: true }),
  'is empty': (_, file) => truncateSync(file, 0),
  'was cut': (_, file) => truncateSync(file, statSync(file).size / 2),
  'was written to': (_, file) => appendFileSync(file, 'x'),
  'is no database': (_, file) => writeFileSync(file, 'This is no database. '.repeat(500)),
  'is a folder': (_, file) => {
    rmSync(file);
    mkdirSync(file);
  },
  'can be changed by others': ({ cache }) => chmodSync(cache, 0o777),
};
for (const [says, damage] of Object.entries(DAMAGES)) {
  test(`an index that ${says} changes nothing`, async (t) => {
    const paths = await filled(t);
    damage(paths, join(paths.cache, 'index.sqlite'));
    await assertTrue(paths);
  });
}

test('an index of another version is left alone', async (t) => {
  const paths = await filled(t);
  const file = join(paths.cache, 'index.sqlite');
  // As long as it is open here it is taken for one that another process writes to.
  const database = new DatabaseSync(file);
  t.after(() => database.close());
  database.exec('PRAGMA user_version = 99; DELETE FROM known');
  await assertTrue(paths);
  assert.deepEqual({ ...database.prepare('PRAGMA user_version').get() }, { user_version: 99 });
});

test('an index of another journal is not believed', async (t) => {
  const paths = await filled(t);
  const [one, other] = [name(1), name(2)];
  rmSync(join(paths.state, 'journal'));
  await append(
    join(paths.state, 'journal'),
    [other, one].map((base, at) => ({ found: at + 1, base })),
  );
  assert.deepEqual(
    (await find(paths, 1, 2)).map(({ number, base }) => [number, base]),
    [
      [1, other],
      [2, one],
    ],
  );
  assert.equal((await assertTrue(paths)).length, 2);
});

test('an index that another process keeps locked is read, and done without where it would have to be written', async (t) => {
  const paths = await filled(t);
  const database = new DatabaseSync(join(paths.cache, 'index.sqlite'));
  t.after(() => database.close());
  database.exec('BEGIN IMMEDIATE; DELETE FROM known');
  await assertTrue(paths);
  put(paths, `new/${name(COUNT + 1)}`, MESSAGE);
  await (await Mailbox.open(paths)).close();
  assert.equal((await find(paths, COUNT + 1)).length, 1);
});

test('a place in the index that is of another message is not believed', async (t) => {
  const paths = await filled(t);
  const database = new DatabaseSync(join(paths.cache, 'index.sqlite'));
  t.after(() => database.close());
  database.prepare('UPDATE messages SET name = ? WHERE number = 1').run(name(2));
  assert.deepEqual(
    (await find(paths, 1)).map(({ base }) => base),
    [name(1)],
  );
});

test('what other programs flag, move, read and remove is found as it is now', async (t) => {
  const paths = await filled(t);
  const at = (path: string) => join(paths.maildir, path);
  renameSync(at(`cur/${name(3)}:2,S`), at(`cur/${name(3)}:2,FRS`));
  renameSync(at(`new/${name(1)}`), at(`cur/${name(1)}:2,`));
  renameSync(at(`new/${name(2)}`), at(`.Archive/new/${name(2)}`));
  renameSync(at(`.Archive/cur/${name(12)}:2,S`), at(`cur/${name(12)}:2,ST`));
  unlinkSync(at(`new/${name(4)}`));
  makeFolder(paths, '.Lists.dev');
  renameSync(at(`new/${name(5)}`), at(`.Lists.dev/cur/${name(5)}:2,Sa`));
  const messages = await assertTrue(paths);
  const found = new Map(messages.map(({ number, folder, flags }) => [number, `${folder} ${flags}`]));
  assert.deepEqual(
    [1, 2, 3, 4, 5, 12].map((number) => found.get(number)),
    ['inbox ', 'Archive ', 'inbox FRS', undefined, 'Lists/dev Sa', 'inbox ST'],
  );
});

test('a message that came back is found again', async (t) => {
  const paths = await filled(t);
  const [here, away] = [join(paths.maildir, 'new', name(1)), join(paths.cache, 'away')];
  renameSync(here, away);
  assert.deepEqual(await find(paths, 1), []);
  await indexed(paths, '');
  renameSync(away, here);
  assert.equal((await find(paths, 1)).length, 1);
  await assertTrue(paths);
});

test('a message that another program gave another name is found under that once a writer knows it', async (t) => {
  const paths = await filled(t);
  const mailbox = await Mailbox.open(paths);
  const delivery = (await mailbox.folders.open('Archive')).deliver('3000.a');
  await delivery.write(Buffer.from('Subject: imported\n\n'));
  const [number = 0] = await mailbox.commitImported([delivery]);
  await mailbox.close();
  await indexed(paths, '');
  const renamed = join(paths.maildir, 'cur/3001.b:2,S');
  renameSync(join(paths.maildir, '.Archive/new/3000.a'), renamed);
  await (await Mailbox.open(paths)).close();
  assert.deepEqual(
    (await find(paths, number)).map(({ path, flags, sha256 }) => [path, flags, sha256?.length]),
    [[renamed, 'S', 64]],
  );
  for (const each of [paths, { ...paths, cache: undefined }]) {
    const numbers = await (await Lookup.open(each)).numbersOf(['3000.a', '3001.b', '3002.c']);
    assert.deepEqual(
      [...numbers],
      [
        ['3000.a', number],
        ['3001.b', number],
      ],
    );
  }
  await assertTrue(paths);
  await indexed(paths, '');
  await assertTrue(paths);
});

test('nobody gets a number from being looked for', async (t) => {
  const paths = await filled(t);
  put(paths, 'new/2000.foreign', MESSAGE);
  const journal = readFileSync(join(paths.state, 'journal'));
  assert.deepEqual(await find(paths, COUNT + 1), []);
  assert.equal((await assertTrue(paths)).length, COUNT);
  assert.deepEqual(readFileSync(join(paths.state, 'journal')), journal);
});

test('whoever wants all messages misses none that nobody has listed yet, and has those with numbers where another one is at work', async (t) => {
  const paths = await filled(t);
  put(paths, 'new/3000.a', MESSAGE);
  const lookup = await Lookup.open(paths);
  const other = await Lock.ofMailbox(paths.state);
  assert.equal((await lookup.all()).length, COUNT);
  other.release();
  assert.deepEqual((await lookup.all()).at(-1)?.number, COUNT + 1);
  const { mock: opened } = t.mock.method(Mailbox, 'open');
  assert.deepEqual(await lookup.all(), (await Mailbox.view(paths)).messages());
  assert.equal(opened.callCount(), 0, 'and keeps no fetch from the mailbox where there is nothing to number');
});

test('a number that is given only because another one is missing is nobody’s wish', async (t) => {
  const paths = await filled(t);
  unlinkSync(join(paths.maildir, 'new', name(4)));
  put(paths, 'new/2000.foreign', MESSAGE);
  const lookup = await Lookup.open(paths);
  const [four, next] = [4, COUNT + 1].map((number) => ({ from: number, to: number }));
  assert.ok(four && next);
  assert.deepEqual(await lookup.withinMoved([next]), [[]]);
  assert.deepEqual(await find(paths, COUNT + 1), [], 'for that alone no number is given');
  assert.deepEqual(await lookup.withinMoved([four, next]), [[], []]);
  assert.deepEqual(
    (await find(paths, COUNT + 1)).map(({ base }) => base),
    ['2000.foreign'],
  );
});

test('a folder that has become a link, or is no Maildir any more, is not followed', async (t) => {
  const paths = await filled(t);
  const [folder, away] = [join(paths.maildir, '.Archive'), join(paths.cache, 'away')];
  renameSync(folder, away);
  symlinkSync(away, folder);
  assert.deepEqual(await find(paths, 11), []);
  assert.equal((await assertTrue(paths)).length, COUNT - 2);
  unlinkSync(folder);
  renameSync(away, folder);
  rmSync(join(folder, 'new'), { recursive: true });
  await assertTrue(paths);
});

test('a file that has become a folder or a link is no message', async (t) => {
  const paths = await filled(t);
  const at = (number: number) => join(paths.maildir, 'new', name(number));
  rmSync(at(1));
  mkdirSync(at(1));
  rmSync(at(2));
  symlinkSync(at(4), at(2));
  assert.deepEqual(await find(paths, 1, 2), []);
  await assertTrue(paths);
});

test('of two names that an interrupted move has left, either is the message, and the next change leaves the new one', async (t) => {
  const paths = await filled(t);
  linkSync(join(paths.maildir, 'new', name(1)), join(paths.maildir, '.Archive/new', name(1)));
  await append<ChangeRecord>(changesIn(paths.state), [
    { begin: 1, verb: 'move', at: 1 },
    { step: 1, base: name(1), from: 'inbox', to: 'Archive' },
  ]);
  assert.deepEqual(
    (await find(paths, 1)).map(({ base, path }) => [base, statSync(path).nlink]),
    [[name(1), 2]],
    'either is the message',
  );
  const lookup = await Lookup.open(paths);
  const changes = await Changes.open(paths.state, lookup.folders);
  const [message] = (await lookup.within([{ from: 1, to: 1 }])).flat();
  await changes.close();
  assert.deepEqual([message?.folder, message && statSync(message.path).nlink], ['Archive', 1]);
  await assertTrue(paths);
});
