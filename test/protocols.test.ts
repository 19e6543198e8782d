/** docs/protocols.md is true: its tests exist, its deviations are all there are, and what our servers announce has a row. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { Channel } from '../src/net/channel.ts';
import { parseCapabilities as parseRows } from '../src/pop3/capabilities.ts';
import { servePop3 } from '../src/pop3/server.ts';
import { MECHANISMS } from '../src/sasl/mechanisms.ts';
import { parseCapabilities } from '../src/smtp/capabilities.ts';
import { AFTER_DOT, COMMANDS, DATA_BLOCK, GREETING, IDLE } from '../src/smtp/commands.ts';
import { serveSmtp } from '../src/smtp/server.ts';
import { TLS } from './support/orders.ts';
import { settled, withPeer } from './support/peer.ts';
import { MemoryMaildrop, MemoryPost } from './support/serve.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** The rows of the table under a heading, cell by cell. */
function rowsOf(heading: string): string[][] {
  const [, section = ''] = read('docs/protocols.md').split(`\n## ${heading}\n`);
  const lines = (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| '));
  return lines.slice(1).map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const quoted = (cell = ''): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text);
const announcedIn = (heading: string): string[] => rowsOf(heading).flatMap(([, keywords]) => quoted(keywords));

/** Whether a transcript, a test file, or a test in one is there. */
function exists(reference: string): boolean {
  const [file = '', ...words] = reference.split(/: (.*)/s);
  if (!file.endsWith('.test.ts')) return globSync(`test/transcripts/${file}.txt`, { cwd: root }).length > 0;
  return globSync(file, { cwd: root }).length === 1 && (words.length === 0 || read(file).includes(words[0] ?? ''));
}

for (const heading of ['POP3', 'SMTP', 'SASL', 'TLS and connections', 'Messages']) {
  test(`${heading}: every row names tests, and they exist`, () => {
    const rows = rowsOf(heading);
    assert.ok(rows.length > 0);
    for (const [standard = '', , client = '', server = ''] of rows) {
      const references = [...quoted(client), ...quoted(server)];
      assert.ok(references.length > 0, standard);
      assert.deepEqual(
        references.filter((reference) => !exists(reference)),
        [],
        standard,
      );
    }
  });
}

test('every QUIRK in the source is a row, and every row is one', () => {
  const sources = globSync('src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'));
  const quirks = sources.flatMap((file) => (read(file).match(/QUIRK:/g) ?? []).map(() => file));
  assert.deepEqual(
    rowsOf('Where we deviate')
      .flatMap(([source]) => quoted(source))
      .sort(),
    quirks.sort(),
  );
});

/** What a server of ours says to a greeting and to one line. */
async function told(
  serve: (channel: Channel) => Promise<void>,
  said: string,
  under: 'tls' | 'clear',
): Promise<string[]> {
  const { channel, peer } = withPeer({ role: 'server' });
  if (under === 'tls') channel.tls = TLS;
  const served = serve(channel);
  await settled();
  await peer.says(`${said}\r\n`);
  await peer.ends();
  await served;
  return peer.writes.slice(1).join('').split('\r\n').slice(0, -1);
}

const IDENTITY = { certificate: '', key: '' };
const EVERYTHING = {
  dsn: true,
  requireTls: true,
  futureRelease: { seconds: 1 },
  deliverBy: {},
  priority: true,
  binary: true,
};

test('whatever our POP3 server can announce has a row', async () => {
  const options = { backend: new MemoryMaildrop(), insecure: true, identity: IDENTITY, expire: 30, loginDelay: 900 };
  const rows = await told((channel) => servePop3(channel, options), 'CAPA', 'clear');
  const announced = [...parseRows(rows.slice(1, -1)).keys()];
  assert.ok(announced.includes('STLS') && announced.includes('EXPIRE'), announced.join(' '));
  assert.deepEqual(
    announced.filter((name) => !announcedIn('POP3').includes(name)),
    [],
  );
});

test('whatever our SMTP server can announce has a row', async () => {
  const nobody = async (): Promise<string[]> => [];
  const backend = Object.assign(new MemoryPost(), { extensions: EVERYTHING, vrfy: nobody, expn: nobody });
  const serve = (channel: Channel) => serveSmtp(channel, { backend, insecure: true, identity: IDENTITY });
  const replies = [await told(serve, 'EHLO me', 'clear'), await told(serve, 'EHLO me', 'tls')];
  const announced = replies.flatMap((lines) => [...parseCapabilities(lines.map((line) => line.slice(4))).keys()]);
  assert.ok(
    ['STARTTLS', 'REQUIRETLS', 'EXPN', 'BINARYMIME'].every((name) => announced.includes(name)),
    announced.join(' '),
  );
  assert.deepEqual(
    announced.filter((name) => !announcedIn('SMTP').includes(name)),
    [],
  );
});

test('every mechanism has a row', () => {
  assert.deepEqual(announcedIn('SASL').sort(), MECHANISMS.map(({ name }) => name).sort());
});

test('each command has its time, and none is shorter than RFC 5321 §4.5.3.2 has it', () => {
  const minutes = (milliseconds: number): number => milliseconds / 60_000;
  const { MAIL, RCPT, DATA } = COMMANDS;
  const times = [GREETING, MAIL.timeout, RCPT.timeout, DATA.timeout, DATA_BLOCK, AFTER_DOT, IDLE];
  assert.deepEqual(times.map(minutes), [5, 5, 5, 2, 3, 10, 5]);
  // It is the answer to a chunk that may take long (RFC 3030 has no time of its own).
  assert.equal(COMMANDS.BDAT.timeout, AFTER_DOT);
});

test('an enhanced code is of the class of its reply, and neither a greeting nor EHLO has one (RFC 2034 §3, §4)', () => {
  const files = globSync('test/transcripts/smtp/serve-*.txt', { cwd: root });
  const said = files.flatMap((file) => [...read(file).matchAll(/^S: (.*)$/gm)].map(([, line = '']) => line));
  assert.ok(said.length > 500);
  const wrong = said.filter((line) => {
    const [, code = '', enhanced] = /^(\d{3})[ -](?:(\d\.\d{1,3}\.\d{1,3}) )?/.exec(line) ?? [];
    if (enhanced === undefined) return /^[45]/.test(code);
    return enhanced[0] !== code[0] || / (?:ESMTP|LMTP|greets) /.test(line);
  });
  assert.deepEqual(wrong, []);
});
