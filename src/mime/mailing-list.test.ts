import assert from 'node:assert/strict';
import { test } from 'node:test';
import { mailingList } from './mailing-list.ts';
import { readHeaders } from './summary.ts';

const list = async (...fields: string[]) =>
  mailingList((await readHeaders(Buffer.from(`${fields.join('\n')}\n\n`))).headers);

test('a list says what it is, and how to leave it', async () => {
  assert.deepEqual(
    await list(
      'List-Id: "Announcements" <announce.example.org>',
      'List-Post: <mailto:announce@example.org> (moderated)',
      'List-Unsubscribe: (by mail) <mailto:leave@example.org?subject=leave>,',
      ' <https://example.org/leave?',
      ' id=1>, <javascript:alert(1)>, <file:///etc/passwd>',
      'List-Unsubscribe-Post: List-Unsubscribe=One-Click',
      'List-Archive: <http://example.org/archive>',
    ),
    {
      id: 'announce.example.org',
      name: 'Announcements',
      post: ['mailto:announce@example.org'],
      unsubscribe: ['mailto:leave@example.org?subject=leave', 'https://example.org/leave?id=1'],
      subscribe: [],
      help: [],
      owner: [],
      archive: ['http://example.org/archive'],
      closed: false,
      oneClick: true,
    },
  );
});

test('what is less than that', async () => {
  assert.equal(await list('Subject: x'), undefined);
  const bare = await list('List-Id: announce.example.org', 'List-Post: NO (announcements only)');
  assert.deepEqual([bare?.id, bare?.name, bare?.closed, bare?.post], ['announce.example.org', undefined, true, []]);
  const named = await list('List-Id: =?utf-8?q?Gr=C3=BC=C3=9Fe?= <g.example.org>');
  assert.deepEqual([named?.id, named?.name], ['g.example.org', 'Grüße']);
  assert.equal(
    (await list('List-Unsubscribe: <mailto:a@x>', 'List-Unsubscribe-Post: List-Unsubscribe=One-Click'))?.oneClick,
    false,
  );
  const odd = await list(
    'List-Id: not an id at all',
    'List-Help: https://example.org',
    `List-Owner: ${'<mailto:a@x>'.repeat(50_000)}`,
  );
  assert.deepEqual([odd?.id, odd?.help, odd?.owner.length], [undefined, [], 10]);
});
