/** Filter rules at a fetch and afterwards. */
import assert from 'node:assert/strict';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { letter, startMaildropServer } from '../../test/support/maildrop-server.ts';
import { ConfigError } from '../errors.ts';
import { Changes } from '../store/changes.ts';
import { Mailbox } from '../store/mailbox.ts';
import { mailboxOf, resolveAccount, type RunProgram } from './account.ts';
import { undoChange } from './change.ts';
import { fetchMail } from './fetch.ts';
import type { FetchOptions } from './fetch-report.ts';

async function scene(t: TestContext, names: readonly string[], rules: string, run?: RunProgram) {
  const home = await mkdtemp(join(tmpdir(), 'posthorn-filter-'));
  t.after(() => rm(home, { recursive: true }));
  const server = await startMaildropServer(
    t,
    names.map((name) => letter(name)),
  );
  await mkdir(join(home, '.config/posthorn'), { recursive: true });
  const path = join(home, '.config/posthorn/config.toml');
  const configure = (text: string) =>
    writeFile(path, `${text}\n[account.a]\npop3 = "pop3+insecure://ann@127.0.0.1:${server.port}"\n`, { mode: 0o600 });
  await configure(rules);
  const said: string[] = [];
  const surroundings = { env: { POSTHORN_PASSWORD: 'secret' }, home, uid: undefined, run };
  const hooks = { say: (text: string) => void said.push(text), begin: () => undefined, progress: () => undefined };
  const account = () => resolveAccount({}, surroundings);
  const fetch = async (options: FetchOptions = {}) => fetchMail(await account(), surroundings, options, hooks);
  const paths = mailboxOf(await account().catch(async () => (await configure(''), account())));
  /** Each message: its subject, folder, flags and tags. */
  const state = async () => {
    const mailbox = await Mailbox.view(paths);
    const log = await Changes.read(paths.state);
    const rows = mailbox.messages().map(async ({ number, base, folder, flags }) => {
      const text = Buffer.from(await (await mailbox.read(number)).bytes()).toString();
      return [/Subject: (\w+)/.exec(text)?.[1], folder, flags, [...log.tagsOf(base)].join(' ')];
    });
    return Promise.all(rows);
  };
  return { server, account, fetch, configure, state, said, paths };
}

const RULES = `
[[filter]]
field = "subject"
starts = "list"
tag = ["list", "dev"]
move = "Lists"
seen = true
[[filter]]
field = "subject"
is = "boss"
flag = "flagged"
`;

test('new mail is tagged, flagged and moved; a second fetch leaves it alone, and undo takes it back', async (t) => {
  const { fetch, state, account } = await scene(t, ['list1', 'boss', 'other'], RULES);
  assert.equal((await fetch()).filtered, 2);
  const filtered = [
    ['list1', 'Lists', 'S', 'list dev'],
    ['boss', 'inbox', 'F', ''],
    ['other', 'inbox', '', ''],
  ];
  assert.deepEqual(await state(), filtered);
  assert.equal((await undoChange(await account())).verb, 'filter');
  const before = [
    ['list1', 'inbox', '', ''],
    ['boss', 'inbox', '', ''],
    ['other', 'inbox', '', ''],
  ];
  assert.deepEqual(await state(), before);
  assert.equal((await fetch()).filtered, 0);
  assert.deepEqual(await state(), before);
});

test('mail that came before there were rules is left alone; what a run that died did not get to is not', async (t) => {
  const { server, fetch, configure, state, paths } = await scene(t, ['list1'], '');
  await fetch();
  await configure(RULES);
  server.letters.push(letter('list2'));
  await fetch();
  assert.deepEqual(
    (await state()).map(([name, folder]) => [name, folder]),
    [
      ['list1', 'inbox'],
      ['list2', 'Lists'],
    ],
  );
  // The journal as a run leaves it that ends when the message is safe, before any rule is applied.
  server.letters.push(letter('list3'));
  await fetch();
  const journal = join(paths.state, 'journal');
  const lines = (await readFile(journal, 'utf8')).split('\n');
  assert.match(lines.at(-2) ?? '', /filtered/);
  await writeFile(journal, `${lines.slice(0, -2).join('\n')}\n`);
  assert.equal((await fetch()).filtered, 1);
  assert.deepEqual((await state()).at(-1), ['list3', 'Lists', 'S', 'list dev']);
});

test('the header that stands for a large message is filtered, and the message that takes its place is not once more', async (t) => {
  const { server, fetch, state, account } = await scene(t, [], RULES);
  server.letters.push(letter('list9', 5000));
  await fetch({ maxSize: 1000 });
  assert.deepEqual(await state(), [['list9', 'Lists', 'S', 'list dev']]);
  await undoChange(await account());
  const { fetched, filtered } = await fetch();
  assert.deepEqual([fetched.length, filtered], [1, 0]);
  assert.deepEqual(await state(), [['list9', 'inbox', '', '']]);
});

test('skip leaves it on the server without downloading it, and says so before', async (t) => {
  const { server, fetch, state } = await scene(
    t,
    ['spam', 'ham'],
    '[[filter]]\nname = "no spam"\nfield = "subject"\nis = "spam"\nskip = true\n',
  );
  const dry = await fetch({ dryRun: true, keep: false });
  assert.deepEqual(
    dry.plan.map(({ because, deletes }) => [because, deletes]),
    [
      ['filter', false],
      ['new', true],
    ],
  );
  const { marked, deleted } = await fetch({ keep: false });
  assert.deepEqual([marked, deleted, server.letters.map(({ uidl }) => uidl)], [1, 1, ['spam']]);
  assert.ok(!server.heard().includes('RETR 1'));
  await fetch({ keep: false });
  assert.equal(server.heard().match(/TOP 1/g)?.length, 2, 'it is looked at once by each');
  assert.deepEqual(
    (await state()).map(([name]) => name),
    ['ham'],
  );
  assert.equal((await fetch({ passedOver: true })).fetched.length, 1);
});

test('a command gets the message; its failure is a warning', async (t) => {
  const got: string[] = [];
  const run: RunProgram = async (words, input, { POSTHORN_NUMBER }) => {
    let size = 0;
    for await (const chunk of input) size += chunk.length;
    got.push(`${words} ${POSTHORN_NUMBER} ${size}`);
    return { code: got.length - 1 };
  };
  const rules = '[[filter]]\nfield = "from"\ncontains = "a@"\nrun = "note it"\ntag = "noted"\n';
  const { fetch, said, state } = await scene(t, ['a', 'b'], rules, run);
  await fetch();
  assert.deepEqual(got, ['note it 1 72', 'note it 2 72']);
  assert.equal(said.filter((text) => /for message 2 ended with 1/.test(text)).length, 1);
  assert.deepEqual(
    (await state()).map(([, , , tags]) => tags),
    ['noted', 'noted'],
  );
});

test('what another program removes meanwhile is passed over', async (t) => {
  const rules = '[[filter]]\nfield = "subject"\nstarts = "m"\ntag = ["x"]\nrun = "command"\n';
  const ran: unknown[] = [];
  const removeSecond: RunProgram = async (_, _content, variables) => {
    ran.push(variables['POSTHORN_NUMBER']);
    const second = (await Mailbox.view(paths)).byNumber(2);
    if (second !== undefined) await rm(second.path);
    return { code: 0 };
  };
  const { fetch, state, paths } = await scene(t, ['m1', 'm2', 'm3'], rules, removeSecond);
  await fetch();
  assert.deepEqual(ran, ['1', '3']);
  assert.deepEqual(await state(), [
    ['m1', 'inbox', '', 'x'],
    ['m3', 'inbox', '', 'x'],
  ]);
});

test('a tag, a flag or a folder that is none is told of before anything is connected', async (t) => {
  for (const action of ['tag = "two words"', 'flag = "fancy"', 'move = "../x"']) {
    const { fetch, server } = await scene(
      t,
      ['a'],
      `[[filter]]\nname = "mine"\nfield = "from"\ncontains = "a"\n${action}\n`,
    );
    await assert.rejects(fetch(), (error: unknown) => {
      return error instanceof ConfigError && error.code === 'bad-config' && /The filter mine/.test(error.message);
    });
    assert.equal(server.connections(), 0);
  }
});
