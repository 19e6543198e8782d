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
