import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mock, type TestContext, test } from 'node:test';
import { startOldServer } from '../../test/support/old-server.ts';
import { AuthError } from '../errors.ts';
import { mailboxOf, resolveAccount } from './account.ts';
import { fetchMail } from './fetch.ts';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 10, 24, 12);
const hooks = { say: () => undefined, begin: () => undefined, progress: () => undefined };

/** A server that announces one pause before the login and, it may be, another one behind it. */
async function scene(t: TestContext, before: string, behind: string) {
  mock.timers.enable({ apis: ['Date'], now: NOW });
  t.after(() => mock.timers.reset());
  const home = await mkdtemp(join(tmpdir(), 'posthorn-pause-'));
  t.after(() => rm(home, { recursive: true }));
  const state = { refuses: false, inside: false };
  const server = await startOldServer(t, ['a: b\r\n\r\nc\r\n'], (line) => {
    if (line === 'QUIT') state.inside = false;
    if (line === 'CAPA') return `+OK\r\nUSER\r\nRESP-CODES\r\n${state.inside ? behind : before}\r\n.\r\n`;
    if (!line.startsWith('PASS')) return undefined;
    if (state.refuses) return '-ERR [LOGIN-DELAY] not yet\r\n';
    state.inside = true;
    return undefined;
  });
  const surroundings = { env: { POSTHORN_PASSWORD: 'secret' }, home, uid: undefined };
  const account = await resolveAccount({ pop3: `pop3+insecure://ann@127.0.0.1:${server.port}` }, surroundings);
  const fetch = () => fetchMail(account, surroundings, {}, hooks);
  /** The seconds that the refusal of a fetch names. */
  const refused = async (): Promise<number | undefined> => {
    const error: unknown = await fetch().catch((reason: unknown) => reason);
    assert.ok(error instanceof AuthError && error.temporary, String(error));
    assert.equal(error.code, 'auth-unavailable');
    return error.retryAfter;
  };
  return { server, state, fetch, refused, file: join(mailboxOf(account).state, 'login.json') };
}

test('a refusal for the pause says how long it still is, and the next run asks nothing in vain', async (t) => {
  const { server, state, fetch, refused } = await scene(t, 'LOGIN-DELAY 86400 USER', 'LOGIN-DELAY 600');
  await fetch();
  await fetch();
  state.refuses = true;
  mock.timers.setTime(NOW + MINUTE);
  assert.equal(await refused(), 540);
  const { connections } = server;
  assert.equal(connections(), 3);
  mock.timers.setTime(NOW + 2 * MINUTE + 1);
  assert.equal(await refused(), 480);
  assert.equal(connections(), 3);

  // Another program was there meanwhile: then it is the whole pause again.
  mock.timers.setTime(NOW + 10 * MINUTE);
  assert.equal(await refused(), 600);
  assert.equal(connections(), 4);
  state.refuses = false;
  mock.timers.setTime(NOW + 20 * MINUTE);
  await fetch();
  await fetch();
  assert.equal(connections(), 6);
});

test('what is asked of all users at most keeps nobody away', async (t) => {
  const { server, state, fetch, refused } = await scene(t, 'LOGIN-DELAY 86400 USER', 'X');
  await fetch();
  state.refuses = true;
  assert.equal(await refused(), 86400);
  state.refuses = false;
  await fetch();
  assert.equal(server.connections(), 3);
});

test('a clock that was set back, and a record that is damaged or about another login, keep nobody away', async (t) => {
  const { server, state, fetch, refused, file } = await scene(t, 'LOGIN-DELAY 900', 'LOGIN-DELAY 900');
  await fetch();
  state.refuses = true;
  assert.equal(await refused(), 900);
  const record = await readFile(file, 'utf8');
  state.refuses = false;
  mock.timers.setTime(NOW - 24 * 60 * MINUTE);
  await fetch();
  mock.timers.setTime(NOW + MINUTE);
  for (const text of ['', 'null', '{', record.replace('ann@', 'bob@'), '[]', `${record}${' '.repeat(5000)}`]) {
    await writeFile(file, text);
    await fetch();
  }
  assert.equal(server.connections(), 9);
  await writeFile(file, record);
  assert.equal(await refused(), 840);
  assert.equal(server.connections(), 9);
});

test('a server that asks for years is asked again after a day', async (t) => {
  const years = `LOGIN-DELAY ${3000 * 86_400}`;
  const { server, state, fetch, refused } = await scene(t, years, years);
  await fetch();
  state.refuses = true;
  assert.deepEqual([await refused(), await refused(), server.connections()], [86_400, 86_400, 2]);
  mock.timers.setTime(NOW + 86_400_001);
  await refused();
  assert.equal(server.connections(), 3);
});
