import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, type TestContext, test } from 'node:test';
import { startOldServer } from '../../test/support/old-server.ts';
import { PosthornError } from '../errors.ts';
import { Mailbox } from '../store/mailbox.ts';
import { mailboxOf, resolveAccount } from './account.ts';
import { fetchMail } from './fetch.ts';
import type { FetchOptions, FetchReport } from './fetch-report.ts';

type Answer = Parameters<typeof startOldServer>[2];

const letter = (name: string): string => `Subject: ${name}\r\n\r\n${name} ${'x'.repeat(name.length * 20)}\r\n`;
const ONE = letter('one');
const TWO = letter('two');
const THREE = letter('three');

async function scene(t: TestContext, messages: readonly string[], answer?: Answer) {
  const home = await mkdtemp(join(tmpdir(), 'posthorn-by-content-'));
  t.after(() => rm(home, { recursive: true }));
  const server = await startOldServer(t, messages, answer);
  const surroundings = { env: { POSTHORN_PASSWORD: 'secret' }, home, uid: undefined };
  const account = await resolveAccount({ pop3: `pop3+insecure://ann@127.0.0.1:${server.port}` }, surroundings);
  const warnings: string[] = [];
  const hooks = { say: (text: string) => void warnings.push(text), begin: () => undefined, progress: () => undefined };
  const fetch = (options: FetchOptions = {}): Promise<FetchReport> => fetchMail(account, surroundings, options, hooks);
  const folder = join(mailboxOf(account).maildir, 'new');
  const stored = async (): Promise<string[]> =>
    (await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'latin1')))).sort();
  return { server, fetch, stored, warnings, paths: mailboxOf(account) };
}

const numbers = ({ fetched }: FetchReport): number[] => fetched.map(({ number }) => number);

test('what is here already is downloaded again and not stored twice; each run says once what that costs', async (t) => {
  const { server, fetch, stored, warnings } = await scene(t, [ONE, TWO]);
  const first = await fetch();
  assert.deepEqual([first.byContent, first.onServer, first.deleted, numbers(first)], [true, 2, 0, [1, 2]]);
  server.messages.push(THREE);
  assert.deepEqual(numbers(await fetch()), [3]);
  assert.deepEqual(numbers(await fetch()), []);
  assert.deepEqual(await stored(), [ONE, TWO, THREE].sort());
  assert.equal(server.retrieved(), 2 + 3 + 3);
  assert.equal(warnings.filter((text) => /no unique ids \(UIDL\)/.test(text)).length, 3);
  assert.equal(server.messages.length, 3);
});

test('two messages of the same bytes are two messages', async (t) => {
  const { server, fetch, stored } = await scene(t, [ONE, ONE]);
  assert.deepEqual(numbers(await fetch()), [1, 2]);
  assert.deepEqual(numbers(await fetch()), []);
  server.messages.push(ONE);
  assert.deepEqual(numbers(await fetch({ keep: false })), [3]);
  assert.deepEqual(await stored(), [ONE, ONE, ONE]);
  assert.equal(server.messages.length, 0);
  // What was deleted there and comes again is new.
  server.messages.push(ONE);
  assert.deepEqual(numbers(await fetch()), [4]);
});

test('deleted is what came whole in this session, and nothing else', async (t) => {
  const { server, fetch, stored, warnings } = await scene(t, [ONE, TWO, THREE], (line) =>
    line === 'RETR 2' ? '-ERR cannot read it\r\n' : undefined,
  );
  assert.deepEqual(numbers(await fetch()), [1, 2]);
  const second = await fetch({ keep: false });
  assert.deepEqual([numbers(second), second.deleted, second.failed.length], [[], 2, 1]);
  assert.deepEqual(server.messages, [TWO]);
  assert.deepEqual(await stored(), [ONE, THREE].sort());
  assert.ok(second.failed[0]?.reason.includes('number 2'));
  assert.equal(warnings.length, 4, 'the connection is not encrypted, and there is no UIDL, twice');
});

test('the days of keep count from when a message became durable here', async (t) => {
  t.after(() => mock.timers.reset());
  const { server, fetch } = await scene(t, [ONE]);
  const now = Date.now();
  mock.timers.enable({ apis: ['Date'], now });
  const keep = 14 * 86_400_000;
  assert.equal((await fetch({ keep })).deleted, 0);
  server.messages.push(TWO);
  mock.timers.setTime(now + keep + 1000);
  assert.deepEqual((await fetch({ keep })).deleted, 1);
  assert.deepEqual(server.messages, [TWO]);
});

test('--limit counts what is new, and --max-size looks at nothing larger', async (t) => {
  const { fetch, stored, server } = await scene(t, [ONE, TWO, THREE]);
  assert.deepEqual(numbers(await fetch({ limit: 1 })), [1]);
  const second = await fetch({ limit: 1 });
  assert.deepEqual([numbers(second), second.skipped.map(({ reason }) => reason)], [[2], ['limit']]);
  const third = await fetch({ maxSize: THREE.length - 1, keep: false });
  assert.deepEqual(
    [numbers(third), third.skipped],
    [[], [{ uidl: undefined, number: undefined, size: THREE.length, reason: 'max-size' }]],
  );
  assert.deepEqual([await stored(), server.messages], [[ONE, TWO].sort(), [THREE]]);
});

test('a dry run downloads nothing and deletes nothing', async (t) => {
  const { server, fetch } = await scene(t, [ONE, TWO]);
  const { fetched, deleted, dryRun, byContent } = await fetch({ dryRun: true, keep: false });
  assert.deepEqual([fetched.length, deleted, dryRun, byContent], [2, 0, true, true]);
  assert.deepEqual([server.retrieved(), server.messages.length], [0, 2]);
});

test('a server that announces UIDL and refuses it is not taken for one without', async (t) => {
  const { server, fetch } = await scene(t, [ONE], (line) =>
    line === 'CAPA' ? '+OK\r\nUSER\r\nUIDL\r\n.\r\n' : undefined,
  );
  await assert.rejects(fetch({ keep: false }), { code: 'pop3-reply', phase: 'uidl' });
  assert.deepEqual([server.retrieved(), server.messages.length], [0, 1]);
});

test('a server that had UIDL and has none any more: nothing comes twice', async (t) => {
  let uidl: string | undefined = '+OK\r\n1 a\r\n2 b\r\n.\r\n';
  const { server, fetch, stored } = await scene(t, [ONE, TWO], (line) => (line === 'UIDL' ? uidl : undefined));
  assert.equal((await fetch()).byContent, false);
  uidl = undefined;
  const second = await fetch({ keep: false });
  assert.deepEqual([second.byContent, numbers(second), second.deleted], [true, [], 2]);
  assert.deepEqual([server.messages, await stored()], [[], [ONE, TWO].sort()]);
});

/** UIDL as a server with these ids answers it. */
const uidls = (...ids: string[]): string => `+OK\r\n${ids.map((id, at) => `${at + 1} ${id}\r\n`).join('')}.\r\n`;

test('a server that has UIDL from now on, or other ids than before: nothing comes twice, and what came may go', async (t) => {
  let uidl: string | undefined;
  const { server, fetch, stored, warnings } = await scene(t, [ONE, TWO], (line) =>
    line === 'UIDL' ? uidl : undefined,
  );
  await fetch();
  server.messages.push(THREE);
  uidl = uidls('a', 'b', 'c');
  assert.deepEqual(numbers(await fetch()), [3]);
  const before = server.retrieved();
  assert.deepEqual(numbers(await fetch()), []);
  assert.equal(server.retrieved(), before, 'they are known by their ids now');

  uidl = uidls('moved-1', 'moved-2', 'moved-3');
  assert.deepEqual(numbers(await fetch()), []);
  assert.equal((await fetch({ keep: false })).deleted, 3);
  assert.equal(server.messages.length, 0);
  assert.deepEqual(await stored(), [ONE, TWO, THREE].sort());
  assert.equal(warnings.filter((text) => /[23] messages are here already/.test(text)).length, 2);
});

test('a move to other ids that breaks off in the middle goes on in the next run', async (t) => {
  const many = Array.from({ length: 70 }, (_, at) => letter(`number ${at}`));
  let prefix = 'old';
  let left = Number.POSITIVE_INFINITY;
  const { server, fetch, stored } = await scene(t, many, (line) => {
    if (line === 'UIDL') return uidls(...many.map((_, at) => `${prefix}-${at}`));
    return line.startsWith('RETR') && left-- <= 0 ? null : undefined;
  });
  assert.equal((await fetch()).fetched.length, 70);
  prefix = 'new';
  left = 66;
  await assert.rejects(fetch(), { code: 'connection-lost' });
  left = Number.POSITIVE_INFINITY;
  assert.deepEqual(numbers(await fetch()), []);
  const { fetched, deleted } = await fetch({ keep: false });
  assert.deepEqual([fetched.length, deleted, server.messages.length], [0, 70, 0]);
  assert.equal((await stored()).length, 70);
});

test('cut behind any answer, nothing is lost, nothing comes twice, and nothing goes that is not here', async (t) => {
  const all = [ONE, TWO, THREE];
  // CAPA, USER, PASS, CAPA, STAT, LIST, UIDL, three RETR, three DELE, QUIT.
  for (let allowed = 0; allowed <= 13; allowed++) {
    let left = allowed;
    const { server, fetch, stored } = await scene(t, all, () => (left-- > 0 ? undefined : null));
    const error: unknown = await fetch({ keep: false }).catch((reason: unknown) => reason);
    assert.ok(error instanceof PosthornError && error.temporary, `after ${allowed} answers`);
    assert.equal(server.messages.length, 3, `after ${allowed} answers`);
    left = Number.POSITIVE_INFINITY;
    const { deleted } = await fetch({ keep: false });
    assert.deepEqual([deleted, server.messages, await stored()], [3, [], [...all].sort()], `after ${allowed} answers`);
  }
});

test('what a killed run left in tmp is removed when nobody can be writing it any more', async (t) => {
  const { fetch, paths } = await scene(t, [ONE]);
  await fetch();
  const tmp = join(paths.maildir, 'tmp');
  const [old, young] = ['1700000000.R0123456789abcdef.01234567', '1700000001.R0123456789abcdef.01234567'];
  for (const name of [old ?? '', young ?? '', 'of-another-program']) await writeFile(join(tmp, name), 'half');
  const long = Date.now() / 1000 - 37 * 3600;
  for (const name of [old ?? '', 'of-another-program']) await utimes(join(tmp, name), long, long);
  const mailbox = await Mailbox.open(paths);
  await mailbox.close();
  assert.deepEqual((await readdir(tmp)).sort(), [young, 'of-another-program']);
});
