/** The list of the local mailbox as a person and as a script see it. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { putMessages } from '../support/maildir.ts';
import { type Home, makeHome } from '../support/program.ts';
import type { Scope } from '../support/process.ts';
import { noTerminal, onTerminal } from '../support/tty.ts';

interface Listed {
  count: number;
  unread: number;
  threads: number | null;
  messages: { number: number; folder: string; tags: string[]; depth: number; subject: string }[];
}

async function homeWith(scope: Scope, count: number): Promise<Home> {
  const home = await makeHome(scope);
  await putMessages(
    home,
    Array.from({ length: count }, (_, at) => {
      const answers = at % 3 === 0 ? '' : `References: <${at - (at % 3)}@x>\n`;
      return `From: Person ${at + 1} <p${at + 1}@example.org>\nSubject: number ${at + 1}\nMessage-ID: <${at}@x>\n${answers}\ntext ${at % 2 === 0 ? 'odd' : 'even'}\n`;
    }),
  );
  return home;
}

const numbers = ({ messages }: Listed): number[] => messages.map(({ number }) => number);

test('newest first, by pages, below a number; the last line says where one is', async (t) => {
  const home = await homeWith(t, 9);
  const list = async (...args: string[]) => {
    const { stdout, stderr, code } = await home.posthorn(['list', ...args]);
    assert.equal(code, 0, stderr);
    return [stdout.split('\n').flatMap((line) => Number(line.trim().split(' ')[0]) || []), stderr.trimEnd()];
  };
  assert.deepEqual(await list(), [[9, 8, 7, 6, 5, 4, 3, 2, 1], '9 messages, 9 unread.']);
  const shown = (which: string, next = '') =>
    `9 messages, 9 unread; ${which}${next && `, the next with --page ${next}`}.`;
  assert.deepEqual(await list('--limit', '4'), [[9, 8, 7, 6], shown('the newest 4 are shown', '2')]);
  assert.deepEqual(await list('--limit', '4', '--page', '2'), [[5, 4, 3, 2], shown('5 to 8 are shown', '3')]);
  assert.deepEqual(await list('--limit', '4', '--page', '3'), [[1], shown('9 is shown')]);
  assert.deepEqual(await list('--limit', '4', '--page', '4'), [[], shown('there are no more')]);
  assert.deepEqual(await list('--limit', '1'), [[9], shown('the newest is shown', '2')]);
  assert.deepEqual(await list('--before', '3'), [[2, 1], shown('2 are shown')]);
  assert.deepEqual(await list('--before', '2'), [[1], shown('1 is shown')]);
  assert.deepEqual(await list('even'), [[8, 6, 4, 2], '4 found, 4 unread.']);
  assert.deepEqual(await list('nothing'), [[], '0 found, 0 unread.']);
});

test('threads: the newest first, answers below what they answer and to the right of it', async (t) => {
  const home = await homeWith(t, 6);
  const { stdout, stderr } = await home.posthorn(['list', '--threads']);
  assert.deepEqual(
    stdout
      .trimEnd()
      .split('\n')
      .map((line) => /(?:Person \d+ {2})( *number \d)/.exec(line)?.[1]),
    ['number 4', '  number 5', '  number 6', 'number 1', '  number 2', '  number 3'],
  );
  assert.equal(stderr, '6 messages in 2 threads, 6 unread.\n');
  const found = await home.json<Listed>(['list', '--threads', 'subject:"number 2"']);
  assert.deepEqual([found.count, found.threads, ...numbers(found)], [1, 1, 1, 2, 3]);
  assert.deepEqual(
    found.messages.map(({ depth }) => depth),
    [0, 1, 1],
  );
});

test('folders, tags and flags: what is changed here, and what other programs do, is in the next list', async (t) => {
  const home = await homeWith(t, 5);
  assert.deepEqual(numbers(await home.json(['list'])), [5, 4, 3, 2, 1]);
  for (const command of ['move 1-2 Archive/2026', 'delete 3', 'tag 4 work', 'flag 5 flagged'])
    assert.equal((await home.posthorn(command.split(' '))).code, 0, command);
  assert.deepEqual(numbers(await home.json(['list'])), [5, 4]);
  assert.deepEqual(numbers(await home.json(['list', '--folder', 'archive.2026'])), [2, 1]);
  assert.deepEqual(numbers(await home.json(['list', 'number'])), [5, 4, 2, 1]);
  assert.deepEqual(numbers(await home.json(['list', 'folder:trash'])), [3]);
  assert.deepEqual(numbers(await home.json(['list', 'tag:work'])), [4]);
  assert.deepEqual(numbers(await home.json(['list', 'is:flagged'])), [5]);
  const [two] = (await home.json<Listed>(['list', 'id:2'])).messages;
  assert.equal(two?.folder, 'Archive/2026');
  assert.equal((await home.posthorn(['undo'])).code, 0);
  assert.deepEqual(numbers(await home.json(['list', 'is:flagged'])), []);
  const { error } = { error: await home.refused(64, ['list', '--folder', 'archiv/2026']) };
  assert.deepEqual([error.code, error.hint], ['no-such-folder', 'Did you mean Archive/2026?']);
});

test('what a query cannot be is said, with what to do', async (t) => {
  const home = await homeWith(t, 1);
  for (const [query, says] of [
    ['frm:ann', /no field frm:.*\n {2}Did you mean from:\?/],
    ['since:soon', /not a date/],
    ['NEAR(', /missing/],
    ['x'.repeat(100_000), /longer than 10000/],
    ['-from:ann', /write not from:…, or put -- in front/],
  ] as const) {
    const { code, stderr, stdout } = await home.posthorn(['list', query]);
    assert.deepEqual([code, stdout], [64, '']);
    assert.match(stderr, says);
  }
  for (const args of [
    ['--remote', 'word'],
    ['--remote', '--threads'],
    ['--remote', '--folder', 'x'],
  ])
    assert.equal((await home.refused(64, ['list', ...args])).code, 'conflicting-options');
});

test('an index that was lost, spoilt or cannot be is no news to a script, and numbers stay', async (t) => {
  const home = await homeWith(t, 30);
  const before = await home.posthorn(['list', '--json', 'even']);
  const folder = join(home.folder, 'cache/posthorn/ann@example.org');
  const journal = readFileSync(join(home.folder, 'state/posthorn/ann@example.org/journal'));
  for (const damage of [
    () => rmSync(folder, { recursive: true }),
    () => writeFileSync(join(folder, 'index.sqlite'), 'no index'),
    () => writeFileSync(join(folder, 'index.sqlite'), Buffer.alloc(50_000, 1)),
  ]) {
    damage();
    assert.deepEqual(await home.posthorn(['list', '--json', 'even']), before);
  }
  rmSync(folder, { recursive: true });
  writeFileSync(folder, '');
  const { stdout, stderr } = await home.posthorn(['list', '--json', 'even']);
  assert.equal(stdout, before.stdout);
  assert.match(JSON.parse(stderr).warning.message, /^the index cannot be used/);
  assert.deepEqual(readFileSync(join(home.folder, 'state/posthorn/ann@example.org/journal')), journal);
});

test('messages of another program are numbered by the list, unless a fetch is at work; then by the next', async (t) => {
  const home = await homeWith(t, 1);
  const mailbox = join(home.folder, 'data/posthorn/ann@example.org');
  writeFileSync(join(mailbox, 'new/1800000000.x'), 'Subject: from another program\n\n');
  assert.deepEqual(numbers(await home.json(['list'])), [2, 1]);
  assert.equal((await home.posthorn(['read', '2'])).code, 0);
  mkdirSync(join(mailbox, '.New/cur'), { recursive: true });
  for (const name of ['new', 'tmp']) mkdirSync(join(mailbox, '.New', name));
  writeFileSync(join(mailbox, '.New/cur/1800000001.y:2,S'), 'Subject: in another folder\n\n');
  assert.deepEqual(numbers(await home.json(['list', 'subject:another'])), [3, 2]);
  assert.deepEqual(
    readdirSync(join(home.folder, 'state/posthorn/ann@example.org')).filter((name) => /lock/.test(name)),
    [],
  );
});

test('on a terminal: a bar while the mailbox is read, and lines that fit', { skip: noTerminal }, async (t) => {
  const home = await homeWith(t, 1500);
  const { code, output } = await onTerminal(home, ['list', '--limit', '3']);
  assert.equal(code, 0, output);
  assert.match(output, /Reading the mailbox {2}\[=* *\] +\d+% {2}\d+ of 1500 messages/);
  assert.match(output.slice(output.lastIndexOf('\x1b[K')), /^\x1b\[K *1500 .*\r\n/);
  assert.doesNotMatch((await onTerminal(home, ['list'])).output, /Reading/);
});
