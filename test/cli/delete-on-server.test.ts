/** `delete --server`: the copies on the server go, only of what is safe here, and what happened is said. */
import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { makeMailHome } from '../support/mail-home.ts';
import { startLineServer } from '../support/line-server.ts';

const home = await makeMailHome({ after });
assert.equal((await home.posthorn(['fetch', '-q'])).code, 0);
const onServer = async () => (await home.json<{ count: number }>(['list', '--remote'])).count;

test('copies are deleted there and messages moved here; others stay, and nothing comes again', async () => {
  const { server } = await home.json<{ server: unknown }>(['delete', '1', '3', '--server']);
  assert.deepEqual(server, { deleted: [1, 3], absent: [], kept: [] });
  assert.equal(await onServer(), 1);
  const again = await home.posthorn(['delete', '1-2', '--server', '--purge']);
  assert.equal(again.code, 0);
  assert.equal(again.stderr, '1 deleted on the server; 1 is not there.\n2 messages (1-2) were removed for good.\n');
  const { fetched } = await home.json<{ fetched: unknown[] }>(['fetch']);
  assert.deepEqual(fetched, []);
});

test('where the server fails, nothing happens here either', async (t) => {
  const { port } = await startLineServer(t, '-ERR [SYS/TEMP] not now\r\n', () => undefined);
  const [name = ''] = readdirSync(join(home.folder, 'data/posthorn'));
  const pop3 = `pop3+insecure://ann%40example.org@${home.sandbox.host}:${port}`;
  const { message } = await home.refused(75, ['delete', '3', '--purge', '--server', '--pop3', pop3, '-a', name]);
  assert.match(message, /not now/);
  assert.equal((await home.json<{ number: number }>(['read', '3'])).number, 3);
});
