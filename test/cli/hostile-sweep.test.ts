/**
 * Every hostile text in every place it can come from, on a pipe and on a terminal, as text, as JSON and traced: what
 * comes out is text and nothing else, no line of it passes for one of ours, and the run ends as documented.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { createServer } from 'node:tls';
import { runHere } from '../support/here.ts';
import { HOSTILE_TEXTS } from '../support/hostile-texts.ts';
import { startLineServer } from '../support/line-server.ts';
import { onLoopback } from '../support/loopback.ts';
import { makeMailHome } from '../support/mail-home.ts';
import { makeHome } from '../support/program.ts';
import { noTerminal, onTerminal } from '../support/tty.ts';
import { assertEnded, assertSafeText } from '../support/universal.ts';

const TEXTS = [...HOSTILE_TEXTS];
type Environment = Readonly<Record<string, string>>;

/** Runs it on a pipe and as on a terminal, and looks at all that was printed. */
async function look(env: Environment, args: readonly string[], what: string): Promise<void> {
  for (const columns of [undefined, 80]) {
    const name = `${what}: ${JSON.stringify(args.join(' ').slice(0, 80))}${columns ? ' on a terminal' : ''}`;
    const ended = await runHere(env, args, columns === undefined ? {} : { columns });
    assertEnded(ended, name);
    assert.doesNotMatch(ended.stderr, /^posthorn: FORGED/m, name);
    for (const said of [ended.stdout, ended.stderr]) {
      assertSafeText(said, name, { terminal: columns !== undefined });
      if (args.includes('--json')) for (const line of said.split('\n').slice(0, -1)) JSON.parse(line);
    }
  }
}

/** What cannot stand in a field as it is: a line end would begin another one. */
const inField = (text: Buffer) => Buffer.from(text.toString('latin1').replace(/[\r\n]/g, ''), 'latin1');

/** The text in every place of a message: raw, as encoded-words of two character sets, and in both forms of parameters. */
function messageWith(text: Buffer): Buffer {
  const raw = inField(text).toString('latin1');
  const word = `=?utf-8?B?${text.toString('base64')}?=`;
  const latin1 = `=?iso-8859-1?Q?${Array.from(text, (octet) => `=${octet.toString(16).toUpperCase().padStart(2, '0')}`).join('')}?=`;
  const percent = Array.from(text, (octet) => `%${octet.toString(16).padStart(2, '0')}`).join('');
  const quoted = raw.replaceAll(/["\\]/g, '\\$&');
  return Buffer.from(
    [
      `From: "${quoted}" <eve@example.org>`,
      `To: ${word} <ann@example.org>, "${quoted}@bank.example" <${quoted}@example.org>`,
      `Cc: ${latin1} <cc@example.org>, ${raw}`,
      `Reply-To: ${word} <reply@example.org>`,
      `Subject: ${raw} ${word} ${latin1}`,
      `Date: ${raw}`,
      `Message-ID: <${raw}@example.org>`,
      `In-Reply-To: <${raw}@example.org>`,
      `X-${raw}: ${raw}`,
      'MIME-Version: 1.0',
      'Content-Type: multipart/mixed; boundary=b',
      '',
      '--b',
      'Content-Type: text/plain; charset=utf-8',
      '',
      text.toString('latin1'),
      '--b',
      `Content-Type: text/html; charset=${raw}`,
      '',
      `<p>${text.toString('latin1')}</p><a href="http://x/${raw}">${raw}</a>&#27;[2J&#155;2J&#8238;`,
      '--b',
      `Content-Type: application/x-${raw}; name="${quoted}"`,
      `Content-ID: <${raw}>`,
      `Content-Disposition: attachment; filename*=utf-8''${percent}`,
      '',
      text.toString('latin1'),
      '--b',
      'Content-Type: application/octet-stream',
      `Content-Disposition: attachment; filename="${quoted}"`,
      '',
      'x',
      '--b--',
      '',
    ].join('\r\n'),
    'latin1',
  );
}

const home = await makeMailHome({ after });
process.chdir(home.folder);
assert.equal((await home.posthorn(['fetch', '-q', '--limit', '1'])).code, 0);
const data = join(home.folder, 'data/posthorn');
const maildir = join(data, readdirSync(data)[0] ?? '');
for (const [at, [, text]] of TEXTS.entries())
  writeFileSync(join(maildir, 'new', `${1_000_000 + at}.M${at}P1.x`), messageWith(text));
assert.equal((await home.posthorn(['fetch', '-q', '--limit', '0'])).code, 0);

test('in a message: listed, read, its headers, its parts, saved', async () => {
  for (const args of [['list'], ['list', '--json'], ['list', '--limit', '3', '-v']]) await look(home.env, args, 'list');
  const folders = readdirSync(home.folder).sort();
  for (const [at, [name]] of TEXTS.entries()) {
    const number = String(at + 2);
    for (const more of [[], ['--json'], ['--headers'], ['--headers', '--json']])
      await look(home.env, ['read', number, ...more], name);
    await look(home.env, ['save', number, '--dir', 'saved'], name);
    await look(home.env, ['save', number, '--message', '--json', '--dir', 'saved'], name);
    for (const exact of [['--raw'], ['--part', '1'], ['--part', '3']]) {
      const { stdout } = await runHere(home.env, ['read', number, ...exact], { columns: 80 });
      assertSafeText(stdout, `${name}: ${exact.join(' ')} on a terminal`, { terminal: true });
    }
  }
  assert.deepEqual(readdirSync(home.folder).sort(), [...folders, 'saved'].sort(), 'nothing beside the folder');
});

test('on a real terminal', { skip: noTerminal }, async () => {
  for (const [at, [name]] of TEXTS.entries()) {
    if (at % 8 !== 0) continue;
    for (const args of [
      ['read', String(at + 2)],
      ['read', String(at + 2), '--raw'],
    ]) {
      const { output } = await onTerminal(home, args, { PAGER: 'cat' });
      assertSafeText(output, `${name}: ${args.join(' ')}`, { terminal: true });
    }
  }
  assertSafeText((await onTerminal(home, ['list'])).output, 'list', { terminal: true });
});

test('in what a server says: greeting, capabilities, unique ids, headers, errors', async (t) => {
  const place = await makeHome(t, { POSTHORN_PASSWORD: 'x' });
  let evil = '';
  const pop3 = await startLineServer(t, '+OK\r\n', (line) => {
    const [verb] = line.split(' ');
    if (verb === 'CAPA')
      return `+OK ${evil}\r\nUSER\r\nUIDL\r\nTOP\r\nIMPLEMENTATION ${evil}\r\nX${evil} ${evil}\r\n.\r\n`;
    if (verb === 'STAT') return `+OK 2 200 ${evil}\r\n`;
    if (verb === 'LIST') return `+OK ${evil}\r\n1 100\r\n2 100\r\n.\r\n`;
    if (verb === 'UIDL') return `+OK\r\n1 ${evil.slice(0, 60)}\r\n2 ok\r\n.\r\n`;
    if (verb === 'TOP') return `+OK\r\nSubject: ${evil}\r\nFrom: "${evil}" <a@b>\r\n\r\n.\r\n`;
    if (verb === 'RETR' || verb === 'DELE') return `-ERR ${evil}\r\n`;
    return verb === 'QUIT' ? `+OK ${evil}\r\n` : `+OK ${evil}\r\n`;
  });
  const refusing = await startLineServer(t, '+OK\r\n', (line) =>
    /^(?:PASS|CAPA|AUTH)/.test(line) ? `-ERR [AUTH] ${evil}\r\n` : `+OK\r\n`,
  );
  const smtp = await startLineServer(t, '220 hello\r\n', (line) => {
    if (line.startsWith('EHLO')) return `250-${evil}\r\n250-X${evil} ${evil}\r\n250 8BITMIME\r\n`;
    if (line.startsWith('RCPT TO:<no')) return `550-5.1.1 ${evil}\r\n550 5.1.1 ${evil}\r\n`;
    return line === 'DATA' ? `354 ${evil}\r\n` : `250 ${evil}\r\n`;
  });
  const url = `pop3+insecure://ann@127.0.0.1:${pop3.port}`;
  const send = ['send', '--smtp', `smtp+insecure://127.0.0.1:${smtp.port}`, '-f', 'a@example.org', '--body', 'x', '-t'];
  for (const [name, text] of TEXTS) {
    evil = inField(text).toString('latin1');
    for (const more of [
      ['--trace', '-v'],
      ['--trace', '--json'],
    ]) {
      await look(place.env, ['list', '--remote', '--pop3', url, ...more], name);
      await look(place.env, ['fetch', '--pop3', url, ...more], name);
      await look(place.env, ['fetch', '--pop3', `pop3+insecure://ann@127.0.0.1:${refusing.port}`, ...more], name);
      await look(place.env, [...send, 'no@example.org', ...more], name);
    }
    await look(place.env, [...send, 'yes@example.org', '--trace'], name);
  }
});

test('in a greeting', async (t) => {
  const place = await makeHome(t, { POSTHORN_PASSWORD: 'x' });
  for (const [name, text] of TEXTS) {
    const evil = text.toString('latin1');
    for (const begin of ['', '+OK ', '-ERR ', '220 ', '554 ']) {
      const { port } = await startLineServer(t, `${begin}${evil}\r\n`, () => null);
      const send = ['send', '-f', 'a@b', '-t', 'c@d', '--body', 'x', '--smtp', `smtp+insecure://127.0.0.1:${port}`];
      const fetch = ['fetch', '--pop3', `pop3+insecure://ann@127.0.0.1:${port}`];
      const args = /^[25]/.test(begin) ? send : fetch;
      await look(place.env, [...args, '--trace'], name);
    }
  }
});

test('in a certificate', async (t) => {
  const place = await makeHome(t, { POSTHORN_PASSWORD: 'x' });
  for (const [name, text] of TEXTS) {
    // What is no UTF-8 or holds a NUL, openssl does not write.
    if (text.includes(0) || !Buffer.from(text.toString()).equals(text)) continue;
    const subject = `/CN=${text
      .toString()
      .replaceAll(/[\\/+=]/g, '\\$&')
      .slice(0, 60)}`;
    const files = ['-keyout', 'c.key', '-out', 'c.pem'];
    const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    execFileSync('openssl', ['req', '-x509', '-utf8', '-days', '1', ...key, ...files, '-subj', subject], {
      stdio: 'ignore',
    });
    const server = createServer({ key: readFileSync('c.key'), cert: readFileSync('c.pem') }, (socket) => socket.end());
    const { port } = await onLoopback(t, server, () => undefined);
    for (const more of [['--trace', '-v'], ['--json'], ['--trace', '--ca-file', join(home.folder, 'c.pem')]])
      await look(place.env, ['fetch', '--pop3', `pop3s://ann@127.0.0.1:${port}`, ...more], name);
  }
});

test('in a configuration: keys, values, accounts, and in its own name', async (t) => {
  const place = await makeHome(t);
  for (const [name, octets] of TEXTS) {
    const text = octets.toString();
    const string = JSON.stringify(text).replaceAll(
      /[\x7f-\x9f]/g,
      (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    const configs = [
      octets,
      `${string} = 1`,
      `timeout = ${string}`,
      `from = ${string}`,
      `[accounts.${string}]\npop3 = ${string}`,
      `[accounts.${string}]\npop3 = "pop3s://a@b"\nsmtp = "smtps://a@b"\npasswordeval = ${string}\n[accounts.x]\npop3 = "pop3s://a@b"`,
      `[accounts.x]\n${string} = 1`,
      `[accounts.x]\npop3 = "pop3s://a@b"\nmaildir = ${string}\nca_file = ${string}`,
    ];
    for (const config of configs) {
      writeFileSync(join(place.folder, 'c.toml'), config, { mode: 0o600 });
      for (const more of [[], ['--json'], ['-a', text]])
        await look(place.env, ['list', '-c', join(place.folder, 'c.toml'), ...more], name);
    }
    if (text.includes('\0') || text.includes('/')) continue;
    const odd = join(place.folder, `${text.slice(0, 40)}.toml`);
    renameSync(join(place.folder, 'c.toml'), odd);
    await look(place.env, ['list', '-c', odd], name);
  }
});

test('on the command line: commands, options, values, URLs, paths, addresses', async () => {
  for (const [name, octets] of TEXTS) {
    const text = octets.toString();
    // Nothing that is given to a program can hold one.
    if (text.includes('\0')) continue;
    const send = ['send', '-f', 'a@example.org', '-t', 'b@example.org', '--dry-run', '--json'];
    const lines = [
      [text], [`--${text}`], ['help', text], ['list', text], ['list', `--${text}`], ['list', '--limit', text], ['list', '-a', text],
      ['list', '-a', `${text}@x`], ['read', text], ['read', '1', '--part', text], ['save', text], ['save', '1', text], ['save', '1', '--dir', `made/${text}/x`],
      ['save', '1', '--mbox', `made/${text}`], ['fetch', '--pop3', text], ['fetch', '--pop3', `pop3s://${text}`], ['fetch', '--pop3', `pop3s://a:${text}@x/${text}`],
      ['fetch', '--pop3', `pop3+unix:///${text}`], ['fetch', '--pop3', `pop3s://${encodeURIComponent(text.toWellFormed())}@127.0.0.1:1`], ['fetch', '--ca-file', text],
      ['fetch', '--auth', text], ['fetch', '--proxy', text], ['fetch', '--timeout', text], ['fetch', '--source-address', text], ['fetch', '--tls-fingerprint', text],
      ['fetch', '--tls-certificate', text, '--tls-key', text], ['sandbox', 'run', '--', text], ['sandbox', '--smtp-port', text],
      ['send', '-t', text, '--body', 'x'], ['send', '-f', text, '-t', 'b@c', '--body', 'x'], [...send, '--body', 'x', '--attach', text], [...send, '--body-file', text],
      [...send, '--body', 'x', '--header', text], [...send, '--body', 'x', '--header', `X: ${text}`], ['send', '--raw', text], [...send, '-s', text, '--body', text],
    ]; // biome-ignore format: a table
    for (const args of lines) await look(home.env, args, name);
    await look(home.env, ['list', '-a', text, '--json'], name);
    await look({ ...home.env, POSTHORN_POP3: text, POSTHORN_CA_FILE: text }, ['fetch'], name);
  }
});

test('in the names of mailboxes, which are told when none was chosen', async (t) => {
  const place = await makeHome(t);
  for (const [, octets] of TEXTS) {
    const text = octets.toString().replaceAll(/[\0/]/g, '').slice(0, 60);
    for (const folder of ['cur', 'new', 'tmp'])
      mkdirSync(join(place.folder, 'data/posthorn', text, folder), { recursive: true, mode: 0o700 });
  }
  for (const args of [['list'], ['list', '--json'], ['list', '-a', 'nobody@example.org']])
    await look(place.env, args, 'mailboxes');
});
