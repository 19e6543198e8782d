/**
 * A line break or NUL in anything that ends up in a command or a header is refused before a connection is opened
 * (CWE-93). NUL cannot be in an argument: the system ends arguments there.
 */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { assertTold, onlyError } from '../support/mail-home.ts';
import { type LineServer, obliging, startLineServer } from '../support/line-server.ts';
import { type Home, makeHome } from '../support/program.ts';

/** The library's own tests try all there are. */
const BREAKS = ['\r', '\r\n ', '\u2028'];

async function setUp(t: TestContext): Promise<{ home: Home; server: LineServer; send: string[] }> {
  const server = await startLineServer(t, '220 fake\r\n', obliging);
  const home = await makeHome(t);
  return { home, server, send: ['send', '--smtp', `smtp+insecure://127.0.0.1:${server.port}`] };
}

test('the fake server takes a harmless message', async (t) => {
  const { home, server, send } = await setUp(t);
  const args = [...send, '-f', 'ann@example.org', '-t', 'bob@example.org', '-s', 'x', '--body', 'y'];
  const { code, stderr } = await home.posthorn(args);
  assert.equal(code, 0, stderr);
  assert.match(server.heard(), /MAIL FROM:<ann@example\.org>/);
});

const FIELDS: Record<string, (evil: string) => string[]> = {
  subject: (evil) => ['-s', `x${evil}Bcc: eve@example.org`],
  to: (evil) => ['-t', `bob@example.org${evil}RCPT TO:<eve@example.org>`],
  'display name': (evil) => ['-t', `"Bob${evil}Bcc: eve@example.org" <bob@example.org>`],
  'local part': (evil) => ['-t', `"bob>${evil}RCPT TO:<eve"@example.org`],
  from: (evil) => ['-f', `ann@example.org${evil}x`],
  cc: (evil) => ['--cc', `bob@example.org${evil}x`],
  bcc: (evil) => ['--bcc', `bob@example.org${evil}x`],
  'reply-to': (evil) => ['--reply-to', `bob@example.org${evil}x`],
  'header value': (evil) => ['-H', `X-A: b${evil}Bcc: eve@example.org`],
  'end of a header value': (evil) => ['-H', `X-A: b${evil}`],
  'header name': (evil) => ['-H', `X-A${evil}: b`],
};

for (const [field, options] of Object.entries(FIELDS)) {
  test(`a line break in: ${field}`, async (t) => {
    const { home, server, send } = await setUp(t);
    const base = ['--body', 'y', '-f', 'ann@example.org', '-t', 'ok@example.org'];
    const runs = BREAKS.map(async (evil) => {
      const ended = await home.posthorn(['--json', ...send, ...base, ...options(evil)]);
      assert.equal(ended.code, 64, `${JSON.stringify(evil)}: ${ended.stderr}`);
      assert.match(onlyError(ended).code, /^bad-(?:address|header)$/);
    });
    await Promise.all(runs);
    assert.equal(server.connections(), 0);
  });
}

test('a line break in a file name is encoded', async (t) => {
  const { home, server, send } = await setUp(t);
  const name = 'a\r\nBcc: eve@example.org\n\n.txt';
  writeFileSync(join(home.folder, name), 'x');
  const args = ['-f', 'ann@example.org', '-t', 'bob@example.org', '--body', 'y', '--attach', name];
  const { code } = await home.posthorn([...send, ...args]);
  assert.ok(code === 0 || server.connections() === 0);
  assert.doesNotMatch(server.heard(), /^Bcc:/im);
});

const CREDENTIALS: [what: string, env: Record<string, string>, exit: number, code: string][] = [
  ['the user', { POSTHORN_SMTP: 'smtp+insecure://ann%0D%0ADATA@HOST' }, 64, 'bad-url'],
  ['the user, as NUL', { POSTHORN_SMTP: 'smtp+insecure://ann%00@HOST' }, 64, 'bad-url'],
  ['the host', { POSTHORN_SMTP: 'smtp+insecure://ann@HOST\r\nDATA' }, 64, 'bad-url'],
  ['the password', { POSTHORN_PASSWORD: 'a\r\nDATA' }, 78, 'bad-password'],
  ['the password, as CR', { POSTHORN_PASSWORD: 'a\rDATA' }, 78, 'bad-password'],
];

for (const [what, env, exit, code] of CREDENTIALS) {
  test(`a line break in ${what}`, async (t) => {
    const { home, server } = await setUp(t);
    const host = `127.0.0.1:${server.port}`;
    const url = (env['POSTHORN_SMTP'] ?? 'smtp+insecure://ann@HOST').replace('HOST', host);
    const args = ['send', '-f', 'ann@example.org', '-t', 'bob@example.org', '--body', 'y'];
    const ended = await home.posthorn(args, { env: { POSTHORN_PASSWORD: 'secret', ...env, POSTHORN_SMTP: url } });
    assertTold(ended, { exit, code, says: /./ });
    assert.equal(server.connections(), 0);
  });
}

test('a password command that prints a NUL or a CR', async (t) => {
  const { home, server } = await setUp(t);
  for (const command of ["printf 'a\\000b'", "printf 'a\\rb'"]) {
    const args = ['fetch', '--pop3', `pop3+insecure://ann@127.0.0.1:${server.port}`, '--passwordeval', command];
    const { code } = await home.refused(78, args);
    assert.equal(code, 'bad-password');
  }
  assert.equal(server.connections(), 0);
});
