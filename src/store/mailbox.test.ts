import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { chmod, chown, mkdtemp, readFile, readdir, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { StoreError } from '../errors.ts';
import { Mailbox, type MailboxPaths } from './mailbox.ts';

let folder: string;
let paths: MailboxPaths;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthorn-mailbox-'));
  paths = { maildir: join(folder, 'mail'), state: join(folder, 'state') };
});
afterEach(() => rm(folder, { recursive: true }));

const code = (expected: string) => (error: unknown) => error instanceof StoreError && error.code === expected;
const listing = (...uidls: string[]) => uidls.map((uidl) => ({ uidl, size: 10 }));

/** Fetches what is not yet stored; the content of a message is its UIDL. */
async function fetch(mailbox: Mailbox, list: { uidl: string; size: number }[]): Promise<string[]> {
  const wanted = mailbox.survey(list).filter(({ state }) => state !== 'stored');
  const planned = await mailbox.plan(wanted);
  const deliveries = planned.map((each) => {
    const delivery = mailbox.deliver(each);
    void delivery.write(Buffer.from(each.uidl));
    return delivery;
  });
  await mailbox.commit(deliveries);
  return planned.map(({ uidl }) => uidl);
}

async function reopened<T>(use: (mailbox: Mailbox) => Promise<T> | T): Promise<T> {
  const mailbox = await Mailbox.open(paths);
  try {
    return await use(mailbox);
  } finally {
    await mailbox.close();
  }
}

test('a fetch: planned, delivered, committed, deletable, deleted', async () => {
  await reopened(async (mailbox) => {
    const [wanted] = mailbox.survey(listing('u1'));
    assert.ok(wanted);
    const [planned] = await mailbox.plan([wanted]);
    assert.ok(planned);
    assert.ok(!mailbox.deletable(planned));
    const delivery = mailbox.deliver(planned);
    await delivery.write(Buffer.from('From: a\r\n\r\n'));
    assert.ok(!mailbox.deletable(planned));
    await mailbox.commit([delivery]);
    assert.ok(mailbox.deletable(planned));
    const [message] = mailbox.messages();
    const storedAt = mailbox.storedAt(1);
    assert.ok(storedAt);
    const sha256 = createHash('sha256').update('From: a\r\n\r\n').digest('hex');
    const path = join(paths.maildir, 'new', planned.base);
    const expected = {
      number: 1,
      base: planned.base,
      folder: 'inbox',
      path,
      size: 11,
      flags: '',
      seen: false,
      uidl: 'u1',
      sha256,
      storedAt,
    };
    assert.deepEqual(message, expected);
    assert.equal(Buffer.from(await (await mailbox.read(1)).bytes()).toString(), 'From: a\r\n\r\n');
    await mailbox.deleted([planned]);
    assert.ok(!mailbox.deletable(planned));
  });
});

test('numbers keep their meaning from run to run, and are not used again', async () => {
  await reopened((mailbox) => fetch(mailbox, listing('a', 'b')));
  await reopened(async (mailbox) => {
    assert.deepEqual(await fetch(mailbox, listing('b', 'c', 'a')), ['c']);
    await rm(mailbox.byNumber(3)?.path ?? '');
  });
  await writeFile(join(paths.maildir, 'new', '2.second.x'), '');
  await writeFile(join(paths.maildir, 'cur', '1.first.x:2,S'), '');
  const expected = [
    [1, 'a'],
    [2, 'b'],
    [4, undefined],
    [5, undefined],
  ];
  for (let run = 0; run < 2; run += 1) {
    await reopened(async (mailbox) => {
      assert.deepEqual(
        mailbox.messages().map(({ number, uidl }) => [number, uidl]),
        expected,
      );
      assert.equal(mailbox.byNumber(4)?.base, '1.first.x');
      assert.equal(mailbox.byNumber(3), undefined);
      // What was removed here is not fetched again.
      assert.deepEqual(await fetch(mailbox, listing('a', 'b', 'c')), []);
    });
  }
});

test('flags are kept, also when another program moves the message meanwhile', async () => {
  await reopened(async (mailbox) => {
    await fetch(mailbox, listing('a'));
    const seen = await mailbox.markSeen(1);
    assert.ok(seen.seen);
    await rename(seen.path, seen.path.replace(':2,S', ':2,FS'));
    assert.equal((await (await mailbox.read(1)).bytes()).length, 1);
    assert.equal((await mailbox.flag(1, { add: 'R' })).flags, 'FRS');
    assert.deepEqual(
      mailbox.messages().map(({ flags }) => flags),
      ['FRS'],
    );
    await rm(mailbox.byNumber(1)?.path ?? '');
    await assert.rejects(mailbox.read(1), code('message-missing'));
    await assert.rejects(mailbox.markSeen(1), code('message-missing'));
    await assert.rejects(mailbox.read(7), code('message-missing'));
  });
});

test('an ambiguous UIDL is stored as often as it is listed, and never deletable', async () => {
  await reopened(async (mailbox) => {
    await fetch(mailbox, listing('a', 'b', 'a'));
    assert.deepEqual(await fetch(mailbox, listing('a', 'b', 'a')), []);
    assert.equal(mailbox.messages().length, 3);
    const deletable = mailbox.survey(listing('a', 'b', 'a')).map((each) => mailbox.deletable(each));
    assert.deepEqual(deletable, [false, true, false]);
    const doubled = mailbox.survey(listing('b', 'b')).map((each) => mailbox.deletable(each));
    assert.deepEqual(doubled, [false, false]);
  });
});

test('hostile UIDLs touch no path', async () => {
  const uidls = ['../../x', '__proto__', 'constructor', 'a\0b', '/etc/x', 'x'.repeat(100_000)];
  await reopened((mailbox) => fetch(mailbox, listing(...uidls)));
  await reopened(async (mailbox) => {
    assert.deepEqual(
      mailbox.messages().map(({ uidl }) => uidl),
      uidls,
    );
    assert.deepEqual(await fetch(mailbox, listing(...uidls)), []);
  });
  const made = (await readdir(folder, { recursive: true })).filter((name) => !name.startsWith('mail/new/'));
  assert.deepEqual(made.sort(), ['mail', 'mail/cur', 'mail/new', 'mail/tmp', 'state', 'state/journal']);
});

test('a commit that fails is not stored; the message is fetched in the next run', async () => {
  await reopened(async (mailbox) => {
    const planned = await mailbox.plan(mailbox.survey(listing('a', 'b')));
    const [first, second] = planned;
    assert.ok(first && second);
    await rename(join(paths.maildir, 'new'), join(folder, 'aside'));
    await assert.rejects(mailbox.commit(planned.map((each) => mailbox.deliver(each))), code('mailbox-missing'));
    assert.ok(!mailbox.deletable(first) && !mailbox.deletable(second));
    await rename(join(folder, 'aside'), join(paths.maildir, 'new'));
  });
  assert.deepEqual(await readdir(join(paths.maildir, 'tmp')), []);
  assert.deepEqual(await reopened((mailbox) => fetch(mailbox, listing('a', 'b'))), ['a', 'b']);
});

test('one writer, any number of readers', async () => {
  await reopened(async (mailbox) => {
    await assert.rejects(Mailbox.open(paths), code('mailbox-busy'));
    await fetch(mailbox, listing('a'));
    await writeFile(join(paths.maildir, 'new', '1.other.x'), '');
    const view = await Mailbox.view(paths);
    assert.deepEqual(
      view.messages().map(({ uidl }) => uidl),
      ['a'],
    );
    assert.ok((await view.markSeen(1)).seen);
    await assert.rejects(Mailbox.open(paths), code('mailbox-busy'));
    await mailbox.refresh();
    assert.deepEqual(
      mailbox.messages().map(({ number, seen }) => [number, seen]),
      [
        [1, true],
        [2, false],
      ],
    );
  });
});

test('a Maildir that has vanished is not made anew once it held mail', async () => {
  await assert.rejects(Mailbox.view(paths), code('mailbox-missing'));
  await reopened((mailbox) => fetch(mailbox, listing('a')));
  await rename(paths.maildir, `${paths.maildir}.unmounted`);
  await assert.rejects(Mailbox.open(paths), code('mailbox-missing'));
  await assert.rejects(stat(paths.maildir));
  await rename(`${paths.maildir}.unmounted`, paths.maildir);
  assert.equal(await reopened((mailbox) => mailbox.messages().length), 1);
});

test('a damaged journal stops everything and gives the lock back', async () => {
  await reopened((mailbox) => fetch(mailbox, listing('a')));
  const path = join(paths.state, 'journal');
  const bytes = await readFile(path);
  bytes.writeUInt8(bytes.readUInt8(60) ^ 1, 60);
  await writeFile(path, bytes);
  await assert.rejects(Mailbox.open(paths), code('journal-damaged'));
  await assert.rejects(Mailbox.open(paths), code('journal-damaged'));
});

test('a state folder that others can write is refused', async () => {
  await reopened(() => undefined);
  await chmod(paths.state, 0o777);
  await assert.rejects(Mailbox.open(paths), code('unsafe-folder'));
});

test('folders of somebody else are refused, before anything is written into them', {
  skip: process.getuid?.() !== 0,
}, async () => {
  await reopened((mailbox) => fetch(mailbox, listing('a')));
  for (const path of [paths.state, paths.maildir, join(paths.maildir, 'new')]) {
    await chown(path, 65_534, 65_534);
    await assert.rejects(Mailbox.open(paths), code('unsafe-folder'));
    await chown(path, 0, 0);
  }
  assert.deepEqual(await readdir(paths.state), ['journal']);
  await rename(join(paths.maildir, 'new'), join(folder, 'elsewhere'));
  await symlink(join(folder, 'elsewhere'), join(paths.maildir, 'new'));
  await assert.rejects(Mailbox.open(paths), code('not-a-folder'));
});
