/**
 * Messages of ours in other people's programs, and theirs in ours: Python's `email` package, swaks and s-nail, with a
 * real Postfix and a real Dovecot between.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { arrived, servedBy } from '../support/mail-servers.ts';
import { startPostfix } from '../support/postfix.ts';
import { ended, type Home, makeHome } from '../support/program.ts';

const ANN = 'ann@example.org';
const SUBJECT = 'Grüße – 你好 📯';
const NAMES = ['photo.bin', 'Übersicht – итог.txt'] as const;
const FILES = new Map<string, Buffer>([
  [NAMES[0], randomBytes(100_000)],
  [NAMES[1], Buffer.from('.\r\n..\nGrüße\n')],
]);

async function setUp(t: TestContext) {
  const dovecot = await startDovecot(t);
  const postfix = await startPostfix(t, { dovecot });
  const home = await makeHome(t, servedBy(dovecot, postfix));
  for (const [name, bytes] of FILES) await writeFile(join(home.folder, name), bytes);
  return { dovecot, home, smtp: `localhost:${postfix.ports.smtp}` };
}

/** Runs somebody else's program, in the folder and with the environment of a home. */
async function run(home: Home, command: string, args: readonly string[], stdin: string | Uint8Array = '') {
  const child = spawn(command, args, { cwd: home.folder, env: { ...home.env, LC_ALL: 'C.UTF-8' } });
  child.stdin.on('error', () => undefined).end(stdin);
  const end = await ended(child);
  assert.equal(end.code, 0, `${command}: ${end.stderr}${end.stdout}`);
  return end.stdout;
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const READER = `
import email, email.policy, hashlib, json, sys
m = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
body = m.get_body(('plain',))
html = m.get_body(('html',))
addresses = lambda name: [[a.display_name, a.addr_spec] for h in m.get_all(name, []) for a in h.addresses]
defects = [str(d) for part in m.walk() for d in part.defects]
defects += [str(d) for value in m.values() for d in getattr(value, 'defects', [])]
print(json.dumps({
  'subject': m['subject'], 'from': addresses('from'), 'to': addresses('to'), 'cc': addresses('cc'),
  'text': body.get_content(), 'html': html and html.get_content(), 'defects': defects,
  'attachments': [[a.get_filename(), hashlib.sha256(a.get_payload(decode=True)).hexdigest()] for a in m.iter_attachments()],
}))`;

interop('Python reads what Posthorn sent', ['dovecot', 'postfix', 'python3'], async (t) => {
  const { dovecot, home } = await setUp(t);
  const text = `Good morning,\n\n.\n..\n${'long '.repeat(400)}\nÜmläuts 你好\n`;
  const args = [
    '-t',
    `"Müller, Änne" <${ANN}>`,
    '--cc',
    `Ann <ann@EXAMPLE.ORG>`,
    '-f',
    `Ännchen <${ANN}>`,
    '-s',
    SUBJECT,
  ];
  const content = ['--body', text, '--html', '<p>Grüße</p>', ...NAMES.flatMap((name) => ['--attach', name])];
  await home.json(['send', ...args, ...content]);
  await arrived(dovecot, 1);
  const [message = Buffer.alloc(0)] = await dovecot.messages('ann');
  assert.deepEqual(JSON.parse(await run(home, 'python3', ['-c', READER], message)), {
    subject: SUBJECT,
    from: [['Ännchen', ANN]],
    to: [['Müller, Änne', ANN]],
    cc: [['Ann', 'ann@EXAMPLE.ORG']],
    text,
    html: '<p>Grüße</p>\n',
    defects: [],
    attachments: [...FILES].map(([name, bytes]) => [name, sha256(bytes)]),
  });
});

interface Message {
  subject: string;
  from: { name: string | null; address: string }[];
  to: { name: string | null; address: string }[];
  text: string;
  attachments: { name: string; size: number; part: string }[];
  defects: unknown[];
}

/** Fetches the one message, saves its attachments, and returns how it reads and what was saved. */
async function received(home: Home): Promise<{ message: Message; saved: [name: string, bytes: Buffer][] }> {
  await home.json(['fetch']);
  const message = await home.json<Message>(['read', '1']);
  const { saved } = await home.json<{ saved: { name: string; path: string }[] }>(['save', '1', '--dir', 'saved']);
  const files = saved.map(async ({ name, path }): Promise<[string, Buffer]> => {
    return [name, await readFile(join(home.folder, path))];
  });
  return { message, saved: await Promise.all(files) };
}

interop('Posthorn reads what swaks sent', ['dovecot', 'postfix', 'swaks'], async (t) => {
  const { dovecot, home, smtp } = await setUp(t);
  const text = 'Grüße,\n.\n..two dots\nAnn\n';
  const who = ['--server', smtp, '--from', ANN, '--to', ANN, '--header', `Subject: ${SUBJECT}`];
  const body = ['--attach-type', 'text/plain; charset=UTF-8', '--attach-body', text];
  const files = NAMES.flatMap((name) => [
    '--attach-type',
    'application/octet-stream',
    '--attach-name',
    name,
    '--attach',
    `@${name}`,
  ]);
  await run(home, 'swaks', [...who, ...body, ...files]);
  await arrived(dovecot, 1);
  const { message, saved } = await received(home);
  assert.equal(message.subject, SUBJECT);
  assert.equal(message.text, text);
  assert.deepEqual(message.to, [{ name: null, address: ANN }]);
  assert.deepEqual(saved, [...FILES]);
});

interop('Posthorn reads what s-nail sent', ['dovecot', 'postfix', 's-nail'], async (t) => {
  const { dovecot, home, smtp } = await setUp(t);
  const text = `Grüße,\n.\n..two dots\n${'lang '.repeat(300)}\nAnn\n`;
  const settings = [
    'v15-compat',
    `mta=smtp://${smtp}`,
    'smtp-auth=none',
    'smtp-use-starttls',
    `tls-ca-file=${dovecot.caFile}`,
    // What it cannot send it would put into the home folder of whoever runs it, whatever HOME says.
    `DEAD=${join(home.folder, 'dead.letter')}`,
    `from=Ännchen <${ANN}>`,
  ];
  const options = ['-:/', ...settings.flatMap((setting) => ['-S', setting]), ...NAMES.flatMap((name) => ['-a', name])];
  await run(home, 's-nail', [...options, '-s', SUBJECT, ANN], text);
  await arrived(dovecot, 1);
  const { message, saved } = await received(home);
  assert.equal(message.subject, SUBJECT);
  assert.equal(message.text, text);
  assert.deepEqual(message.from, [{ name: 'Ännchen', address: ANN }]);
  assert.deepEqual(message.defects, []);
  const [[, binary], [name, note]] = saved as [[string, Buffer], [string, Buffer]];
  assert.deepEqual([name, binary], [NAMES[1], FILES.get(NAMES[0])]);
  // It sends a text file as text, whose lines all end in CRLF under way, whatever they ended in (RFC 2046 §4.1.1).
  const lines = (bytes: Buffer | undefined) => bytes?.toString().split(/\r?\n/);
  assert.deepEqual(lines(note), lines(FILES.get(NAMES[1])));
});
