/** A fetch that finds both sides as they were does not open the mailbox; one that finds anything else does all it ever did. */
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, type TestContext, test } from 'node:test';
import { letter, type MaildropServer, startMaildropServer } from '../../test/support/maildrop-server.ts';
import { StoreError } from '../errors.ts';
import { Lock } from '../store/lock.ts';
import { Mailbox } from '../store/mailbox.ts';
import { mailboxOf, resolveAccount } from './account.ts';
import { fetchMail } from './fetch.ts';
import type { FetchOptions, FetchReport } from './fetch-report.ts';

const hooks = { say: () => undefined, begin: () => undefined, progress: () => undefined };

interface Scene {
  readonly server: MaildropServer;
  readonly maildir: string;
  readonly state: string;
  /** What a fetch reports, and how often it opened the mailbox. */
  fetch(options?: FetchOptions): Promise<FetchReport & { opened: number }>;
}

/** Three messages, fetched an hour ago and looked for once since. */
async function scene(t: TestContext, asked: (line: string) => void = () => undefined): Promise<Scene> {
  const home = mkdtempSync(join(tmpdir(), 'posthorn-settled-'));
  const server = await startMaildropServer(
    t,
    ['a', 'b', 'c'].map((uidl) => letter(uidl)),
    (line) => {
      asked(line);
      return undefined;
    },
  );
  const surroundings = { env: { POSTHORN_PASSWORD: 'secret' }, home, uid: undefined };
  const account = await resolveAccount({ pop3: `pop3+insecure://ann@127.0.0.1:${server.port}` }, surroundings);
  const open = mock.method(Mailbox, 'open');
  t.after(() => {
    mock.timers.reset();
    open.mock.restore();
    rmSync(home, { recursive: true });
  });
  mock.timers.enable({ apis: ['Date'], now: Date.now() + 3_600_000 });
  const fetch = async (options: FetchOptions = {}) => {
    const before = open.mock.callCount();
    const report = await fetchMail(account, surroundings, options, hooks);
    return { ...report, opened: open.mock.callCount() - before };
  };
  assert.equal((await fetch()).fetched.length, 3);
  assert.equal((await fetch()).opened, 1);
  return { server, ...mailboxOf(account), fetch };
}

test('where nothing has changed on either side the mailbox is not opened, and the report is the same', async (t) => {
  const { fetch, state } = await scene(t);
  const { opened, ...report } = await fetch();
  assert.equal(opened, 0);
  rmSync(join(state, 'settled.json'));
  const whole = await fetch();
  assert.deepEqual(whole, { ...report, opened: 1 });
  assert.equal(JSON.stringify(whole), JSON.stringify({ ...report, opened: 1 }), 'in the same order');
  assert.equal((await fetch()).opened, 0);
  assert.equal(report.onServer, 3);
});

test('what comes then is fetched, once', async (t) => {
  const { fetch, server, maildir } = await scene(t);
  server.letters.push(letter('d'));
  assert.deepEqual(
    (await fetch()).fetched.map(({ uidl }) => uidl),
    ['d'],
  );
  for (const opened of [1, 0, 0]) {
    const report = await fetch();
    assert.deepEqual([report.fetched.length, report.onServer, report.opened], [0, 4, opened]);
  }
  assert.equal(readdirSync(join(maildir, 'new')).length, 4);
});

test('so is what has the place, the size or the unique id of another message', async (t) => {
  const { fetch, server } = await scene(t);
  const others = [letter('a', 11), letter('e'), letter('c', 12)];
  for (const [at, other] of others.entries()) {
    server.letters[at] = other;
    assert.deepEqual(
      (await fetch()).fetched.map(({ uidl }) => uidl),
      [other.uidl],
    );
    assert.equal((await fetch()).opened, 1);
    assert.equal((await fetch()).opened, 0);
  }
});

test('what other programs do here is looked at', async (t) => {
  const { fetch, maildir } = await scene(t);
  const [name = ''] = readdirSync(join(maildir, 'new'));
  renameSync(join(maildir, 'new', name), join(maildir, 'cur', `${name}:2,S`));
  assert.equal((await fetch()).opened, 1);
  assert.equal((await fetch()).opened, 0);
});

test('so is what they do while a fetch asks the server', async (t) => {
  let isComing = false;
  const { fetch, maildir, state } = await scene(t, (line) => {
    if (isComing && line === 'UIDL') writeFileSync(join(maildir, 'new', '100.other'), 'x');
  });
  rmSync(join(state, 'settled.json'));
  isComing = true;
  assert.equal((await fetch()).opened, 1);
  isComing = false;
  assert.equal((await fetch()).opened, 1);
  const mailbox = await Mailbox.view({ maildir, state });
  assert.equal(mailbox.numberOf('100.other'), 4);
});

test('options that do more than bring what is new do it', async (t) => {
  const { fetch, server } = await scene(t);
  assert.equal((await fetch({ limit: 1, maxSize: 10, sinceNow: true })).opened, 0);
  assert.equal((await fetch({ dryRun: true })).plan.length, 3);
  for (const options of [{ keep: { newest: 9 } }, { keep: 86_400_000 }, { deleteRemoved: true }, { passedOver: true }])
    assert.equal((await fetch(options)).opened, 1, JSON.stringify(options));
  await assert.rejects(fetch({ only: [9] }), /no message that is number 9/);
  assert.equal((await fetch({ keep: false })).deleted, 3);
  assert.equal(server.letters.length, 0);
});

test('where something was left out it is looked for each time', async (t) => {
  const { fetch, server } = await scene(t);
  server.letters.push(letter('large', 5000));
  assert.equal((await fetch({ maxSize: 1000 })).headers, 1);
  assert.deepEqual(
    [await fetch({ maxSize: 1000 }), await fetch({ maxSize: 1000 })].map(({ opened, skipped }) => [
      opened,
      skipped.length,
    ]),
    [
      [1, 1],
      [1, 1],
    ],
  );
  assert.equal((await fetch()).fetched.length, 1);
});

test('another one at work in the mailbox is told of before the server is asked', async (t) => {
  const { fetch, server, state } = await scene(t);
  const heard = server.heard().length;
  const lock = await Lock.ofMailbox(state);
  await assert.rejects(fetch(), (error) => error instanceof StoreError && error.code === 'mailbox-busy');
  lock.release();
  assert.equal(server.heard().length, heard);
  assert.equal((await fetch()).opened, 0);
});
