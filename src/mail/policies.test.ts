/** Policies against a server: a dry run says what the real run does, whatever the mailbox, the server and the policy. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { type Letter, letter, startMaildropServer } from '../../test/support/maildrop-server.ts';
import { UsageError } from '../errors.ts';
import { Mailbox } from '../store/mailbox.ts';
import { mailboxOf, resolveAccount } from './account.ts';
import { trashMessages } from './change.ts';
import { messagesNumbered } from './selection.ts';
import { fetchMail } from './fetch.ts';
import type { FetchOptions, FetchReport } from './fetch-report.ts';

const DAY = 86_400_000;

async function scene(t: TestContext, letters: readonly Letter[], answer?: Parameters<typeof startMaildropServer>[2]) {
  const home = await mkdtemp(join(tmpdir(), 'posthorn-policies-'));
  t.after(() => rm(home, { recursive: true }));
  const server = await startMaildropServer(t, letters, answer);
  const surroundings = { env: { POSTHORN_PASSWORD: 'secret' }, home, uid: undefined };
  const account = await resolveAccount({ pop3: `pop3+insecure://ann@127.0.0.1:${server.port}` }, surroundings);
  const said: string[] = [];
  const hooks = { say: (text: string) => void said.push(text), begin: () => undefined, progress: () => undefined };
  const fetch = (options: FetchOptions = {}): Promise<FetchReport> => fetchMail(account, surroundings, options, hooks);
  const { maildir } = mailboxOf(account);
  const files = async () => (await readdir(join(maildir, 'new'))).map((name) => join(maildir, 'new', name)).sort();
  const texts = async () => (await Promise.all((await files()).map((path) => readFile(path, 'latin1')))).sort();
  const left = () => server.letters.map(({ uidl }) => uidl);
  return { server, account, fetch, files, texts, left, said, paths: mailboxOf(account) };
}

const uidls = (messages: readonly { readonly uidl: string | undefined }[]) =>
  messages.map(({ uidl }) => uidl ?? '').sort();

test('a dry run says for every message what the real run does, by the same rules', async (t) => {
  t.after(() => mock.timers.reset());
  let now = Date.now();
  mock.timers.enable({ apis: ['Date'], now });
  const policy = fc.record({
    keep: fc.constantFrom(undefined, true, false, DAY, 3 * DAY, { newest: 0 }, { newest: 2 }, { newest: 5 }),
    limit: fc.constantFrom(undefined, undefined, 1, 3),
    maxSize: fc.constantFrom(undefined, undefined, 200),
    deleteRemoved: fc.constantFrom(undefined, true),
    sinceNow: fc.constantFrom(undefined, undefined, undefined, true),
    passedOver: fc.constantFrom(undefined, undefined, true),
  });
  const step = fc.record({
    policy,
    arrive: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'), fc.constantFrom(10, 20, 500))),
    remove: fc.nat(3),
    days: fc.constantFrom(0, 1, 2, 5),
  });
  let place = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 5 }), async (steps) => {
      const { server, fetch, files, texts, left } = await scene(t, []);
      const everHere = new Set<string>();
      place += 1;
      for (const { policy, arrive, remove, days } of steps) {
        mock.timers.setTime((now += days * DAY));
        for (const [name, length] of arrive) server.letters.push(letter(`${name}${place}`, length));
        const here = await files().catch(() => []);
        for (const path of here.slice(0, remove)) await unlink(path);
        const before = await texts().catch(() => []);
        const dry = await fetch({ ...policy, dryRun: true });
        assert.deepEqual(await texts().catch(() => []), before, 'a dry run changes nothing');
        const all = left();
        const letters = [...server.letters];
        const real = await fetch(policy);
        for (const text of await texts()) everHere.add(text);
        const gone = letters.filter((each) => !server.letters.includes(each));
        assert.ok(
          gone.every(({ text }) => everHere.has(text)),
          'what was deleted was here, whole',
        );
        const { plan } = dry;
        assert.deepEqual(uidls(plan), [...all].sort(), 'every message is in the plan');
        // What may be here under another id is told apart by its bytes, which a dry run has not seen.
        if (plan.some(({ because }) => because === 'compare')) continue;
        assert.deepEqual(uidls(real.fetched), uidls(plan.filter(({ comes }) => comes === 'whole')));
        assert.deepEqual(
          [real.marked, real.deleted, real.skipped.length],
          [dry.marked, dry.deleted, dry.skipped.length],
        );
        assert.deepEqual(
          left(),
          plan.filter(({ deletes }) => !deletes).map(({ uidl }) => uidl),
        );
      }
    }),
    { numRuns: 25 },
  );
});

test('of a message that is too large only the header comes; it is asked for whole in its place, number and all', async (t) => {
  const { server, fetch, texts, left, paths, account } = await scene(t, [letter('small'), letter('large', 5000)]);
  const first = await fetch({ maxSize: 1000, keep: false });
  assert.deepEqual(
    first.skipped.map(({ uidl, number, reason }) => [uidl, number, reason]),
    [['large', 2, 'max-size']],
  );
  assert.deepEqual(left(), ['large'], 'it is not deleted as if it were here');
  const [stub = ''] = (await texts()).filter((text) => text.includes('X-Posthorn-Stub'));
  assert.match(stub, /^Subject: large\r$/m);
  assert.match(stub, /^X-Original-Content-Type: text\/html\r$/m);
  assert.match(stub, /posthorn fetch --message 2\r$/m);
  assert.deepEqual((await fetch({ maxSize: 1000, keep: false })).skipped.length, 1, 'it is there once');
  assert.equal((await texts()).length, 2);
  // It was read and moved meanwhile: the message takes that place.
  const trashed = await trashMessages(account, (lookup) => messagesNumbered(lookup, [2]));
  assert.deepEqual(trashed.changed, [2]);
  const whole = await fetch({ maxSize: 1000, keep: false, only: [2] });
  assert.deepEqual(
    whole.fetched.map(({ number, uidl }) => [number, uidl]),
    [[2, 'large']],
  );
  assert.deepEqual(left(), ['large'], 'nothing is deleted in the run that asks for one');
  const mailbox = await Mailbox.view(paths);
  assert.equal(Buffer.from(await (await mailbox.read(2)).bytes()).toString(), server.letters[0]?.text);
  assert.match(mailbox.byNumber(2)?.path ?? '', /Trash/);
  assert.equal((await fetch({ maxSize: 1000, keep: false })).deleted, 1);
  assert.equal(mailbox.messages().length, 2);
});

test('where nothing is too large any more, the message comes by itself, and takes the place of its header', async (t) => {
  const { server, fetch, texts } = await scene(t, [letter('large', 5000)]);
  await fetch({ maxSize: 1000 });
  assert.deepEqual(
    (await fetch()).fetched.map(({ number }) => number),
    [1],
  );
  assert.deepEqual(await texts(), [server.letters[0]?.text]);
});

test('a server without TOP leaves what is too large where it is', async (t) => {
  const { fetch, left } = await scene(t, [letter('large', 5000)], (line) =>
    line.startsWith('TOP') ? '-ERR unknown command\r\n' : undefined,
  );
  const { skipped } = await fetch({ maxSize: 1000, keep: false });
  assert.deepEqual([skipped.map(({ number }) => number), left()], [[undefined], ['large']]);
});

test('a run that ends between the header and the journal is mended; a message in its place is not taken for it', async (t) => {
  const { fetch, paths, server } = await scene(t, [letter('large', 5000)]);
  await fetch({ maxSize: 1000 });
  const mailbox = await Mailbox.view(paths);
  const path = mailbox.byNumber(1)?.path ?? '';
  const stub = await readFile(path);
  // The whole took its place, and nothing was written down.
  await writeFile(path, server.letters[0]?.text ?? '');
  const second = await fetch({ keep: false });
  assert.deepEqual([second.fetched.length, second.deleted, server.letters.length], [0, 1, 0]);
  assert.notDeepEqual(await readFile(path), stub);
});

test('since now: what is there is known from then on, is never fetched nor deleted, and can be asked for', async (t) => {
  const { server, fetch, left, texts } = await scene(t, [letter('old1'), letter('old2')]);
  const { marked, fetched } = await fetch({ sinceNow: true, keep: false });
  assert.deepEqual([marked, fetched.length, left()], [2, 0, ['old1', 'old2']]);
  server.letters.push(letter('new'));
  for (const keep of [false, { newest: 0 }, DAY] as const) await fetch({ keep, deleteRemoved: true });
  assert.deepEqual([left(), (await texts()).length], [['old1', 'old2'], 1]);
  // The id of one that was passed over comes back for another message.
  server.letters.push(letter('old1', 33));
  const third = await fetch({ keep: false });
  assert.deepEqual([uidls(third.fetched), left()], [['old1'], ['old1', 'old2', 'old1']]);
  const asked = await fetch({ passedOver: true, keep: false });
  assert.deepEqual(
    [uidls(asked.fetched), left()],
    [
      ['old1', 'old2'],
      ['old1', 'old1'],
    ],
  );
});

test('a first fetch that was stopped can be passed over all the same', async (t) => {
  const { fetch, left } = await scene(t, [letter('a'), letter('b')], (line) =>
    line.startsWith('RETR') && stopping ? null : undefined,
  );
  let stopping = true;
  await assert.rejects(fetch());
  stopping = false;
  const { marked } = await fetch({ sinceNow: true });
  assert.deepEqual([marked, (await fetch()).fetched.length, left()], [2, 0, ['a', 'b']]);
});

test('what was removed here, or put into the trash, goes on the server; what was moved elsewhere stays', async (t) => {
  const { fetch, files, left, account } = await scene(
    t,
    ['a', 'b', 'c', 'd'].map((name) => letter(name)),
  );
  await fetch();
  const [one = ''] = await files();
  const gone = /Subject: (\w)/.exec(await readFile(one, 'latin1'))?.[1];
  await unlink(one);
  const others = ['a', 'b', 'c', 'd'].filter((name) => name !== gone);
  const number = (name: string) => ['a', 'b', 'c', 'd'].indexOf(name) + 1;
  await trashMessages(account, (lookup) => messagesNumbered(lookup, [number(others[0] ?? '')]));
  assert.deepEqual((await fetch({ deleteRemoved: true })).deleted, 2);
  assert.deepEqual(left(), others.slice(1));
});

test('what is missing here and may be a copy that another program made stays, as long as nobody can say', async (t) => {
  const withId = { uidl: 'id', text: 'Message-ID: <id@x>\r\nSubject: id\r\n\r\nbody\r\n' };
  let hasTop = true;
  const { fetch, files, left, paths } = await scene(t, [withId, letter('none'), letter('large', 50_000)], (line) =>
    line.startsWith('TOP') && !hasTop ? '-ERR what\r\n' : undefined,
  );
  await fetch();
  for (const path of await files()) await unlink(path);
  // Neither is what was fetched, byte for byte.
  const copy = join(paths.maildir, 'cur', '1.M.other:2,S');
  await writeFile(copy, 'Subject: id\r\nMessage-Id: <id@x>\r\n\r\nother body\r\n');
  hasTop = false;
  await fetch({ deleteRemoved: true });
  assert.deepEqual(left(), ['id', 'none'], 'nothing here is about as large as the third');
  hasTop = true;
  await fetch({ deleteRemoved: true });
  assert.deepEqual(left(), ['id', 'none']);
  await writeFile(copy, 'Message-Id: <other@x>\r\n\r\nother body\r\n');
  await fetch({ deleteRemoved: true });
  assert.deepEqual(left(), ['none'], 'without a Message-ID nobody can say');
  await unlink(copy);
  await fetch({ deleteRemoved: true });
  assert.deepEqual(left(), []);
});

test('a mailbox in which nothing is left of much is a doubt', async (t) => {
  const letters = Array.from({ length: 25 }, (_, at) => letter(`m${at}`));
  const { fetch, files, left, said } = await scene(t, letters);
  await fetch();
  for (const path of await files()) await unlink(path);
  assert.equal((await fetch({ deleteRemoved: true })).deleted, 0);
  assert.equal(left().length, 25);
  assert.ok(said.some((text) => text.includes('may be an accident')));
});

test('a number that the server has no message for is an error, and so is asking a server without ids', async (t) => {
  const { fetch } = await scene(t, [letter('a')]);
  await fetch();
  await assert.rejects(fetch({ only: [99] }), (error: unknown) => {
    return error instanceof UsageError && error.code === 'no-such-message';
  });
  const old = await scene(t, [letter('a')], (line) =>
    line === 'CAPA' || line === 'UIDL' ? '-ERR what\r\n' : undefined,
  );
  await assert.rejects(old.fetch({ sinceNow: true }), (error: unknown) => {
    return error instanceof UsageError && error.code === 'no-unique-ids';
  });
});
