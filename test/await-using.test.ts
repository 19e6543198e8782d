/** What is opened with `await using` is closed where its scope ends, also by an error, and may have been closed before. */
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { test, type TestContext } from 'node:test';
import { ConnectError, StoreError } from '../src/errors.ts';
import { listen, Pop3Client } from '../src/pop3/index.ts';
import { type Sandbox, startSandbox } from '../src/sandbox/index.ts';
import { SmtpClient, SmtpPool } from '../src/smtp/index.ts';
import { Journal, Lock, Mailbox, Spool, type Spooled } from '../src/store/index.ts';

const message = {
  async *chunks() {
    yield Buffer.from('Subject: x\r\n\r\nx\r\n');
  },
};

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'posthorn-using-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

function at({ host, authority, users }: Sandbox, port: number) {
  const [ann] = users;
  assert.ok(ann);
  const login = { user: ann.address, password: ann.password };
  return { ann, login, server: { host, port, security: 'implicit', tls: { ca: [authority] } } as const };
}

test('an SMTP client says QUIT behind what was sent', async () => {
  const said: string[] = [];
  await using sandbox = await startSandbox({ samples: false });
  const { ann, login, server } = at(sandbox, sandbox.ports.smtps);
  let sent: Promise<{ outcome: string }>;
  {
    await using client = await SmtpClient.connect({ ...server, trace: (line) => said.push(line) });
    await client.login(login);
    sent = client.send({ from: ann.address, recipients: [ann.address] }, message);
  }
  assert.equal((await sent).outcome, 'sent');
  assert.ok(said.some((line) => line.endsWith('QUIT')));
});

test('a pool sends what it was given', async () => {
  await using sandbox = await startSandbox({ samples: false });
  const { ann, login, server } = at(sandbox, sandbox.ports.smtps);
  {
    await using pool = new SmtpPool({ ...server, login });
    for (let number = 0; number < 3; number++)
      void pool.send({ from: ann.address, recipients: [ann.address] }, message);
  }
  assert.equal(sandbox.messages(ann.address).length, 3);
});

test('a POP3 client deletes nothing without QUIT, and what QUIT deleted stays deleted', async () => {
  await using sandbox = await startSandbox();
  const { ann, login, server } = at(sandbox, sandbox.ports.pop3s);
  const before = sandbox.messages(ann.address).length;
  const work = async (finish: (client: Pop3Client) => Promise<void>) => {
    await using client = await Pop3Client.connect(server);
    await client.login(login);
    await client.dele(1);
    await finish(client);
  };
  await assert.rejects(
    work(() => Promise.reject(new RangeError('of the caller'))),
    RangeError,
  );
  assert.equal(sandbox.messages(ann.address).length, before);
  await work((client) => client.quit());
  assert.equal(sandbox.messages(ann.address).length, before - 1);
});

test('servers listen no longer', async () => {
  let port: number;
  {
    await using listener = await listen({}, () => undefined);
    ({ port } = listener);
  }
  await assert.rejects(Pop3Client.connect({ host: '127.0.0.1', port, security: 'none' }), ConnectError);
});

test('a mailbox, a journal and a lock are free again, and a spool is gone', async (t) => {
  const home = await folder(t);
  const paths = { maildir: join(home, 'Mail'), state: join(home, 'state') };
  const journal = () => Journal.open(join(home, 'journal'), (value) => value);
  for (const closed of [false, true]) {
    await using mailbox = await Mailbox.open(paths);
    await using notes = await journal();
    using lock = Lock.acquire(join(home, 'lock'));
    await notes.append([{ closed }]);
    if (!closed) continue;
    await Promise.all([mailbox.close(), notes.close()]);
    lock.release();
  }
  assert.equal((await journal()).records.length, 2);
  assert.ok(!existsSync(join(home, 'lock')));
  let spooled: Spooled;
  {
    await using spool = await Spool.create();
    const sink = spool.store();
    await sink.write(new Uint8Array(2 ** 21));
    spooled = await sink.commit();
    assert.equal((await buffer(spooled.read())).length, 2 ** 21);
  }
  await assert.rejects(buffer(spooled.read()), StoreError);
});
