/**
 * A server that drops one of many requests under way, or answers one twice: what it sends for the next is then taken for
 * the answer to it, and to all behind it.
 */
import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { startLineServer } from '../../test/support/line-server.ts';
import { mailboxOf, resolveAccount } from './account.ts';
import { fetchMail } from './fetch.ts';
import type { FetchOptions, FetchReport } from './fetch-report.ts';

/** Each of another length. */
const MESSAGES = [1, 2, 3, 4, 5].map((at) => `Subject: ${at}\r\n\r\n${'x'.repeat(at)}\r\n`);

interface Faults {
  /** Which RETR is not answered, and which is answered twice. */
  dropped?: number;
  doubled?: number;
  /** How many messages are sent before the connection breaks. */
  left?: number;
}

/** A server whose listing is `off` by so many octets, and which has UIDL or not; `faults` may change between sessions. */
async function scene(t: TestContext, { uidl = true, off = 0 } = {}) {
  const home = await mkdtemp(join(tmpdir(), 'posthorn-shifted-'));
  t.after(() => rm(home, { recursive: true }));
  const [there, erased, marked, owed]: [Set<string>, string[], string[], string[]] = [new Set(MESSAGES), [], [], []];
  const faults: Faults = {};
  const named = (line: string): string => [...there][Number(line.slice(5)) - 1] ?? '';
  const rows = (show: (text: string) => string | number): string =>
    `+OK\r\n${[...there].map((text, row) => `${row + 1} ${show(text)}\r\n`).join('')}.\r\n`;
  const answers: Record<string, (line: string) => string> = {
    CAPA: () => `+OK\r\nUSER\r\nPIPELINING\r\n${uidl ? 'UIDL\r\n' : ''}.\r\n`,
    STAT: () => `+OK ${there.size} 1\r\n`,
    LIST: () => rows(({ length }) => length + off),
    UIDL: () => (uidl ? rows((text) => text.replace(/\W/g, '')) : '-ERR what?\r\n'),
    DELE: (line) => `+OK ${marked.push(named(line))}\r\n`,
    QUIT: () => {
      for (const text of marked.splice(0)) if (there.delete(text)) erased.push(text);
      return '+OK\r\n';
    },
  };
  const server = await startLineServer(t, '+OK hi\r\n', (line) => {
    if (!line.startsWith('RETR')) return owed.splice(0).join('') + (answers[line.slice(0, 4)]?.(line) ?? '+OK\r\n');
    const { dropped, doubled, left = Number.POSITIVE_INFINITY } = faults;
    if (line === `RETR ${dropped}`) return undefined;
    owed.push(...Array.from({ length: line === `RETR ${doubled}` ? 2 : 1 }, () => `+OK\r\n${named(line)}.\r\n`));
    faults.left = left - 1;
    return left > 0 ? owed.shift() : null;
  });
  const surroundings = { env: { POSTHORN_PASSWORD: 'secret' }, home, uid: undefined };
  const account = await resolveAccount({ pop3: `pop3+insecure://ann@127.0.0.1:${server.port}` }, surroundings);
  const hooks = { say: () => undefined, begin: () => undefined, progress: () => undefined };
  const fetch = (now: Faults, options: FetchOptions): Promise<FetchReport> => {
    Object.assign(faults, { dropped: undefined, doubled: undefined, left: undefined }, now);
    owed.length = 0;
    return fetchMail(account, surroundings, options, hooks);
  };
  const stored = async (): Promise<string[]> => {
    const folder = join(mailboxOf(account).maildir, 'new');
    return (await Promise.all((await readdir(folder)).map((name) => readFile(join(folder, name), 'latin1')))).sort();
  };
  return { fetch, stored, erased };
}

const FAULTS: Record<string, Faults> = {
  'the second is dropped': { dropped: 2, left: 3 },
  'the first is answered twice': { doubled: 1 },
};

for (const [name, faults] of Object.entries(FAULTS)) {
  for (const uidl of [true, false]) {
    for (const off of [0, 100]) {
      for (const keep of [true, false]) {
        test(`${name}${uidl ? '' : ', no UIDL'}, listed +${off}, keep ${keep}: what is deleted is here`, async (t) => {
          const { fetch, stored, erased } = await scene(t, { uidl, off });
          await assert.rejects(fetch(faults, { keep }));
          assert.equal(erased.length, 0);
          await fetch({}, { keep: false });
          assert.deepEqual([...new Set(await stored())], MESSAGES);
          assert.ok(erased.includes(MESSAGES[0] ?? ''), 'what is certain goes');
        });
      }
    }
  }
}

test('what a broken session brought from a server that lists other sizes is compared, not stored twice, and deleted', async (t) => {
  const { fetch, stored, erased } = await scene(t, { off: 100 });
  await assert.rejects(fetch({ left: 3 }, { keep: false }));
  assert.deepEqual(await stored(), MESSAGES.slice(0, 3));
  assert.deepEqual([(await fetch({}, { keep: false })).deleted, erased], [5, MESSAGES]);
  assert.deepEqual(await stored(), MESSAGES);
});
