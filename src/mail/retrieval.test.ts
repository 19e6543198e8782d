import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type LineServer, startLineServer } from '../../test/support/line-server.ts';
import { StoreError } from '../errors.ts';
import { Mailbox } from '../store/mailbox.ts';
import { type Account, mailboxOf, resolveAccount, type Surroundings } from './account.ts';
import { fetchMail } from './fetch.ts';

const COUNT = 200;
const MESSAGE = 'a: b\r\n\r\nc\r\n';
const RETRIEVED = `+OK\r\n${MESSAGE}.\r\n`;
const hooks = { say: () => undefined, begin: () => undefined, progress: () => undefined };

/** What a server with `COUNT` messages says to all but RETR and QUIT. */
function listing(line: string): string {
  const rows = (row: (at: number) => string) => Array.from({ length: COUNT }, (_, at) => `${row(at + 1)}\r\n`).join('');
  if (line === 'CAPA') return '+OK\r\nUSER\r\nUIDL\r\nPIPELINING\r\n.\r\n';
  if (line === 'STAT') return `+OK ${COUNT} ${COUNT * MESSAGE.length}\r\n`;
  if (line === 'LIST') return `+OK\r\n${rows((at) => `${at} ${MESSAGE.length}`)}.\r\n`;
  if (line === 'UIDL') return `+OK\r\n${rows((at) => `${at} uid-${at}`)}.\r\n`;
  return '+OK\r\n';
}

interface Scene {
  readonly server: LineServer;
  readonly account: Account;
  readonly surroundings: Surroundings;
}

async function scene(t: TestContext, answer: (line: string) => string | undefined | null): Promise<Scene> {
  const home = await mkdtemp(join(tmpdir(), 'posthorn-retrieval-'));
  t.after(() => rm(home, { recursive: true }));
  const server = await startLineServer(t, '+OK hi\r\n', answer);
  const surroundings = { env: { POSTHORN_PASSWORD: 'secret' }, home, uid: undefined };
  const account = await resolveAccount({ pop3: `pop3+insecure://ann@127.0.0.1:${server.port}` }, surroundings);
  return { server, account, surroundings };
}

const isRetr = (line: string): boolean => line.startsWith('RETR');

test('a mailbox of small messages is asked for in one flight', async (t) => {
  // Not one message comes before the last is asked for: whoever waits for one waits in vain.
  const { account, surroundings } = await scene(t, (line) => {
    if (isRetr(line)) return line === `RETR ${COUNT}` ? RETRIEVED.repeat(COUNT) : undefined;
    return listing(line);
  });
  const { fetched } = await fetchMail(account, surroundings, {}, hooks);
  assert.deepEqual(
    fetched.map(({ number, uidl }) => [number, uidl]),
    Array.from({ length: COUNT }, (_, at) => [at + 1, `uid-${at + 1}`]),
  );
});

test('QUIT is said when everything is durable, as some servers erase then; its answer is not waited for', async (t) => {
  const told = Promise.withResolvers<number>();
  const { account, surroundings } = await scene(t, (line) => {
    if (isRetr(line)) return RETRIEVED;
    if (line !== 'QUIT') return listing(line);
    told.resolve(readdirSync(join(mailboxOf(account).maildir, 'new')).length);
    return undefined;
  });
  const { fetched } = await fetchMail(account, surroundings, {}, hooks);
  assert.deepEqual([fetched.length, await told.promise], [COUNT, COUNT]);
});

test('where something is to be deleted, DELE comes behind the last message, and QUIT along with it', async (t) => {
  let marked = 0;
  const { server, account, surroundings } = await scene(t, (line) => {
    if (isRetr(line)) return RETRIEVED;
    if (line.startsWith('DELE')) marked += 1;
    // Answered in one piece: whoever waits for the answer to a DELE waits in vain.
    if (marked > 0) return line === 'QUIT' ? '+OK\r\n'.repeat(marked + 1) : undefined;
    return listing(line);
  });
  const { deleted } = await fetchMail(account, surroundings, { keep: false }, hooks);
  assert.equal(deleted, COUNT);
  const said = server.heard();
  assert.ok(said.indexOf('DELE') > said.lastIndexOf('RETR'));
});

test('a message the server will not give does not keep the others from coming', async (t) => {
  const { account, surroundings } = await scene(t, (line) => {
    if (isRetr(line)) return line === 'RETR 2' ? '-ERR that one is broken\r\n' : RETRIEVED;
    return listing(line);
  });
  const { fetched, failed } = await fetchMail(account, surroundings, {}, hooks);
  assert.equal(fetched.length, COUNT - 1);
  assert.deepEqual(
    failed.map(({ uidl }) => uidl),
    ['uid-2'],
  );
});

test('where the disk fails, what is under way is not waited for, and nothing of it is left', async (t) => {
  const { account, surroundings } = await scene(t, (line) => {
    // A hundred come, and then nothing more.
    if (isRetr(line)) return Number(line.slice(5)) <= 100 ? RETRIEVED : undefined;
    return line === 'QUIT' ? undefined : listing(line);
  });
  const paths = mailboxOf(account);
  let gone: Promise<void> | undefined;
  const progress = (): void => {
    gone ??= rm(join(paths.maildir, 'new'), { recursive: true });
  };
  await assert.rejects(fetchMail(account, surroundings, {}, { ...hooks, progress }), StoreError);
  await gone;
  assert.deepEqual(await readdir(join(paths.maildir, 'tmp')), []);
  // The lock was given back.
  await assert.rejects(Mailbox.open(paths), (error) => error instanceof StoreError && error.code === 'mailbox-missing');
});

test('what came whole before the connection broke is stored', async (t) => {
  const { account, surroundings } = await scene(t, (line) => {
    if (isRetr(line)) return Number(line.slice(5)) <= 100 ? RETRIEVED : null;
    return listing(line);
  });
  await assert.rejects(fetchMail(account, surroundings, {}, hooks));
  const mailbox = await Mailbox.open(mailboxOf(account));
  t.after(() => mailbox.close());
  assert.equal(mailbox.messages().length, 100);
});
