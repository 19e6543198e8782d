/** docs/json.md is the truth: every key it names is printed, and no other. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { startLineServer } from '../support/line-server.ts';
import { makeMailHome } from '../support/mail-home.ts';
import { ended } from '../support/program.ts';

const MANUAL = readFileSync(join(import.meta.dirname, '../../docs/json.md'), 'utf8');

interface Section {
  readonly keys: ReadonlySet<string>;
  readonly examples: readonly unknown[];
}

const SECTIONS = new Map(
  MANUAL.split(/^## /m)
    .slice(1)
    .map((text): [string, Section] => {
      const keys = [...text.matchAll(/^\| `([^`]+)` \|/gm)].map(([, key = '']) => key);
      const examples = [...text.matchAll(/```json\n([^]*?)```/g)].flatMap(([, lines = '']) => lines.trim().split('\n'));
      return [
        text.split('\n', 1)[0] ?? '',
        { keys: new Set(keys), examples: examples.map((line) => JSON.parse(line)) },
      ];
    }),
);

/** The files of an attachment list are described once, under `parts`; those of the demonstration have names of their own. */
const ATTACHMENTS = /^((?:attachments|inline)(?:\[\])?)\..*/;

/** The keys of a value as the manual writes them: `messages[].from[].name`. What is null or empty has none inside. */
function keysOf(value: unknown, path = ''): string[] {
  const own = path.replace(ATTACHMENTS, '$1');
  if (Array.isArray(value)) return value.length === 0 ? [] : value.flatMap((item) => keysOf(item, `${path}[]`));
  if (typeof value !== 'object' || value === null) return [own];
  const inner = Object.entries(value).flatMap(([key, each]) => keysOf(each, path === '' ? key : `${path}.${key}`));
  return own === '' ? inner : [own, ...inner];
}

/** Every key printed in any of the runs is documented, and the other way round, but for the `rare` ones. */
function assertDocumented(name: string, printed: readonly unknown[], rare: readonly string[] = []): void {
  const section = SECTIONS.get(name);
  assert.ok(section, `docs/json.md has no section ${name}`);
  const { keys, examples } = section;
  const within = [...keys].flatMap((key) => [...key.matchAll(/\.|$/g)].map(({ index }) => key.slice(0, index)));
  const allowed = new Set([...within, ...rare]);
  const seen = new Set(printed.flatMap((value) => keysOf(value)));
  assert.deepEqual(
    [...seen].filter((key) => !allowed.has(key)),
    [],
    `${name} prints what is not documented`,
  );
  const missing = [...keys].filter((key) => !seen.has(key) && !rare.includes(key));
  assert.deepEqual(missing, [], `documented for ${name}, but not printed`);
  const shown = examples.flatMap((value) => keysOf(value));
  assert.deepEqual(
    shown.filter((key) => !allowed.has(key)),
    [],
    `the example of ${name} shows what is not documented`,
  );
}

const home = await makeMailHome({ after });
const RICH = [
  'From: Ann <ann@example.org>',
  'To: Ann <ann@example.org>',
  'Cc: Bob <bob@example.org>',
  'Reply-To: ann@example.net',
  'Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=example.org',
  'In-Reply-To: <1@example.org>',
  'References: <0@example.org> <1@example.org>',
  'Subject: rich',
  'Date: nonsense',
  'Content-Type: text/plain; charset=no-such-charset',
  'Content-Transfer-Encoding: nonsense',
  '',
  'text\xff\r\n',
].join('\r\n');
mkdirSync(join(home.folder, 'config/posthorn'), { recursive: true });
writeFileSync(
  join(home.folder, 'config/posthorn/config.toml'),
  `[defaults]
trusted_authserv = "mx.example.org"
[[filter]]
field = "subject"
is = "rich"
tag = "rich"
run = "true"
`,
);
writeFileSync(join(home.folder, 'rich.eml'), Buffer.from(RICH, 'latin1'));

/** A message with everything that its parts can tell a program. */
const TELLING = [
  'From: Ann <ann@example.org>',
  'Subject: telling',
  'Content-Type: multipart/mixed; boundary=b',
  '',
  '--b',
  'Content-Type: text/html',
  '',
  '<img src="cid:i@x">',
  '--b',
  'Content-Type: image/png',
  'Content-ID: <i@x>',
  '',
  'png',
  '--b',
  'Content-Type: message/delivery-status',
  '',
  'Reporting-MTA: dns; mx.example.org',
  'Arrival-Date: Mon, 23 Nov 2026 12:00:00 +0000',
  '',
  'Final-Recipient: rfc822; bob@example.net',
  'Action: failed',
  '--b',
  'Content-Type: text/calendar',
  '',
  'BEGIN:VCALENDAR',
  'METHOD:REQUEST',
  'BEGIN:VEVENT',
  'SUMMARY:Tea',
  'DTSTART:20261124T093000Z',
  'DTEND:20261124T100000Z',
  'ORGANIZER;CN=Ann:mailto:ann@example.org',
  'END:VEVENT',
  'END:VCALENDAR',
  '--b',
  'Content-Type: message/rfc822',
  '',
  'From: Cem <cem@example.org>',
  'Message-ID: <inner@example.org>',
  'Subject: inner',
  '',
  'inner',
  '--b--',
  '',
].join('\r\n');
const RECEIPT = [
  'From: Ann <ann@example.org>',
  'Subject: receipt',
  `X-Long: ${'x'.repeat(500)}`,
  'Content-Type: message/disposition-notification',
  '',
  'Final-Recipient: rfc822; bob@example.net',
  'Original-Message-ID: <1@example.org>',
  'Disposition: manual-action/MDN-sent-manually; displayed',
  '',
].join('\r\n');
writeFileSync(join(home.folder, 'telling.eml'), TELLING);
writeFileSync(join(home.folder, 'receipt.eml'), RECEIPT);

test('send', async () => {
  const sent = await home.json([
    'send',
    '--raw',
    'rich.eml',
    '-t',
    'ann@example.org',
    '-t',
    'no@example.org',
    '--partial',
  ]);
  for (const file of ['telling.eml', 'receipt.eml']) await home.json(['send', '--raw', file, '-t', 'ann@example.org']);
  const refused = await home.posthorn(['--json', 'send', '-t', 'no@example.org', '--body', 'x']);
  assert.equal(refused.code, 65);
  const report = JSON.parse(refused.stdout) as { outcome: string; reply: unknown };
  assert.deepEqual([report.outcome, report.reply], ['refused', null]);
  assertDocumented('posthorn send', [sent, report]);
  const dry = await home.json(['send', '-t', 'bob@example.org', '--body', 'x', '--dry-run']);
  assertDocumented('posthorn send --dry-run', [dry]);
});

test('list --remote, fetch, list, read, save', async () => {
  assertDocumented('posthorn list --remote', [await home.json(['list', '--remote'])]);
  const dry = await home.json<{ fetched: { number: null }[] }>(['fetch', '--dry-run', '--limit', '1']);
  assert.equal(dry.fetched[0]?.number, null);
  const fetched = [dry, await home.json(['fetch', '--max-size', '500']), await home.json(['fetch'])];
  assertDocumented('posthorn fetch', fetched, ['failed[].uidl', 'failed[].reason']);
  assertDocumented('posthorn filter', [await home.json(['filter', '--dry-run'])]);
  assertDocumented('posthorn tag', [await home.json(['tag', '1-2', 'work']), await home.json(['tag', '2', 'work'])]);
  const { mailbox } = await home.json<{ mailbox: string }>(['list']);
  symlinkSync('/etc/passwd', join(mailbox, 'cur', '1.link.x'));
  assertDocumented('posthorn list', [await home.json(['list'])]);
  const messages = await Promise.all(
    [1, 2, 3, 4, 5, 6].map((number) => home.json(['read', String(number), '--headers'])),
  );
  assertDocumented('posthorn read', messages);
  assertDocumented('posthorn save', [
    await home.json(['save', '2', '--dir', 'saved']),
    await home.json(['save', '2', '--message', '--dir', 'saved']),
  ]);
  assertDocumented('posthorn save --mbox', [await home.json(['save', '1-2', '--mbox', 'saved/two.mbox'])]);
});

test('import', async () => {
  writeFileSync(join(home.folder, 'picture.eml'), 'GIF89a');
  writeFileSync(join(home.folder, 'import.eml'), 'Subject: imported\n\n');
  const { code, stdout } = await home.posthorn(['import', 'import.eml', 'picture.eml', '--json']);
  assert.equal(code, 65);
  assertDocumented('posthorn import', [JSON.parse(stdout)]);
});

test('export', async () => {
  const backup = ['export', '1-2', '--maildir', 'backup'];
  assertDocumented('posthorn export', [await home.json(backup), await home.json(backup)]);
});

test('flag, move, delete, undo', async () => {
  assertDocumented('posthorn flag', [
    await home.json(['flag', '1', 'flagged']),
    await home.json(['flag', '1-2', 'flagged']),
  ]);
  assertDocumented('posthorn move', [await home.json(['move', '1', 'A']), await home.json(['move', '1-2', 'A'])]);
  assertDocumented('posthorn undo', [await home.json(['undo']), await home.json(['undo'])], ['unchanged[]']);
  const deleted = [
    await home.json(['delete', '1']),
    await home.json(['delete', '1-2']),
    await home.json(['delete', '3', '7', '--server']),
  ];
  assertDocumented('posthorn delete', deleted, ['server.kept[].number', 'server.kept[].reason']);
});

test('sandbox and demo', async () => {
  const child = home.start(['sandbox', '--json']);
  const end = ended(child);
  child.stdout?.once('data', () => child.kill('SIGTERM'));
  assertDocumented('posthorn sandbox', [JSON.parse((await end).stdout)]);
  assertDocumented('posthorn demo', [await home.json(['demo'])]);
});

test('errors, warnings and traces are JSON too, one object a line', async (t) => {
  const { port } = await startLineServer(t, '-ERR [IN-USE] locked\r\n', () => undefined);
  const args = ['fetch', '--pop3', `pop3+insecure://ann@127.0.0.1:${port}`, '--json', '--trace'];
  const { code, stdout, stderr } = await home.posthorn(args);
  assert.equal(code, 75);
  assert.equal(stdout, '');
  const lines = stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual([...new Set(lines.flatMap((line) => Object.keys(line)))].sort(), ['error', 'trace', 'warning']);
  const errors = lines.filter(({ error }) => error);
  assert.equal(errors.length, 1);
  assertDocumented('Errors and warnings, on standard error', errors, ['warning', 'warning.message', 'trace']);
});

test('what is asked for exactly is no JSON', async () => {
  const { stdout } = await home.posthorn(['read', '1', '--raw', '--json']);
  assert.match(stdout, /^Date: .*\r\n/);
});
