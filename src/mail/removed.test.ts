/** What counts as removed here, and so goes on the server: nothing that may still be here, whoever is at work meanwhile. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { readdir, unlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { letter, startMaildropServer } from '../../test/support/maildrop-server.ts';
import { Lock } from '../store/lock.ts';
import { Mailbox } from '../store/mailbox.ts';
import { mailboxOf, resolveAccount } from './account.ts';
import { tagMessages } from './change.ts';
import { fetchMail } from './fetch.ts';
import { messagesNumbered } from './selection.ts';

async function scene(t: TestContext, names: readonly string[]) {
  const home = mkdtempSync(join(tmpdir(), 'posthorn-removed-'));
  t.after(() => rmSync(home, { recursive: true }));
  const meanwhile: (() => void)[] = [];
  const server = await startMaildropServer(
    t,
    names.map((name) => letter(name)),
    (line) => {
      if (line === 'UIDL') meanwhile.pop()?.();
      return undefined;
    },
  );
  const surroundings = { env: { POSTHORN_PASSWORD: 'secret' }, home, uid: undefined };
  const account = await resolveAccount({ pop3: `pop3+insecure://ann@127.0.0.1:${server.port}` }, surroundings);
  const paths = mailboxOf(account);
  const said: string[] = [];
  const hooks = { say: (text: string) => void said.push(text), begin: () => undefined, progress: () => undefined };
  const fetch = (deleteRemoved = true) => fetchMail(account, surroundings, { deleteRemoved }, hooks);
  await fetch(false);
  const files = async () => (await readdir(join(paths.maildir, 'new'))).map((name) => join(paths.maildir, 'new', name));
  const left = () => server.letters.map(({ uidl }) => uidl);
  return {
    account,
    server,
    paths,
    meanwhile,
    said,
    fetch,
    files,
    left,
    other: join(paths.maildir, 'cur/1.M.other:2,S'),
  };
}

test('a message under another name is here also while a change is being made elsewhere', async (t) => {
  const { account, paths, fetch, files, left, other } = await scene(t, ['a']);
  await tagMessages(account, (lookup) => messagesNumbered(lookup, [1]), { add: ['work'], remove: [] });
  renameSync((await files())[0] ?? '', other);
  const lock = Lock.acquire(join(paths.state, 'changes.lock'));
  t.after(() => lock.release());
  await fetch();
  assert.deepEqual(left(), ['a']);
});

test('a message that was on its way to another name when we looked first is here', async (t) => {
  const { meanwhile, fetch, files, left, other } = await scene(t, ['a']);
  const [file = ''] = await files();
  const text = readFileSync(file);
  await unlink(file);
  meanwhile.push(() => writeFileSync(other, text));
  await fetch();
  assert.deepEqual(left(), ['a']);
});

test('what is left of a mailbox that was lost is a doubt also when new mail has come since', async (t) => {
  const names = Array.from({ length: 25 }, (_, at) => `m${at}`);
  const { server, said, fetch, files, left } = await scene(t, names);
  for (const file of await files()) await unlink(file);
  server.letters.push(letter('new'));
  await fetch();
  await fetch();
  assert.deepEqual(left(), [...names, 'new']);
  assert.equal(said.filter((text) => text.includes('may be an accident')).length, 2);
});

test('the oldest messages may be removed where more are left than that', async (t) => {
  const names = Array.from({ length: 41 }, (_, at) => `m${at}`.padStart(3, '0'));
  const { paths, fetch, left } = await scene(t, names);
  const mailbox = await Mailbox.view(paths);
  for (const { path } of mailbox.messages().slice(0, 20)) await unlink(path);
  await fetch();
  assert.deepEqual(left(), names.slice(20));
});

test('a message that was put back by an import is here', async (t) => {
  const { paths, fetch, files, left } = await scene(t, ['a']);
  const [file = ''] = await files();
  const text = readFileSync(file);
  await unlink(file);
  const mailbox = await Mailbox.open(paths);
  const delivery = mailbox.receive();
  void delivery.write(text);
  await mailbox.commitImported([delivery]);
  await mailbox.close();
  await fetch();
  assert.deepEqual(left(), ['a']);
});

test('what may be on a disk that is not mounted stays', async (t) => {
  const { paths, fetch, files, left } = await scene(t, ['a']);
  const [folder, away] = [join(paths.maildir, '.Archive'), join(paths.maildir, '../away')];
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(folder, part), { recursive: true });
  const [file = ''] = await files();
  renameSync(file, join(folder, 'cur', `${basename(file)}:2,S`));
  await fetch();
  renameSync(folder, away);
  mkdirSync(folder);
  await fetch();
  assert.deepEqual(left(), ['a']);
  rmSync(folder, { recursive: true });
  symlinkSync(join(away, 'nowhere'), folder);
  await fetch();
  assert.deepEqual(left(), ['a']);
});

for (const name of ['Archive', '.Linked']) {
  test(`what may be in ${name}, a Maildir of which we do not see the messages, stays`, async (t) => {
    const { paths, said, fetch, files, left } = await scene(t, ['a']);
    const folder = join(paths.maildir, name === 'Archive' ? name : '../linked');
    for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(folder, part), { recursive: true });
    if (name !== 'Archive') symlinkSync(folder, join(paths.maildir, name));
    renameSync((await files())[0] ?? '', join(folder, 'cur/1.M.other:2,S'));
    await fetch();
    assert.deepEqual(left(), ['a']);
    assert.match(said.join(), new RegExp(name));
    rmSync(join(paths.maildir, name), { recursive: true });
    await fetch();
    assert.deepEqual(left(), []);
  });
}
