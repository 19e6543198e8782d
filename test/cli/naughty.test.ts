/**
 * The Big List of Naughty Strings through the program: as subject, name and file name of messages, as the name of an
 * account, as what is looked for. Nothing crashes, nothing is printed but text, names come back, and JSON is JSON for
 * another program as well.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { runHere } from '../support/here.ts';
import { HOSTILE_TEXTS } from '../support/hostile-texts.ts';
import { makeMailHome } from '../support/mail-home.ts';
import { assertEnded, assertPrivate, assertSafeText } from '../support/universal.ts';

const LIST = join(import.meta.dirname, '../../../shared/corpus/blns/blns.json');
const naughty = existsSync(LIST) ? (JSON.parse(readFileSync(LIST, 'utf8')) as string[]) : [];
const skip = naughty.length > 0 ? false : 'the list is not here';
/** As many as one message may name in one go; a hundred files show as much as five hundred. */
const ATTACHED = 100;

const base64 = (text: string) => Buffer.from(text).toString('base64');
const percent = (text: string) =>
  Array.from(Buffer.from(text), (octet) => `%${octet.toString(16).padStart(2, '0')}`).join('');

function message(subject: string, names: readonly string[]): string {
  const word = `=?utf-8?B?${base64(subject)}?=`;
  return [
    `From: ${word} <eve@example.org>`,
    'To: ann@example.org',
    `Subject: ${word}`,
    'MIME-Version: 1.0',
    'Content-Type: multipart/mixed; boundary=b',
    '',
    ...names.flatMap((name) => [
      '--b',
      'Content-Type: application/octet-stream',
      `Content-Disposition: attachment; filename*=utf-8''${percent(name)}`,
      '',
      'x',
    ]),
    '--b--',
    '',
  ].join('\r\n');
}

const home = await makeMailHome({ after });
process.chdir(home.folder);
assert.equal((await home.posthorn(['fetch', '-q', '--limit', '1'])).code, 0);
const data = join(home.folder, 'data/posthorn');
const maildir = join(data, readdirSync(data)[0] ?? '', 'new');
const subjects = [...naughty, ...Array.from(HOSTILE_TEXTS.values(), String)];
for (const [at, text] of subjects.entries())
  writeFileSync(join(maildir, `${1_000_000 + at}.M${at}P1.x`), message(text, [text]));
for (let at = 0; at < naughty.length; at += ATTACHED)
  writeFileSync(join(maildir, `${2_000_000 + at}.M${at}P2.x`), message('names', naughty.slice(at, at + ATTACHED)));
assert.equal((await home.posthorn(['fetch', '-q', '--limit', '0'])).code, 0);

async function look(args: readonly string[]): Promise<string> {
  const ended = await runHere(home.env, args);
  assertEnded(ended, args.join(' '));
  assertSafeText(ended.stdout + ended.stderr, args.join(' '));
  return ended.stdout;
}

/** What another program makes of our JSON: each line one value. */
function readByPython(lines: string): unknown[] {
  const program = 'import json, sys\nprint(json.dumps([json.loads(l) for l in sys.stdin.read().split("\\n")[:-1]]))';
  const { status, stdout, stderr } = spawnSync('python3', ['-c', program], {
    input: lines,
    encoding: 'utf8',
    env: { ...process.env, PYTHONUTF8: '1' },
  });
  assert.equal(status, 0, stderr);
  return JSON.parse(stdout) as unknown[];
}

test('a listing is one line of JSON, for Python as for us, whatever the subjects are', async () => {
  const shown = await look(['list', '--limit', '2000', '--json']);
  assert.equal(shown.split('\n').length, 2);
  const [listing] = readByPython(shown) as [{ messages: { number: number; subject: string }[] }];
  assert.deepEqual(listing, JSON.parse(shown));
  assert.ok(listing.messages.length > HOSTILE_TEXTS.size);
  const numbers = listing.messages.slice(0, 60).map(({ number }) => number);
  let lines = '';
  for (const number of numbers) lines += await look(['read', String(number), '--headers', '--json']);
  const read = readByPython(lines) as { number: number }[];
  assert.deepEqual(
    read.map(({ number }) => number),
    numbers,
  );
});

test('as a subject and a name, listed and read', { skip }, async () => {
  await look(['list', '--limit', '2000']);
  const listing = JSON.parse(await look(['list', '--limit', '2000', '--json'])) as {
    messages: { number: number; subject: string; from: { name: string | null }[] }[];
  };
  const subjects = new Set(listing.messages.map(({ subject }) => subject));
  // What is on one line and at its ends no blank comes back as it was.
  const plain = naughty.filter((text) => !/^\s|\s$|[\p{Cc}\p{Zl}\p{Zp}]|\s\s/u.test(text));
  assert.deepEqual(
    plain.filter((text) => !subjects.has(text)),
    [],
  );
  for (let at = 0; at < naughty.length; at += 1) await look(['read', String(at + 2)]);
});

test('as file names: all are saved, each under a name of its own', { skip }, async () => {
  const first = 2 + naughty.length + HOSTILE_TEXTS.size;
  const last = first + Math.ceil(naughty.length / ATTACHED) - 1;
  const told = JSON.parse(await look(['save', `${first}-${last}`, '--dir', 'names', '--json'])) as {
    saved: { name: string }[];
  };
  assert.equal(told.saved.length, naughty.length);
  const saved = readdirSync(join(home.folder, 'names'));
  assert.equal(saved.length, naughty.length);
  assertPrivate(join(home.folder, 'names'));
  await look(['save', '2-40', '--dir', 'names']);
});

test('as an account, a message, a part, a folder', { skip }, async () => {
  const texts = naughty.filter((text) => !text.includes('\0') && !/\.\./.test(text));
  for (const [at, text] of texts.entries()) {
    await look(['list', '-a', text]);
    await look(['save', '2', text]);
    if (at % 10 === 0) await look(['save', '2', '--dir', `folders/${text.replaceAll('/', '_')}`]);
    if (at % 10 === 1) await look(['save', '2', '--message', '--dir', 'eml']);
  }
});
