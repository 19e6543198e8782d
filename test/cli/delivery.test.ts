/** What `send` asks of servers reaches them, and is refused before anything is sent where it makes no sense. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';
import { startLineServer } from '../support/line-server.ts';
import { makeMailHome } from '../support/mail-home.ts';

const home = await makeMailHome({ after });
const MESSAGE = ['send', '-t', 'bob@example.org', '-s', 'x', '--body', 'hello'];

suite('send', () => {
  test('asks for reports, TLS on the way, a hold, a deadline and a priority', async () => {
    const { sandbox } = home;
    const reports = ['--notify', 'Failure,success', '--return', 'headers', '--envelope-id', 'order 7'];
    const way = ['--require-tls', '--hold-for', '2h', '--deliver-by', '1d', '--if-late', 'notify', '--priority', '-3'];
    await home.json([...MESSAGE, ...reports, ...way]);
    assert.deepEqual(sandbox.messages('bob@example.org').at(-1)?.envelope, {
      from: 'ann@example.org',
      recipients: ['bob@example.org'],
      requests: new Map([['bob@example.org', { notify: ['failure', 'success'] }]]),
      return: 'headers',
      envelopeId: 'order 7',
      requireTls: true,
      hold: { seconds: 7200 },
      deliverBy: { seconds: 86_400, late: 'notify', trace: false },
      priority: -3,
      body: '7bit',
      utf8: false,
      size: sandbox.messages('bob@example.org').at(-1)?.octets,
    });
  });

  test('asks that nobody be told, and that a message that is late come back', async () => {
    await home.json([...MESSAGE, '--notify', 'never', '--deliver-by', '60']);
    const { requests, deliverBy } = home.sandbox.messages('bob@example.org').at(-1)?.envelope ?? {};
    assert.deepEqual(requests?.get('bob@example.org'), { notify: 'never' });
    assert.deepEqual(deliverBy, { seconds: 60, late: 'return', trace: false });
  });

  const wrong: [args: string[], code: string][] = [
    [['--notify', 'always'], 'bad-notify'],
    [['--notify', 'never,success'], 'bad-notify'],
    [['--priority', '10'], 'bad-number'],
    [['--priority', '1.5'], 'bad-number'],
    [['--hold-for', 'soon'], 'bad-duration'],
    [['--hold-until', 'tomorrow'], 'bad-time'],
    [['--hold-for', '1h', '--hold-until', '2030-01-01'], 'conflicting-options'],
    [['--if-late', 'notify'], 'conflicting-options'],
    [['--hold-until', '2020-01-01'], 'request-out-of-bounds'],
    [['--hold-for', '90d'], 'request-out-of-bounds'],
    [['--envelope-id', 'x'.repeat(101)], 'bad-request'],
    [['--envelope-id', 'grüße'], 'bad-request'],
    [['--envelope-id', 'x\r\nRSET'], 'bad-request'],
  ];
  for (const [args, code] of wrong) {
    test(`${args.join(' ').slice(0, 40)} is refused`, async () => {
      const had = home.sandbox.messages('bob@example.org').length;
      assert.equal((await home.refused(64, [...MESSAGE, ...args])).code, code);
      assert.equal(home.sandbox.messages('bob@example.org').length, had);
    });
  }

  test('asks nothing of a server that does not offer it, and sends it nothing', async (t) => {
    const server = await startLineServer(t, '220 mail.test\r\n', (line) =>
      line === 'QUIT' ? '221 bye\r\n' : '250 ok\r\n',
    );
    const asked: [args: string[], code: string][] = [
      [['--notify', 'success'], 'dsn-not-offered'],
      [['--require-tls'], 'requiretls-not-offered'],
      [['--hold-for', '2h'], 'futurerelease-not-offered'],
      [['--deliver-by', '2h'], 'deliverby-not-offered'],
      [['--priority', '3'], 'mt-priority-not-offered'],
    ];
    for (const [args, code] of asked) {
      const smtp = `smtp+insecure://127.0.0.1:${server.port}`;
      const ended = await home.posthorn([...MESSAGE, '-f', 'ann@example.org', '--json', '--smtp', smtp, ...args]);
      assert.equal(ended.code, 64, ended.stderr);
      assert.match(ended.stderr, new RegExp(`"code":"${code}"`));
    }
    assert.doesNotMatch(server.heard(), /MAIL|RCPT|DATA/);
  });

  test('writes the message as the server takes it, or as it is told to', async () => {
    await writeFile(join(home.folder, 'a.bin'), '\n\0');
    const file = ['send', '-t', 'bob@example.org', '-s', 'x', '--body', 'ü', '--attach', 'a.bin'];
    for (const [args, body] of [
      [[], 'binary'],
      [['--transfer', 'binary'], 'binary'],
      [['--transfer', '8bit'], '8bit'],
      [['--transfer', '7bit'], '7bit'],
    ] as const) {
      await home.json([...file, ...args]);
      assert.equal(home.sandbox.messages('bob@example.org').at(-1)?.envelope.body, body);
    }
  });

  test('says which code means what', async () => {
    const { message } = await home.refused(65, ['send', '-t', 'nobody@example.org', '-s', 'x', '--body', 'y']);
    assert.match(message, /550 5\.1\.1 there is no nobody@example\.org here \(there is no such mailbox\)/);
  });
});
