/** Commands about a few numbers: the same answers and the same Maildir with the index, without it, and whatever has become of it. */
import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Mailbox } from '../../src/store/mailbox.ts';
import { putMessages } from '../support/maildir.ts';
import { type Home, makeHome } from '../support/program.ts';

const ACCOUNT = 'posthorn/ann@example.org';
const letter = (number: number) =>
  `From: zoe@example.org\r\nTo: ann@example.org\r\nSubject: message ${number}\r\n\r\ntext ${number}\r\n`;
const base = (number: number) => `${1_700_000_000 + number - 1}.${number - 1}.test`;

/** A mailbox of six messages, two of which came when the first four were in the index. */
async function filled(t: TestContext): Promise<Home> {
  const home = await makeHome(t);
  await putMessages(home, [1, 2, 3, 4].map(letter));
  await home.posthorn(['list']);
  const maildir = join(home.folder, 'data', ACCOUNT);
  for (const number of [5, 6]) writeFileSync(join(maildir, 'new', base(number)), letter(number));
  await (await Mailbox.open({ maildir, state: join(home.folder, 'state', ACCOUNT) })).close();
  return home;
}

/** So that nobody can read it from its beginning. */
function spoilJournal({ folder }: Home): void {
  const path = join(folder, 'state', ACCOUNT, 'journal');
  const octets = readFileSync(path);
  octets[60] = (octets[60] ?? 0) ^ 1;
  writeFileSync(path, octets);
}

const index = ({ folder }: Home) => join(folder, 'cache', ACCOUNT, 'index.sqlite');
const SCENES: Readonly<Record<string, (home: Home) => void | Promise<unknown>>> = {
  'an index that has followed the journal': (home) => home.posthorn(['list']),
  'an index that is behind': () => undefined,
  'an index alone, since nobody reads the whole journal': async (home) => {
    await home.posthorn(['list']);
    spoilJournal(home);
  },
  'no index': (home) => rmSync(index(home)),
  'an index that is damaged': (home) => appendFileSync(index(home), 'x'),
};

for (const [says, prepare] of Object.entries(SCENES)) {
  test(`commands about numbers, with ${says}`, async (t) => {
    const home = await filled(t);
    await prepare(home);
    await assertCommands(home);
  });
}

async function assertCommands(home: Home): Promise<void> {
  const maildir = join(home.folder, 'data', ACCOUNT);
  const names = (part: string) => readdirSync(join(maildir, part)).toSorted();
  const printed = async (...args: string[]) => {
    const { code, stdout, stderr } = await home.posthorn(args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const changed = (...args: string[]) => home.json<object>(args);
  const are = (...numbers: number[]) => ({ changed: numbers, unchanged: [] });

  assert.equal(await printed('read', '6', '--raw'), letter(6));
  assert.equal(await printed('read', '6', '--raw'), letter(6), 'and again, now that it is seen');
  assert.deepEqual(names('cur'), [`${base(6)}:2,S`]);
  renameSync(join(maildir, 'cur', `${base(6)}:2,S`), join(maildir, 'cur', `${base(6)}:2,FS`));
  assert.deepEqual(await changed('flag', '6', '2', 'flagged'), { changed: [2], unchanged: [6] });
  assert.deepEqual(await changed('tag', '5', 'work'), are(5));
  assert.deepEqual((await home.json<{ tags: string[] }>(['read', '5'])).tags, ['work']);
  assert.deepEqual(await changed('move', '2-3', 'Archive'), { ...are(2, 3), folder: 'Archive' });
  assert.deepEqual([names('.Archive/new'), names('.Archive/cur')], [[base(3)], [`${base(2)}:2,F`]]);
  renameSync(join(maildir, '.Archive/new', base(3)), join(maildir, '.Archive/cur', `${base(3)}:2,R`));
  await changed('undo');
  assert.deepEqual(names('cur'), [`${base(2)}:2,F`, `${base(3)}:2,R`, `${base(5)}:2,S`, `${base(6)}:2,FS`]);

  await printed('save', '3', '4', '--message', '--dir', join(home.folder, 'saved'));
  await printed('export', '1', '5-6', '--dir', join(home.folder, 'exported'));
  assert.deepEqual(
    ['saved', 'exported'].map((name) => readdirSync(join(home.folder, name)).length),
    [2, 3],
  );
  assert.match(await printed('reply', '4', '--body', 'yes', '--dry-run', '-f', 'ann@example.org'), /^> text 4/m);
  const attached = ['send', '--attach-message', '4', '-f', 'ann@example.org', '-t', 'b@example.org', '--body', 'see'];
  assert.match(await printed(...attached, '--dry-run'), /^text 4/m);

  await changed('delete', '1');
  assert.equal((await home.json<{ folder: string }>(['read', '1'])).folder, 'Trash');
  await changed('delete', '1', '--purge');
  for (const number of ['1', '7']) await home.refused(66, ['read', number]);
  assert.deepEqual(await changed('flag', '1-3', 'seen'), are(2, 3));
  assert.deepEqual(names('cur'), [`${base(2)}:2,FS`, `${base(3)}:2,RS`, `${base(5)}:2,S`, `${base(6)}:2,FS`]);
  const undone = await home.json<{ undone: string; changed: number[] }>(['undo']);
  assert.deepEqual([undone.undone, undone.changed], ['flag', [2, 3]]);
}

test('many at once, and another program beside them: each number stays the message that it was', async (t) => {
  const home = await filled(t);
  await home.posthorn(['list']);
  const maildir = join(home.folder, 'data', ACCOUNT);
  const runs = [1, 2, 3, 4, 5, 6].flatMap((number) => [
    home.posthorn(['read', `${number}`, '--raw']).then(({ stdout }) => assert.equal(stdout, letter(number))),
    home.posthorn(['flag', `${number}`, 'flagged']).then(({ code, stderr }) => assert.equal(code, 0, stderr)),
    home.posthorn(['list']),
  ]);
  let ended = false;
  const other = (async () => {
    while (!ended) {
      for (const name of readdirSync(join(maildir, 'cur')).filter((each) => each.includes('F'))) {
        const turned = name.endsWith('a') ? name.slice(0, -1) : `${name}a`;
        try {
          renameSync(join(maildir, 'cur', name), join(maildir, 'cur', turned));
        } catch {
          // Somebody was faster.
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  await Promise.all(runs).finally(() => {
    ended = true;
  });
  await other;
  const left = [...readdirSync(join(maildir, 'cur')), ...readdirSync(join(maildir, 'new'))];
  assert.deepEqual(
    left.map((name) => name.split(':')[0] ?? '').toSorted((one, two) => one.localeCompare(two)),
    [1, 2, 3, 4, 5, 6].map((number) => base(number)),
  );
  for (const name of left) assert.match(name, /:2,FS?a?$/);
});
