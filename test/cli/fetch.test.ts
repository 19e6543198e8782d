/** `posthorn fetch` of several accounts, once and again and again, as the built program does it. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Letter, letter, startMaildropServer } from '../support/maildrop-server.ts';
import { ended, type Home, makeHome } from '../support/program.ts';

type Answer = Parameters<typeof startMaildropServer>[2];

/** A home whose configuration has an account for each of these servers. */
async function accounts(
  t: TestContext,
  servers: Readonly<Record<string, { letters?: readonly Letter[]; answer?: Answer; more?: string }>>,
) {
  const home = await makeHome(t);
  const started = new Map<string, Awaited<ReturnType<typeof startMaildropServer>>>();
  let config = '';
  for (const [name, { letters = [], answer, more = '' }] of Object.entries(servers)) {
    const server = await startMaildropServer(t, letters, answer);
    started.set(name, server);
    config += `[account.${name}]\npop3 = "pop3+insecure://ann@127.0.0.1:${server.port}"\npassword = "secret"\n${more}\n`;
  }
  mkdirSync(join(home.folder, 'config/posthorn'), { recursive: true });
  writeFileSync(join(home.folder, 'config/posthorn/config.toml'), config, { mode: 0o600 });
  return { home, servers: started };
}

const lines = (text: string) => text.trim().split('\n').filter(Boolean);
const reports = (text: string) => lines(text).map((line) => JSON.parse(line) as Report);
interface Report {
  account: string;
  error: { code: string } | null;
  fetched: unknown[];
}

const refuse: Answer = (line) => (line.startsWith('PASS') ? '-ERR no\r\n' : undefined);
const busy: Answer = (line) => (line.startsWith('PASS') ? '-ERR [IN-USE] busy\r\n' : undefined);

test('without a name all accounts are fetched; one that fails does not stop the others, and is told of', async (t) => {
  const { home } = await accounts(t, {
    busy: { answer: busy },
    home: { letters: [letter('a')] },
    wrong: { answer: refuse },
    work: { letters: [letter('b'), letter('c')] },
  });
  const { code, stderr } = await home.posthorn(['fetch']);
  assert.equal(code, 77, 'what trying again does not mend comes before what it may');
  assert.match(stderr, /^home: 1 new message, 1 on the server\. See them with posthorn list -a home\.$/m);
  assert.match(stderr, /^work: 2 new messages, 2 on the server\./m);
  assert.match(stderr, /^posthorn: wrong: .+/m);
  assert.match(stderr, /^posthorn: busy: .+/m);
  const again = await home.posthorn(['fetch', '--json']);
  assert.equal(again.code, 77);
  assert.deepEqual(
    reports(again.stdout).map(({ account, error, fetched }) => [account, error?.code ?? null, fetched.length]),
    [
      ['busy', 'auth-unavailable', 0],
      ['home', null, 0],
      ['wrong', 'auth-rejected', 0],
      ['work', null, 0],
    ],
  );
  assert.equal((await home.posthorn(['fetch', 'home', 'busy'])).code, 75);
  assert.equal((await home.posthorn(['fetch', 'home', 'work'])).code, 0);
  assert.equal((await home.posthorn(['fetch', 'home', '-a', 'work'])).code, 64);
  assert.equal((await home.posthorn(['fetch', 'hme'])).code, 78);
});

test('one password is not used for several accounts', async (t) => {
  const { home, servers } = await accounts(t, { one: {}, two: {} });
  const { code } = await home.refused(64, ['fetch'], { env: { POSTHORN_PASSWORD: 'secret' } });
  assert.equal(code, 'several-accounts');
  for (const server of servers.values()) assert.equal(server.connections(), 0);
});

test('a dry run says for every message what would happen, and by which rule', async (t) => {
  const { home, servers } = await accounts(t, {
    home: { letters: [letter('a'), letter('b', 5000), letter('c')], more: 'max_size = "1k"\nkeep = "newest 1"' },
  });
  const { stdout, stderr } = await home.posthorn(['fetch', '--dry-run']);
  assert.deepEqual(
    lines(stdout).map((line) => line.replaceAll(/\s+/g, ' ').trim()),
    [
      '1 72 B would be fetched: it is new; deleted there: not among the 1 newest',
      '2 5.1 kB is too large (max-size): only its header would be fetched; kept there: it is not here',
      '3 72 B would be fetched: it is new; kept there: among the 1 newest',
    ],
  );
  assert.match(stderr, /2 new messages would come, 3 on the server, 1 would be deleted there, 1 left there/);
  await home.posthorn(['fetch']);
  assert.deepEqual(
    servers.get('home')?.letters.map(({ uidl }) => uidl),
    ['b', 'c'],
  );
  assert.match((await home.posthorn(['read', '3'])).stdout, /posthorn fetch --message 3/);
  assert.equal((await home.posthorn(['fetch', '--message', '3'])).code, 0);
  assert.match((await home.posthorn(['read', '3'])).stdout, /x{40}/);
});

/** Waits, for at most a quarter of a minute, until something is so. */
async function until(is: () => boolean): Promise<void> {
  for (let step = 0; step < 300 && !is(); step += 1) await sleep(50);
  assert.ok(is());
}

function watching(home: Home, args: readonly string[] = []) {
  const child = home.start(['fetch', '--watch=1h', ...args]);
  let said = '';
  child.stderr?.on('data', (piece: Buffer) => {
    said += piece.toString();
  });
  return { child, said: () => said, end: ended(child) };
}

test('--watch fetches at once and when it is told to, says only what is new, and ends with 0 when it is stopped', async (t) => {
  const { home, servers } = await accounts(t, { home: { letters: [letter('a')] }, wrong: { answer: refuse } });
  const { child, said, end } = watching(home);
  await until(() => /home: 1 new message/.test(said()) && /not tried again/.test(said()));
  const server = servers.get('home');
  assert.ok(server);
  server.letters.push(letter('b'));
  child.kill('SIGUSR2');
  await until(() => said().match(/home: 1 new message/g)?.length === 2);
  child.kill('SIGUSR2');
  await until(() => server.connections() === 3);
  child.kill('SIGTERM');
  const { code, stderr } = await end;
  assert.equal(code, 0);
  assert.equal(servers.get('wrong')?.connections(), 1, 'a wrong password is not tried twice');
  assert.deepEqual(
    lines(stderr).filter((line) => /No new messages|\r|\x1b/.test(line)),
    [],
  );
});

test('--watch ends by itself only when no account is left to try', async (t) => {
  const { home } = await accounts(t, { wrong: { answer: refuse } });
  const { end } = watching(home);
  assert.equal((await end).code, 77);
});

test('on_new runs once a fetch that brought something, and its failure is a warning', async (t) => {
  const { home, servers } = await accounts(t, {
    home: {
      letters: [letter('a'), letter('b')],
      more: `on_new = 'sh -c "env | sort >> told; cat >> told; echo >&2 oh no; exit 1"'`,
    },
  });
  const { code, stderr } = await home.posthorn(['fetch'], { env: { POSTHORN_PASSWORD: 'secret' } });
  assert.equal(code, 0);
  assert.match(stderr, /warning: the command for new mail failed with exit code 1: oh no/);
  const told = readFileSync(join(home.folder, 'told'), 'utf8');
  assert.match(told, /^POSTHORN_ACCOUNT=home\nPOSTHORN_COUNT=2\nPOSTHORN_NUMBERS=1-2$/m);
  assert.doesNotMatch(told, /secret/);
  const report = JSON.parse(told.split('\n').find((line) => line.startsWith('{')) ?? '') as Report;
  assert.deepEqual([report.account, report.fetched.length], ['home', 2]);
  await home.posthorn(['fetch']);
  servers.get('home')?.letters.push(letter('c'));
  await home.posthorn(['fetch', '--dry-run']);
  assert.equal(readFileSync(join(home.folder, 'told'), 'utf8'), told, 'nothing new, nothing told');
});

test('a delivery command gets each message; what it refuses is told of and kept on the server', async (t) => {
  const { home, servers } = await accounts(t, { home: { letters: [letter('a'), letter('b')] } });
  writeFileSync(join(home.folder, 'mda'), '#!/bin/sh\ncat > got; grep -q "Subject: a" got && exit 0; exit 75\n', {
    mode: 0o755,
  });
  const { code, stderr } = await home.posthorn(['fetch', '--delete', '--deliver', `mda:${home.folder}/mda`]);
  assert.equal(code, 75);
  assert.match(stderr, /message b did not come: the delivery command says: try again later \(75\)/);
  assert.deepEqual(
    servers.get('home')?.letters.map(({ uidl }) => uidl),
    ['b'],
  );
  assert.equal((await home.refused(64, ['fetch', '--deliver', 'somewhere'])).code, 'bad-deliver');
});

test('a configuration that names commands is refused where others could change it', async (t) => {
  for (const more of ['on_new = "true"', 'deliver = "mda:true"']) {
    const home = await makeHome(t);
    mkdirSync(join(home.folder, 'config/posthorn'), { recursive: true });
    const path = join(home.folder, 'config/posthorn/config.toml');
    writeFileSync(path, `[account.a]\npop3 = "pop3://a@127.0.0.1"\n${more}\n`);
    const { chmodSync } = await import('node:fs');
    chmodSync(path, 0o666);
    assert.equal((await home.refused(78, ['fetch'])).code, 'config-writable');
  }
});

test('filter rules at a fetch, and by hand on what was here before', async (t) => {
  const { home } = await accounts(t, { home: { letters: [letter('list1'), letter('boss')] } });
  assert.equal((await home.refused(78, ['filter'])).code, 'no-filters');
  await home.posthorn(['fetch']);
  const path = join(home.folder, 'config/posthorn/config.toml');
  const rules = `[[filter]]\nname = "the list"\nfield = "subject"\nstarts = "list"\ntag = "dev"\nmove = "Lists"\nseen = true\n`;
  writeFileSync(path, rules + readFileSync(path, 'utf8'), { mode: 0o600 });
  const dry = await home.posthorn(['filter', '--dry-run']);
  assert.equal(dry.stdout, '1  would be tagged dev; seen; moved to Lists (the list)\n');
  assert.match(dry.stderr, /1 of 2 messages would be filtered\./);
  assert.match((await home.posthorn(['fetch'])).stderr, /^No new messages, 2 on the server\./m);
  assert.equal((await home.posthorn(['filter'])).code, 0);
  assert.equal((await home.json<{ messages: unknown[] }>(['list', 'tag:dev'])).messages.length, 1);
  await home.posthorn(['undo']);
  assert.equal((await home.json<{ messages: unknown[] }>(['list', 'tag:dev'])).messages.length, 0);
});
