/** Whether a mailbox is as it was: nothing that is done to it goes unseen, and nothing is believed that proves nothing. */
import assert from 'node:assert/strict';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { mock, type TestContext, test } from 'node:test';
import { indexHome, put } from '../../test/support/indexed.ts';
import { StoreError } from '../errors.ts';
import { Lock } from './lock.ts';
import { Mailbox, type MailboxPaths } from './mailbox.ts';
import { settle as settleSince, shapeOf, takeSettled } from './settled.ts';

/** A mailbox with two messages and a folder, an hour later. */
async function home(t: TestContext): Promise<MailboxPaths> {
  const paths = indexHome(t);
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(paths.maildir, '.Archive', part), { recursive: true });
  put(paths, 'new/100.a', 'Subject: one\n\n');
  put(paths, '.Archive/cur/101.b:2,S', 'Subject: two\n\n');
  await (await Mailbox.open(paths)).close();
  t.after(() => mock.timers.reset());
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_000 });
  return paths;
}

async function settle(paths: MailboxPaths, listing: string): Promise<void> {
  await settleSince(paths, await shapeOf(paths), listing);
}

async function settled(paths: MailboxPaths): Promise<string | undefined> {
  const found = await takeSettled(paths);
  found?.lock.release();
  return found?.listing;
}

test('a mailbox to which nothing is done stays settled, whoever reads it', async (t) => {
  const paths = await home(t);
  assert.equal(await settled(paths), undefined);
  await settle(paths, 'listing');
  assert.equal(await settled(paths), 'listing');
  (await Mailbox.view(paths)).messages();
  await (await Mailbox.open(paths)).close();
  assert.equal(await settled(paths), 'listing');
  assert.deepEqual(readdirSync(paths.state).sort(), ['journal', 'settled.json']);
});

test('whatever is done to it is seen', async (t) => {
  const paths = await home(t);
  const at = (...names: string[]) => join(paths.maildir, ...names);
  const journal = join(paths.state, 'journal');
  const changes: Record<string, () => void> = {
    'a message comes': () => put(paths, 'new/102.c', 'x'),
    'one is flagged': () => renameSync(at('new/100.a'), at('cur/100.a:2,F')),
    'one is flagged again': () => renameSync(at('cur/100.a:2,F'), at('cur/100.a:2,FS')),
    'one moves': () => renameSync(at('cur/100.a:2,FS'), at('.Archive/cur/100.a:2,S')),
    'one goes': () => rmSync(at('.Archive/cur/100.a:2,S')),
    'a folder is made': () => mkdirSync(at('.New/cur'), { recursive: true }),
    'it becomes one of ours': () => mkdirSync(at('.New/new')),
    'it goes': () => rmSync(at('.New'), { recursive: true }),
    'the journal grows': () => appendFileSync(journal, ' '),
    'the journal is cut': () => writeFileSync(journal, readFileSync(journal).subarray(0, -1)),
    'the journal comes from a copy of the same times': () => {
      cpSync(journal, `${journal}.copy`, { preserveTimestamps: true });
      renameSync(`${journal}.copy`, journal);
    },
    'a message comes, and the time is set back': () => {
      put(paths, 'new/103.d', 'x');
      utimesSync(at('new'), 1, 1);
    },
    'all of it goes': () => rmSync(paths.maildir, { recursive: true }),
  };
  for (const [change, make] of Object.entries(changes)) {
    await settle(paths, change);
    assert.equal(await settled(paths), change);
    make();
    assert.equal(await settled(paths), undefined, change);
  }
});

test('what is done to it while it is read proves nothing', async (t) => {
  const paths = await home(t);
  const before = await shapeOf(paths);
  put(paths, 'new/102.c', 'x');
  await settleSince(paths, before, 'listing');
  assert.equal(await settled(paths), undefined);
});

test('what was changed a moment ago proves nothing', async (t) => {
  const paths = await home(t);
  mock.timers.reset();
  put(paths, 'new/102.c', 'x');
  await settle(paths, 'listing');
  assert.equal(await settled(paths), undefined);
});

test('a file that is spoilt is as none, and one that others can write is an error', async (t) => {
  const paths = await home(t);
  const file = join(paths.state, 'settled.json');
  await settle(paths, 'listing');
  const good = readFileSync(file, 'utf8');
  for (const text of [
    '',
    '{',
    '[]',
    'null',
    '{"listing":1}',
    good.replace('listing', 'lasting'),
    `${good}${' '.repeat(4096)}`,
  ]) {
    writeFileSync(file, text);
    assert.equal(await settled(paths), undefined, text);
  }
  writeFileSync(file, good);
  chmodSync(paths.state, 0o777);
  await assert.rejects(settled(paths), (error) => error instanceof StoreError && error.code === 'unsafe-folder');
});

test('it is told under the lock alone, and the lock is free where there is nothing to tell', async (t) => {
  const paths = await home(t);
  await settle(paths, 'listing');
  const other = await Lock.ofMailbox(paths.state);
  await assert.rejects(takeSettled(paths), (error) => error instanceof StoreError && error.code === 'mailbox-busy');
  other.release();
  put(paths, 'new/102.c', 'x');
  assert.equal(await takeSettled(paths), undefined);
  (await Lock.ofMailbox(paths.state)).release();
});
