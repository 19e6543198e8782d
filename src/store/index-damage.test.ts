/** The index is a cache: whatever becomes of its file, the answers are the same, with the same numbers, and the mail is untouched. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { type TestContext, test } from 'node:test';
import { promisify } from 'node:util';
import { type IndexHome, indexHome, indexed, put } from '../../test/support/indexed.ts';
import { withIndex } from './with-index.ts';
import { parseQuery } from './query.ts';

const COUNT = 60;
const QUERIES = ['', 'even', 'from:person7*', 'is:unread', 'has:attachment', 'subject:"number 5"', 'id:30-40 -even'];

/** A mailbox of some messages, and the answers of its first index. */
async function filled(t: TestContext): Promise<{ paths: IndexHome; file: string; answers: unknown }> {
  const paths = indexHome(t);
  for (let number = 1; number <= COUNT; number++) {
    const head = `From: person${number} <p${number}@example.org>\nSubject: number ${number}\nMessage-ID: <${number}@x>\n`;
    const type = number % 7 === 0 ? 'Content-Type: application/pdf; name="seven.pdf"\n' : '';
    const text = `${number % 2 === 0 ? 'even' : 'odd'} ${'words and more words '.repeat(number)}\n`;
    put(paths, number % 3 === 0 ? `cur/${1000 + number}.a:2,S` : `new/${1000 + number}.a`, `${head}${type}\n${text}`);
  }
  const answers = await ask(paths);
  return { paths, file: join(paths.cache, 'index.sqlite'), answers };
}

/** All that is asked, with every row whole; and what was warned of. */
async function ask(paths: IndexHome, warnings: string[] = [], wait = 100): Promise<unknown> {
  const options = { warn: (text: string) => void warnings.push(text), wait };
  return withIndex(paths, options, async (index) => {
    await index.refresh();
    await index.read();
    const answers = [];
    for (const query of QUERIES) answers.push(await index.list({ query: parseQuery(query, new Date()), limit: 1000 }));
    return answers;
  });
}

/** Does something to the index of a mailbox, and asserts that the answers stay the same and nothing is said. */
async function survives(t: TestContext, damage: (file: string) => void): Promise<void> {
  const { paths, file, answers } = await filled(t);
  const journal = readFileSync(join(paths.state, 'journal'));
  damage(file);
  const warnings: string[] = [];
  assert.deepEqual(await ask(paths, warnings), answers);
  assert.deepEqual(await ask(paths, warnings), answers);
  assert.deepEqual(warnings, []);
  assert.deepEqual(readFileSync(join(paths.state, 'journal')), journal, 'the journal is untouched');
  const left = readdirSync(paths.cache).filter((name) => !/^index\.sqlite(?:\.\d+\.seal)?$/.test(name));
  assert.deepEqual(left, [], 'nothing is left behind');
}

test('an index that is deleted', (t) => survives(t, (file) => rmSync(file)));

test('a folder of the index that is deleted', (t) => survives(t, (file) => rmSync(dirname(file), { recursive: true })));

test('an index without its seal', (t) =>
  survives(t, (file) => {
    for (const name of readdirSync(dirname(file))) if (name.endsWith('.seal')) rmSync(join(dirname(file), name));
  }));

for (const share of [0, 0.0001, 0.01, 0.3, 0.5, 0.99]) {
  test(`an index that is cut to ${share * 100} % of its length`, (t) =>
    survives(t, (file) => truncateSync(file, Math.floor(statSync(file).size * share))));
}

for (let at = 0; at < 24; at++) {
  test(`an index with another bit, ${at} of 24`, (t) =>
    survives(t, (file) => {
      const octets = readFileSync(file);
      const place = Math.floor((octets.length * at) / 24) + at;
      octets[place] = (octets[place] ?? 0) ^ (1 << (at % 8));
      writeFileSync(file, octets);
    }));
}

test('an index that is something else', (t) =>
  survives(t, (file) => writeFileSync(file, 'This is no database. '.repeat(500))));

for (const [what, sql] of [
  ['of an older version', 'PRAGMA user_version = 0'],
  ['of a version to come', 'PRAGMA user_version = 99; CREATE TABLE more (x); DROP TABLE known'],
  ['of another program', 'PRAGMA application_id = 7'],
] as const) {
  test(`an index ${what}`, (t) =>
    survives(t, (file) => {
      const database = new DatabaseSync(file);
      database.exec(sql);
      database.close();
      reseal(file);
    }));
}

/** What a disk that rots does: the file is another, and nobody wrote to it. */
function reseal(file: string): void {
  const { size, ino, mtimeNs } = statSync(file, { bigint: true });
  writeFileSync(`${file}.${ino}.seal`, `${size} ${mtimeNs}`);
}

test('an index that rots unnoticed is no error, whichever bit it is', async (t) => {
  const { paths, file, answers } = await filled(t);
  const sound = readFileSync(file);
  let right = 0;
  for (let at = 0; at < 150; at++) {
    const octets = Buffer.from(sound);
    const place = Math.floor((octets.length * at) / 150);
    octets[place] = (octets[place] ?? 0) ^ (1 << (at % 8));
    rmSync(paths.cache, { recursive: true });
    await indexed(paths, '');
    writeFileSync(file, octets);
    reseal(file);
    const found = await ask(paths);
    right += JSON.stringify(found) === JSON.stringify(answers) ? 1 : 0;
  }
  t.diagnostic(`${right} of 150 answers were right`);
  assert.ok(right > 75);
});

test('an index that another process keeps locked is waited for, and then done without', async (t) => {
  const { paths, file } = await filled(t);
  const other = new DatabaseSync(file);
  other.exec('BEGIN IMMEDIATE');
  const warnings: string[] = [];
  const before = (await ask(paths, warnings)) as { messages: unknown[] }[];
  assert.equal(before[0]?.messages.length, COUNT);
  assert.deepEqual(warnings, [], 'nothing has changed, so nothing is written');
  put(paths, 'new/2000.b', 'Subject: another\n\n');
  const found = (await ask(paths, warnings)) as { messages: { number: number; subject: string }[] }[];
  assert.equal(found[0]?.messages[0]?.subject, 'another');
  assert.equal(found[0]?.messages[0]?.number, COUNT + 1);
  assert.match(warnings.join(), /another process keeps it locked/);
  other.exec('ROLLBACK');
  other.close();
  assert.deepEqual(await ask(paths, [], 100), found);
});

test('a folder for the index that cannot be one is done without', async (t) => {
  const { paths, answers } = await filled(t);
  rmSync(paths.cache, { recursive: true });
  writeFileSync(paths.cache, '');
  const warnings: string[] = [];
  assert.deepEqual(await ask(paths, warnings), answers);
  assert.equal(warnings.length, 1);
  assert.match(warnings[0] ?? '', /^the index cannot be used \(.*something else has that name/);
});

test('an index that is a link leads nowhere', async (t) => {
  const { paths, file, answers } = await filled(t);
  const elsewhere = join(paths.state, 'elsewhere');
  writeFileSync(elsewhere, 'precious');
  rmSync(file);
  execFileSync('ln', ['-s', elsewhere, file]);
  assert.deepEqual(await ask(paths), answers);
  assert.equal(readFileSync(elsewhere, 'utf8'), 'precious');
});

const run = promisify(execFile);

/** Asks in another process, perhaps with a command in front of it, and returns the numbers. */
const SCRIPT = `
  const { indexed } = await import(${JSON.stringify(join(import.meta.dirname, '../../test/support/indexed.ts'))});
  const warnings = [];
  const paths = JSON.parse(process.argv[1]);
  const numbers = await indexed(paths, 'subject:number', { warn: (text) => warnings.push(text) });
  console.log(JSON.stringify({ numbers, warnings }));`;

function inProcess(paths: IndexHome, shell = 'exec "$@"'): Promise<{ numbers: number[]; warnings: string[] }> {
  const args = ['-c', shell, 'sh', process.execPath, '--input-type=module', '-e', SCRIPT, JSON.stringify(paths)];
  return run(
    shell.startsWith('mount') ? 'unshare' : 'sh',
    shell.startsWith('mount') ? ['-m', 'sh', ...args] : args,
  ).then(({ stdout }) => JSON.parse(stdout) as { numbers: number[]; warnings: string[] });
}

const ALL = Array.from({ length: COUNT }, (_, at) => COUNT - at);

test('several processes that begin at once agree, and none is told to wait', async (t) => {
  const { paths } = await filled(t);
  for (let round = 0; round < 3; round++) {
    rmSync(paths.cache, { recursive: true });
    const found = await Promise.all([1, 2, 3, 4].map(() => inProcess(paths)));
    for (const each of found) assert.deepEqual(each, { numbers: ALL, warnings: [] });
  }
});

test('a process that is killed while it makes the index leaves one that the next goes on with', async (t) => {
  const { paths, answers } = await filled(t);
  for (const delay of [0.15, 0.2, 0.25, 0.3, 0.4]) {
    rmSync(paths.cache, { recursive: true });
    await inProcess(paths, `timeout -s KILL ${delay} "$@" > /dev/null; echo '{}'`);
    const warnings: string[] = [];
    assert.deepEqual(await ask(paths, warnings), answers);
    assert.deepEqual(warnings, []);
  }
});

const canMount = (() => {
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();

test('a full disk, and one that cannot be written to', {
  skip: canMount ? false : 'needs root and unshare',
}, async (t) => {
  const { paths } = await filled(t);
  const full = await inProcess(paths, `mount -t tmpfs -o size=40k,mode=700 none '${paths.cache}' && exec "$@"`);
  assert.deepEqual(full.numbers, ALL);
  assert.match(full.warnings.join(), /the disk is full|ENOSPC|disk reported an error/);
  const readOnly = await inProcess(
    paths,
    `mount --bind '${paths.cache}' '${paths.cache}' && mount -o remount,ro,bind '${paths.cache}' && exec "$@"`,
  );
  assert.deepEqual(readOnly.numbers, ALL);
  assert.match(readOnly.warnings.join(), /may not be written|EROFS|cannot be opened/);
});
