import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, mock, test } from 'node:test';
import { startLineServer } from '../../test/support/line-server.ts';
import { type Sandbox, startSandbox } from '../sandbox/sandbox.ts';
import { Mailbox } from '../store/mailbox.ts';
import { type Account, mailboxOf, resolveAccount, type Surroundings } from './account.ts';
import { fetchMail } from './fetch.ts';
import type { FetchOptions } from './fetch-report.ts';

const DAY = 86_400_000;
const hooks = { say: () => undefined, begin: () => undefined, progress: () => undefined };
let folder: string;
let sandbox: Sandbox;
let surroundings: Surroundings;
let account: Account;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthorn-fetch-'));
  sandbox = await startSandbox();
  const [ann] = sandbox.users;
  assert.ok(ann);
  const env = { POSTHORN_PASSWORD: ann.password };
  surroundings = { env, home: folder, uid: undefined };
  const caFile = join(folder, 'authority.pem');
  await writeFile(caFile, sandbox.authority);
  const pop3 = `pop3s://${encodeURIComponent(ann.address)}@${sandbox.host}:${sandbox.ports.pop3s}`;
  account = await resolveAccount({ pop3, caFile }, surroundings);
});
after(async () => {
  mock.timers.reset();
  await sandbox.close();
  await rm(folder, { recursive: true });
});

const fetch = (options: FetchOptions) => fetchMail(account, surroundings, options, hooks);
const onServer = () => sandbox.messages('ann@example.org');

test('the days of keep count from when a message became durable here, not from the first attempt', async () => {
  const paths = mailboxOf(account);
  const [first] = onServer();
  assert.ok(first);
  // An earlier run planned the first message, and never received it.
  const mailbox = await Mailbox.open(paths);
  await mailbox.plan(mailbox.survey([{ uidl: first.uid, size: first.octets }]));
  await mailbox.close();

  const now = Date.now();
  mock.timers.enable({ apis: ['Date'], now: now + 15 * DAY });
  const { fetched, deleted } = await fetch({ keep: 14 * DAY });
  assert.deepEqual([fetched.length, deleted, onServer().length], [3, 0, 3]);

  mock.timers.setTime(now + 28 * DAY);
  assert.equal((await fetch({ keep: 14 * DAY })).deleted, 0);

  // One was read and removed here: that does not keep it on the server.
  const [name = ''] = await readdir(join(paths.maildir, 'new'));
  await rm(join(paths.maildir, 'new', name));
  mock.timers.setTime(now + 30 * DAY);
  const last = await fetch({ keep: 14 * DAY });
  assert.deepEqual([last.fetched.length, last.deleted, onServer().length], [0, 3, 0]);
});

test('a message that the server will not delete does not keep the others there', async (t) => {
  const answers: Record<string, string> = {
    CAPA: '-ERR\r\n',
    STAT: '+OK 2 22\r\n',
    LIST: '+OK\r\n1 11\r\n2 11\r\n.\r\n',
    UIDL: '+OK\r\n1 one\r\n2 two\r\n.\r\n',
    RETR: '+OK\r\na: b\r\n\r\nc\r\n.\r\n',
  };
  const server = await startLineServer(t, '+OK hi\r\n', (line) =>
    line === 'DELE 1' ? '-ERR that one stays\r\n' : (answers[line.slice(0, 4)] ?? '+OK\r\n'),
  );
  const own = await resolveAccount({ pop3: `pop3+insecure://bob@127.0.0.1:${server.port}` }, surroundings);
  const said: string[] = [];
  const report = await fetchMail(own, surroundings, { keep: false }, { ...hooks, say: (text) => void said.push(text) });
  assert.deepEqual([report.fetched.length, report.deleted], [2, 1]);
  assert.ok(said.some((text) => text.includes('one') && text.includes('that one stays')));
  const mailbox = await Mailbox.open(mailboxOf(own));
  const states = mailbox
    .survey([
      { uidl: 'one', size: 11 },
      { uidl: 'two', size: 11 },
    ])
    .map(({ state }) => state);
  await mailbox.close();
  // What is gone there and comes back is new mail; what stayed is not fetched again.
  assert.deepEqual(states, ['stored', 'new']);
});

test('sizes that are lies: the bytes count, and what is listed with another size later is fetched and not deleted', async (t) => {
  let size = 5_000_000;
  const server = await startLineServer(t, '+OK hi\r\n', (line) => {
    const answers: Record<string, string> = {
      CAPA: '-ERR\r\n',
      STAT: `+OK 1 ${size}\r\n`,
      LIST: `+OK\r\n1 ${size}\r\n.\r\n`,
      UIDL: '+OK\r\n1 one\r\n.\r\n',
      RETR: '+OK\r\na: b\r\n\r\nc\r\n.\r\n',
    };
    return answers[line.slice(0, 4)] ?? '+OK\r\n';
  });
  const own = await resolveAccount({ pop3: `pop3+insecure://carol@127.0.0.1:${server.port}` }, surroundings);
  const again = (keep: boolean) => fetchMail(own, surroundings, { keep }, hooks);
  assert.deepEqual((await again(true)).fetched, [{ number: 1, uidl: 'one', size: 11 }]);
  assert.equal((await again(true)).fetched.length, 0);
  size = 777;
  const { fetched, deleted } = await again(false);
  assert.deepEqual([fetched.length, deleted], [1, 0]);
});
