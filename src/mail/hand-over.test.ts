/** Mail that goes to another place than the mailbox: what the server keeps is what the place did not take. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startLineServer } from '../../test/support/line-server.ts';
import { letter, startMaildropServer } from '../../test/support/maildrop-server.ts';
import { parseDeliverTarget } from '../config/deliver-target.ts';
import { PosthornError, UsageError } from '../errors.ts';
import { Mailbox } from '../store/mailbox.ts';
import { withIndex } from '../store/with-index.ts';
import { mailboxOf, resolveAccount, type RunProgram } from './account.ts';
import { fetchMail } from './fetch.ts';
import type { FetchOptions } from './fetch-report.ts';
import { importMail } from './import.ts';

async function scene(
  t: TestContext,
  names: readonly string[],
  { run, answer }: { run?: RunProgram; answer?: Parameters<typeof startMaildropServer>[2] } = {},
) {
  const home = await mkdtemp(join(tmpdir(), 'posthorn-hand-over-'));
  t.after(() => rm(home, { recursive: true }));
  const letters = names.map((name) => letter(name));
  const server = await startMaildropServer(t, letters, answer);
  const surroundings = { env: { POSTHORN_PASSWORD: 'secret' }, home, uid: undefined, run };
  const account = await resolveAccount({ pop3: `pop3+insecure://ann@127.0.0.1:${server.port}` }, surroundings);
  const hooks = { say: () => undefined, begin: () => undefined, progress: () => undefined };
  const fetch = (place: string, options: FetchOptions = {}) =>
    fetchMail(account, surroundings, { ...options, deliver: parseDeliverTarget(place, home) }, hooks);
  const texts = letters.map(({ text }) => text);
  const left = () => server.letters.map(({ uidl }) => uidl);
  const paths = mailboxOf(account);
  const unseen = async () => {
    const tmp = (await readdir(join(paths.maildir, 'tmp'))).length;
    return { here: (await readdir(join(paths.maildir, 'new'))).length, tmp };
  };
  return { account, home, server, fetch, texts, left, paths, unseen };
}

async function contents(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return (await Promise.all(names.map((name) => readFile(join(folder, name), 'latin1')))).sort();
}

const collect = async (input: AsyncIterable<Uint8Array>) => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of input) chunks.push(chunk);
  return Buffer.concat(chunks).toString('latin1');
};

test('to another Maildir, byte by byte; once, also where the journal did not learn of it', async (t) => {
  const { home, fetch, texts, left, paths, unseen } = await scene(t, ['a', 'b']);
  const place = join(home, 'Mail');
  const { fetched } = await fetch(`maildir:${place}`);
  assert.equal(fetched.length, 2);
  assert.deepEqual(await contents(join(place, 'new')), [...texts].sort());
  assert.deepEqual(await unseen(), { here: 0, tmp: 0 });
  assert.equal((await fetch(`maildir:${place}`)).fetched.length, 0, 'it is known');
  assert.equal((await fetch(`maildir:${place}`, { deleteRemoved: true })).deleted, 0, 'it was not removed');
  assert.deepEqual(left(), ['a', 'b']);
  // The journal ends before the last word, as after a crash.
  const journal = await readFile(join(paths.state, 'journal'), 'utf8');
  const { writeFile } = await import('node:fs/promises');
  await writeFile(join(paths.state, 'journal'), journal.split('\n').slice(0, -2).join('\n') + '\n');
  assert.equal((await fetch(`maildir:${place}`, { keep: false })).deleted, 2);
  assert.deepEqual(await contents(join(place, 'new')), [...texts].sort());
  assert.deepEqual(left(), []);
});

test('to a mailbox file', async (t) => {
  const { home, fetch, left } = await scene(t, ['a', 'b']);
  await fetch(`mbox:${join(home, 'mbox')}`, { keep: false });
  const text = await readFile(join(home, 'mbox'), 'latin1');
  assert.equal(text.match(/^From MAILER-DAEMON /gm)?.length, 2);
  assert.match(text, /^Subject: a$[^]*^Subject: b$/m);
  assert.deepEqual(left(), []);
});

test('to a program: what it refuses, or cannot take now, stays on the server and comes again', async (t) => {
  const codes = new Map([
    ['b', 75],
    ['c', 1],
  ]);
  const taken: string[] = [];
  const run: RunProgram = async (words, input) => {
    const text = await collect(input);
    assert.equal(words, 'deliver -d ann');
    assert.doesNotMatch(text, /\r/);
    const name = /^Subject: (\w)/m.exec(text)?.[1] ?? '';
    const code = codes.get(name) ?? 0;
    if (code === 0) taken.push(name);
    return { code };
  };
  const { fetch, left, unseen } = await scene(t, ['a', 'b', 'c', 'd'], { run });
  const first = await fetch('mda:deliver -d ann', { keep: false });
  assert.deepEqual(
    [taken, left(), first.deleted, first.failed.map(({ uidl }) => uidl)],
    [['a', 'd'], ['b', 'c'], 2, ['b', 'c']],
  );
  codes.clear();
  await fetch('mda:deliver -d ann', { keep: false });
  assert.deepEqual([taken, left()], [['a', 'd', 'b', 'c'], []]);
  assert.deepEqual(await unseen(), { here: 0, tmp: 0 });
});

test('a program that cannot be run stops the fetch, and nothing is deleted', async (t) => {
  const run: RunProgram = async () => ({ failure: 'could not be started (ENOENT)' });
  const { fetch, left } = await scene(t, ['a', 'b'], { run });
  await assert.rejects(fetch('mda:none', { keep: false }), (error: unknown) => {
    return error instanceof PosthornError && error.code === 'delivery-failed';
  });
  assert.deepEqual(left(), ['a', 'b']);
});

test('to LMTP: each message has an answer of its own', async (t) => {
  let data = false;
  let message = '';
  const lmtp = await startLineServer(t, '220 lmtp\r\n', (line) => {
    if (data) {
      message += `${line}\n`;
      if (line !== '.') return undefined;
      data = false;
      const refused = message.includes('Subject: b');
      message = '';
      return refused ? '452 4.2.2 full\r\n' : '250 2.1.5 kept\r\n';
    }
    if (line.startsWith('LHLO')) return '250-lmtp\r\n250 8BITMIME\r\n';
    if (line === 'DATA') data = true;
    return line === 'DATA' ? '354 go on\r\n' : line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n';
  });
  const { fetch, left } = await scene(t, ['a', 'b', 'c']);
  const { failed, deleted } = await fetch(`lmtp+insecure://ann%40example.org@127.0.0.1:${lmtp.port}`, { keep: false });
  assert.deepEqual([left(), deleted], [['b'], 2]);
  assert.match(failed[0]?.reason ?? '', /full/);
  assert.match(lmtp.heard(), /MAIL FROM:<>/);
  assert.match(lmtp.heard(), /RCPT TO:<ann@example\.org>/);
  assert.equal(lmtp.connections(), 1);
});

/** An LMTP server that takes so many messages over one connection, and then ends it, with these words or without any. */
async function tiredPlace(t: TestContext, most: number, last: string | null) {
  let [data, taken, carried] = [false, 0, 0];
  const server = await startLineServer(t, '220 lmtp\r\n', (line) => {
    if (data) {
      if (line !== '.') return undefined;
      [data, taken, carried] = [false, taken + 1, carried + 1];
      return '250 2.1.5 kept\r\n';
    }
    if (line.startsWith('LHLO')) carried = 0;
    if (line.startsWith('MAIL') && carried === most) return last;
    data = line === 'DATA';
    return data ? '354 go on\r\n' : line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n';
  });
  const url = `lmtp+insecure://ann@127.0.0.1:${server.port}`;
  return { url, taken: () => taken, connections: server.connections };
}

test('to an LMTP server that wants a new connection now and then, be it said or not', async (t) => {
  for (const last of ['421 4.3.2 enough for now\r\n', null]) {
    const place = await tiredPlace(t, 2, last);
    const { fetch, left } = await scene(t, ['a', 'b', 'c', 'd', 'e']);
    const { failed } = await fetch(place.url, { keep: false });
    assert.deepEqual([failed, place.taken(), place.connections(), left()], [[], 5, 3, []]);
  }
});

test('to an LMTP server that takes nothing over a new connection either: it is not asked for ever', async (t) => {
  const place = await tiredPlace(t, 0, '421 4.3.2 not now\r\n');
  const { fetch, left } = await scene(t, ['a', 'b']);
  const { failed } = await fetch(place.url, { keep: false });
  assert.deepEqual([failed.length, place.connections(), left()], [2, 2, ['a', 'b']]);
});

test('a server that is lost in the middle of a message hands nothing over', async (t) => {
  const { home, fetch, left } = await scene(t, ['a', 'b'], {
    answer: (line) => (line === 'RETR 2' ? null : undefined),
  });
  const place = join(home, 'Mail');
  await assert.rejects(fetch(`maildir:${place}`, { keep: false }));
  assert.equal((await contents(join(place, 'new'))).length, 1);
  assert.deepEqual(left(), ['a', 'b']);
});

test('a server that gives all messages new ids does not make them be handed over twice', async (t) => {
  const { home, server, fetch, paths } = await scene(t, ['a', 'b']);
  const place = join(home, 'Mail');
  await fetch(`maildir:${place}`);
  server.letters.splice(0, 2, ...server.letters.map(({ text }, at) => ({ uidl: `new${at}`, text })));
  assert.equal((await fetch(`maildir:${place}`)).fetched.length, 0);
  assert.equal((await contents(join(place, 'new'))).length, 2);
  assert.equal((await fetch(`maildir:${place}`, { keep: false })).deleted, 2);
  const mailbox = await Mailbox.view(paths);
  assert.equal(mailbox.messages().length, 0);
});

test('a message of which the header is here stays that here, and can be imported', async (t) => {
  const { account, home, fetch, paths, texts } = await scene(t, ['a']);
  await fetch('mailbox', { maxSize: 10 });
  const before = (await Mailbox.view(paths)).messages();
  const listed = () =>
    withIndex(paths, {}, async (index) => {
      await index.refresh();
      const { messages } = await index.list({ limit: 9 });
      return messages.map(({ number, size, sha256 }) => ({ number, size, sha256 }));
    });
  const inIndex = await listed();
  assert.equal((await fetch(`maildir:${join(home, 'Mail')}`)).fetched.length, 1);
  const mailbox = await Mailbox.view(paths);
  assert.deepEqual(mailbox.messages(), before);
  assert.deepEqual(await listed(), inIndex);
  assert.deepEqual(inIndex, [{ number: 1, size: before[0]?.size, sha256: undefined }]);
  const hooks = { begin: () => undefined, progress: () => undefined };
  const { imported, duplicates } = await importMail(account, [join(home, 'Mail')], {}, hooks);
  assert.deepEqual([imported, duplicates], [[2], 0]);
  const content = await (await Mailbox.view(paths)).read(2);
  assert.equal(await collect(content.chunks()), texts[0]);
});

test('what is too large is left where it is, and a server without ids cannot be handed over from', async (t) => {
  const { home, fetch } = await scene(t, ['a']);
  const { skipped } = await fetch(`maildir:${join(home, 'Mail')}`, { maxSize: 10 });
  assert.deepEqual(
    skipped.map(({ number, reason }) => [number, reason]),
    [[undefined, 'max-size']],
  );
  const old = await scene(t, ['a'], {
    answer: (line) => (line === 'CAPA' || line === 'UIDL' ? '-ERR\r\n' : undefined),
  });
  await assert.rejects(old.fetch(`maildir:${join(home, 'Mail')}`), UsageError);
});
