/** A server without CAPA, UIDL and TOP is worked with: what it cannot say is left out, and what that costs is said. */
import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import { startOldServer } from '../support/old-server.ts';
import { makeHome } from '../support/program.ts';

const MESSAGES = ['one', 'two'].map((name) => `From: ann@example.org\r\nSubject: ${name}\r\n\r\n${name}\r\n`);

async function setUp(t: TestContext) {
  const server = await startOldServer(t, MESSAGES);
  const home = await makeHome(t, {
    POSTHORN_POP3: `pop3+insecure://ann@127.0.0.1:${server.port}`,
    POSTHORN_PASSWORD: 'secret',
  });
  return { server, home };
}

test('list --remote shows sizes', async (t) => {
  const { home, server } = await setUp(t);
  const { code, stdout } = await home.posthorn(['list', '--remote']);
  assert.equal(code, 0);
  assert.equal(stdout.match(/the server shows no headers/g)?.length, 2);
  const { messages } = await home.json<{ messages: unknown[] }>(['list', '--remote']);
  const unknown = { uidl: null, fetched: null, subject: null, from: [], to: [], cc: [], date: null, messageId: null };
  assert.deepEqual(
    messages,
    [2, 1].map((number) => ({ number, size: MESSAGES[number - 1]?.length, ...unknown })),
  );
  assert.equal(server.retrieved(), 0);
});

test('fetch tells new messages by their content, says so, and deletes what it was told to', async (t) => {
  const { home, server } = await setUp(t);
  const dry = await home.posthorn(['fetch', '--dry-run']);
  assert.match(dry.stderr, /warning: the server has no unique ids \(UIDL\)/);
  assert.match(dry.stderr, /2 messages would be downloaded and compared with those here, 2 on the server\./);
  assert.equal(server.retrieved(), 0);
  const first = await home.posthorn(['fetch']);
  assert.match(first.stderr, /2 new messages, 2 on the server\. See them/);
  assert.match((await home.posthorn(['fetch'])).stderr, /No new messages, 2 on the server\./);
  const last = await home.json<Record<string, unknown>>(['fetch', '--delete']);
  const { onServer, byContent, fetched, skipped, failed, deleted } = last;
  assert.deepEqual([onServer, byContent, fetched, skipped, failed, deleted], [2, true, [], [], [], 2]);
  assert.equal(server.messages.length, 0);
  assert.deepEqual((await home.stored()).map(String).sort(), [...MESSAGES].sort());
  const { messages } = await home.json<{ messages: { uidl: unknown; subject: string }[] }>(['list']);
  assert.deepEqual(
    messages.map(({ uidl, subject }) => [uidl, subject]),
    [
      [null, 'two'],
      [null, 'one'],
    ],
  );
});

test('what a server says of itself is shown to those who ask for more, and when to come back to everybody', async (t) => {
  let refuses = false;
  const capabilities = '+OK\r\nUSER\r\nIMPLEMENTATION Old-\x1b[2J 1.0\r\nEXPIRE 30\r\nLOGIN-DELAY 900\r\nUTF8\r\n.\r\n';
  const server = await startOldServer(t, MESSAGES, (line) => {
    if (line === 'CAPA') return capabilities;
    if (line === 'UTF8') return '-ERR not today\r\n';
    return refuses && line.startsWith('PASS') ? '-ERR [LOGIN-DELAY] not yet\r\n' : undefined;
  });
  const home = await makeHome(t, {
    POSTHORN_POP3: `pop3+insecure://ann@127.0.0.1:${server.port}`,
    POSTHORN_PASSWORD: 'secret',
  });
  const { stderr } = await home.posthorn(['list', '--remote', '-v']);
  assert.match(stderr, /calls itself Old-.*1\.0\.\n.*may delete mail after 30 days\.\n.*asks for 900 seconds between/);
  assert.ok(!stderr.includes('\x1b'));
  assert.match(server.heard(), /UTF8\r\nUSER ann/);
  const listing = await home.json<{ server: unknown }>(['list', '--remote']);
  assert.deepEqual(listing.server, { implementation: 'Old-\x1b[2J 1.0', expireDays: 30, loginDelay: 900 });
  refuses = true;
  const refused = await home.posthorn(['fetch']);
  assert.equal(refused.code, 75);
  assert.match(
    refused.stderr,
    /cannot log ann in now: not yet\n {2}The server asks for a pause between logins; try again in 15 minutes\./,
  );
  const { error } = JSON.parse((await home.posthorn(['fetch', '--json'])).stderr.split('\n').at(-2) ?? '') as {
    error: { retryable: boolean; retryAfter: number };
  };
  assert.deepEqual([error.retryable, error.retryAfter], [true, 900]);
});

test('a server that keeps nothing that was fetched is not trusted with anything else', async (t) => {
  const server = await startOldServer(t, MESSAGES, (line) => {
    if (line === 'CAPA') return '+OK\r\nUSER\r\nUIDL\r\nPIPELINING\r\nEXPIRE 0\r\n.\r\n';
    return line === 'UIDL' ? '+OK\r\n1 a\r\n2 b\r\n.\r\n' : undefined;
  });
  const home = await makeHome(t, {
    POSTHORN_POP3: `pop3+insecure://ann@127.0.0.1:${server.port}`,
    POSTHORN_PASSWORD: 'secret',
  });
  const { code, stderr } = await home.posthorn(['fetch']);
  assert.equal(code, 0);
  assert.match(stderr, /warning: the server does not keep mail that was fetched \(EXPIRE 0\)/);
});
