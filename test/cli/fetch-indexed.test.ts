/** What a fetch brings is in the index when the fetch ends; and whatever the index is like, the fetch is none the worse. */
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { putMessages } from '../support/maildir.ts';
import { letter, startMaildropServer } from '../support/maildrop-server.ts';
import { ended, type Home, makeHome, PROGRAM } from '../support/program.ts';
import { noTerminal, onTerminal } from '../support/tty.ts';

const ACCOUNT = 'posthorn/ann@example.org';
const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;

/** A home of an account for each of these names, whose server has these letters. */
async function homeWith(t: TestContext, uidls: readonly string[], names = ['ann@example.org']): Promise<Home> {
  const home = await makeHome(t);
  let config = '';
  for (const name of names) {
    const { port } = await startMaildropServer(
      t,
      uidls.map((uidl) => letter(uidl)),
    );
    config += `[account."${name}"]\npop3 = "pop3+insecure://ann@127.0.0.1:${port}"\npassword = "secret"\n`;
  }
  mkdirSync(join(home.folder, 'config/posthorn'), { recursive: true });
  writeFileSync(join(home.folder, 'config/posthorn/config.toml'), config, { mode: 0o600 });
  return home;
}

const cache = ({ folder }: Home, account = ACCOUNT) => join(folder, 'cache', account);
const file = (home: Home) => join(cache(home), 'index.sqlite');

/** The numbers of the messages whose words are in the index. */
function indexed(path: string): number[] {
  if (!existsSync(path)) return [];
  const database = new DatabaseSync(path, { readOnly: true, timeout: 5000 });
  try {
    const rows = database
      .prepare('SELECT number FROM messages JOIN content ON content.rowid = number WHERE read = 1')
      .all();
    return rows.map(({ number }) => number as number);
  } finally {
    database.close();
  }
}

async function fetches(home: Home, count: number, ...args: string[]): Promise<void> {
  const { code, stderr } = await home.posthorn(['fetch', ...args]);
  assert.equal(code, 0, stderr);
  assert.match(stderr, new RegExp(`^${count} new message`, 'm'));
  assert.doesNotMatch(stderr, /index/i);
}

test('a fetch puts what came into the index, and nothing touches that where nothing came', async (t) => {
  const home = await homeWith(t, ['a', 'b', 'c']);
  await fetches(home, 2, '--limit', '2');
  assert.deepEqual(indexed(file(home)), [1, 2]);
  await fetches(home, 1);
  assert.deepEqual(indexed(file(home)), [1, 2, 3]);
  const before = statSync(file(home), { bigint: true }).mtimeNs;
  assert.match((await home.posthorn(['fetch'])).stderr, /^No new messages/m);
  assert.equal(statSync(file(home), { bigint: true }).mtimeNs, before);
  rmSync(cache(home), { recursive: true });
  assert.match((await home.posthorn(['fetch'])).stderr, /^No new messages/m);
  assert.ok(!existsSync(cache(home)));
});

test('without an index none is made, and the next list makes it', async (t) => {
  const home = await homeWith(t, ['a', 'b']);
  await fetches(home, 2, '--no-index');
  assert.ok(!existsSync(cache(home)));
  assert.equal((await home.posthorn(['list'])).stdout.trim().split('\n').length, 2);
  assert.deepEqual(indexed(file(home)), [1, 2]);
});

test('headers of large messages, and the messages in their place, are indexed too', async (t) => {
  const home = await homeWith(t, ['a']);
  assert.equal((await home.posthorn(['fetch', '--max-size', '20'])).code, 0);
  assert.deepEqual(indexed(file(home)), [1]);
  await fetches(home, 1);
  assert.deepEqual(indexed(file(home)), [1]);
});

test('a dry run, and mail that goes elsewhere, make no index', async (t) => {
  const home = await homeWith(t, ['a']);
  assert.equal((await home.posthorn(['fetch', '--dry-run'])).code, 0);
  await fetches(home, 1, '--deliver', `maildir:${join(home.folder, 'elsewhere')}`);
  assert.ok(!existsSync(cache(home)));
});

test('of several accounts each has its own; a fetch that goes on does it each time', async (t) => {
  const home = await homeWith(t, ['a'], ['home', 'work']);
  const files = ['home', 'work'].map((name) => join(cache(home, `posthorn/${name}`), 'index.sqlite'));
  assert.equal((await home.posthorn(['fetch'])).code, 0);
  assert.deepEqual(files.map(indexed), [[1], [1]]);

  const one = await homeWith(t, ['a']);
  const watching = one.start(['fetch', '--watch=1h']);
  const end = ended(watching);
  for (let looks = 0; looks < 100 && indexed(file(one)).length === 0; looks++) await sleep(50);
  watching.kill('SIGINT');
  assert.equal((await end).code, 0);
  assert.deepEqual(indexed(file(one)), [1]);
});

test('an index that is damaged is made anew; one that is locked or cannot be made is left, and that quickly', async (t) => {
  const home = await homeWith(t, ['a', 'b', 'c', 'd']);
  await fetches(home, 1, '--limit', '1');
  writeFileSync(file(home), Buffer.alloc(50_000, 1));
  await fetches(home, 1, '--limit', '1');
  assert.deepEqual(indexed(file(home)), [1, 2]);

  const other = new DatabaseSync(file(home));
  other.exec('BEGIN IMMEDIATE');
  const begun = performance.now();
  await fetches(home, 1, '--limit', '1');
  assert.ok(performance.now() - begun < 3000, 'it does not wait for whoever keeps it locked');
  other.exec('ROLLBACK');
  other.close();

  rmSync(cache(home), { recursive: true });
  writeFileSync(cache(home), 'no folder');
  const { code, stderr } = await home.posthorn(['fetch', '--verbose']);
  assert.equal(code, 0);
  assert.match(stderr, /^1 new message, 4 on the server/m);
  assert.match(stderr, /^The index is left to the next list \(.+\)\.$/m);
  rmSync(cache(home));
  assert.equal((await home.json<{ count: number }>(['list'])).count, 4);
});

test('a disk without room for the index', { skip: canMount ? false : 'needs root and unshare' }, async (t) => {
  const home = await homeWith(t, ['a', 'b']);
  mkdirSync(join(home.folder, 'full'));
  const script = 'mount -t tmpfs -o size=16k none full || exit 99; XDG_CACHE_HOME=$PWD/full "$NODE" "$POSTHORN" fetch';
  const env = { ...home.env, NODE: process.execPath, POSTHORN: PROGRAM };
  const { code, stderr } = await ended(spawn('unshare', ['-m', 'sh', '-c', script], { cwd: home.folder, env }));
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^2 new messages, 2 on the server. See them with posthorn list.$/m);
  assert.doesNotMatch(stderr, /index/i);
});

test('the command for new mail does not wait for the index', async (t) => {
  const home = await homeWith(t, ['a']);
  writeFileSync(join(home.folder, 'hook.sh'), `ls ${cache(home)} > seen 2>/dev/null; echo run >> seen\n`);
  await fetches(home, 1, '--on-new', `sh ${join(home.folder, 'hook.sh')}`);
  assert.equal(readFileSync(join(home.folder, 'seen'), 'utf8'), 'run\n');
  assert.deepEqual(indexed(file(home)), [1]);
});

/** A mailbox with this many messages that were never indexed, and one more on the server. */
async function unread(t: TestContext, count: number): Promise<Home> {
  const home = await homeWith(t, ['last']);
  const text = 'words to be found '.repeat(300);
  await putMessages(
    home,
    Array.from({ length: count }, (_, at) => `From: p@example.org\nSubject: number ${at}\n\n${text}\n`),
  );
  return home;
}

test('Ctrl-C while it indexes ends it at once, and nothing is missing', async (t) => {
  const home = await unread(t, 3000);
  const child = home.start(['fetch']);
  const end = ended(child);
  let asked = 0;
  child.stderr?.on('data', (text: string) => {
    if (!text.includes('See them')) return;
    asked = performance.now();
    child.kill('SIGINT');
  });
  const { code, stderr } = await end;
  assert.ok(performance.now() - asked < 5000, 'it ends quickly');
  assert.equal(code, 0, stderr);
  assert.match(stderr, /^1 new message, 1 on the server/m);
  assert.ok(indexed(file(home)).length < 3001, 'it was stopped');
  assert.equal((await home.json<{ count: number }>(['list', 'number', 'or', 'last'])).count, 3001);
});

test('on a terminal much to index is shown as it is done', { skip: noTerminal }, async (t) => {
  const home = await unread(t, 1500);
  const { code, output } = await onTerminal(home, ['fetch']);
  assert.equal(code, 0, output);
  assert.match(output, /See them with posthorn list\.\r\n.*Indexing {2}\[=* *\] +\d+% {2}\d+ of 1501 messages/s);
  assert.equal(indexed(file(home)).length, 1501);
});
