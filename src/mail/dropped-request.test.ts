/** A server that drops one of many requests under way: the answer to the next is then taken for the answer to it. */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startLineServer } from '../../test/support/line-server.ts';
import { ConnectionLostError } from '../errors.ts';
import { mailboxOf, resolveAccount } from './account.ts';
import { fetchMail } from './fetch.ts';
import type { FetchReport } from './fetch-report.ts';

/** Each of another length. */
const MESSAGES = [1, 2, 3, 4, 5].map((at) => `Subject: ${at}\r\n\r\n${'x'.repeat(at)}\r\n`);

async function scene(t: TestContext, { listed, erased }: { listed: (text: string) => number; erased: string[] }) {
  const home = await mkdtemp(join(tmpdir(), 'posthorn-dropped-'));
  t.after(() => rm(home, { recursive: true }));
  const on = new Set(MESSAGES.keys());
  const state = { dropped: 0, left: Number.POSITIVE_INFINITY };
  const marked: number[] = [];
  const numberIn = (line: string): number => [...on][Number(line.slice(5)) - 1] ?? -1;
  const rows = (show: (at: number) => string): string =>
    `+OK\r\n${[...on].map((at, row) => `${row + 1} ${show(at)}\r\n`).join('')}.\r\n`;
  const server = await startLineServer(t, '+OK hi\r\n', (line) => {
    if (line === 'CAPA') return '+OK\r\nUSER\r\nUIDL\r\nPIPELINING\r\n.\r\n';
    if (line === 'STAT') return `+OK ${on.size} 1\r\n`;
    if (line === 'LIST') return rows((at) => String(listed(MESSAGES[at] ?? '')));
    if (line === 'UIDL') return rows((at) => `uid-${at}`);
    if (line.startsWith('RETR')) {
      if (line === `RETR ${state.dropped}`) return undefined;
      // The connection breaks at the end, not for the answer that is missing.
      return (state.left -= 1) < 0 ? null : `+OK\r\n${MESSAGES[numberIn(line)]}.\r\n`;
    }
    if (line.startsWith('DELE')) marked.push(numberIn(line));
    if (line === 'QUIT') for (const at of marked.splice(0)) if (on.delete(at)) erased.push(MESSAGES[at] ?? '');
    return '+OK\r\n';
  });
  const surroundings = { env: { POSTHORN_PASSWORD: 'secret' }, home, uid: undefined };
  const account = await resolveAccount({ pop3: `pop3+insecure://ann@127.0.0.1:${server.port}` }, surroundings);
  const hooks = { say: () => undefined, begin: () => undefined, progress: () => undefined };
  const fetch = (): Promise<FetchReport> => fetchMail(account, surroundings, { keep: false }, hooks);
  const stored = async (): Promise<string[]> => {
    const folder = join(mailboxOf(account).maildir, 'new');
    return (await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'latin1')))).sort();
  };
  return { state, fetch, stored };
}

const lost = (error: unknown): boolean => error instanceof ConnectionLostError;

test('nothing is deleted whose own bytes are not here', async (t) => {
  const erased: string[] = [];
  const { state, fetch, stored } = await scene(t, { listed: ({ length }) => length, erased });
  Object.assign(state, { dropped: 2, left: 3 });
  await assert.rejects(fetch(), lost);
  Object.assign(state, { dropped: 0, left: Number.POSITIVE_INFINITY });
  await fetch();
  // One that came for another, while it was planned itself, is here twice; none is missing.
  assert.deepEqual([...new Set(await stored())], MESSAGES);
  assert.ok(erased.includes(MESSAGES[0] ?? ''), 'what is certain goes');
  assert.ok(!erased.includes(MESSAGES[1] ?? ''), 'the id that the wrong bytes came for is ambiguous now');
});

test('a server that lists other sizes: what a broken session brought is compared, not stored twice, and then deleted', async (t) => {
  const erased: string[] = [];
  const { state, fetch, stored } = await scene(t, { listed: ({ length }) => length + 100, erased });
  state.left = 3;
  await assert.rejects(fetch(), lost);
  assert.deepEqual(await stored(), MESSAGES.slice(0, 3));
  state.left = Number.POSITIVE_INFINITY;
  assert.deepEqual([(await fetch()).deleted, erased], [5, MESSAGES]);
  assert.deepEqual(await stored(), MESSAGES);
});
