import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { reason, settled } from '../../test/support/peer.ts';
import { assertNoSecret, PASSWORD, USER } from '../../test/support/secrets.ts';
import { MAIL, MemoryMaildrop } from '../../test/support/serve.ts';
import { pop3Session } from '../../test/support/sessions.ts';
import { StoreError } from '../errors.ts';
import { listen } from '../net/listen.ts';
import { makeIdentity } from '../sandbox/certificate.ts';
import { offeredMechanisms } from '../sasl/offer.ts';
import { latin1 } from '../wire/bytes.ts';
import { Pop3Client } from './client.ts';
import { servePop3 } from './server.ts';
import type { Pop3Backend } from './server-options.ts';

const LOGIN = { user: USER, password: PASSWORD };
const WAYS = ['USER', ...offeredMechanisms(new MemoryMaildrop(), {}).map(({ name }) => name)];

suite('our client and our server', () => {
  test('every command', async () => {
    const backend = new MemoryMaildrop();
    const { client, served, shown } = await pop3Session({ backend });
    await client.login(LOGIN);
    const bodies = ['', '', '', ''];
    const into = (at: number) => (chunk: Uint8Array) => {
      bodies[at] += latin1(chunk);
    };
    const listings = await Promise.all([client.stat(), client.list(), client.uidl(), client.capa()]);
    assert.deepEqual(listings.slice(0, 3), [
      { count: 3, octets: 51 },
      [
        { number: 1, octets: 32 },
        { number: 2, octets: 19 },
        { number: 3, octets: 0 },
      ],
      [1, 2, 3].map((number) => ({ number, uid: `uid-${number}` })),
    ]);
    assert.ok(client.capabilities.has('PIPELINING'));
    const octets = await Promise.all([
      ...[1, 2, 3].map((number) => client.retr(number, into(number - 1))),
      client.top(1, 1, into(3)),
      client.noop(),
    ]);
    // The last line end of a message that has none is added by the protocol.
    assert.deepEqual(bodies, [MAIL[0], `${MAIL[1]}\r\n`, '', 'Subject: one\r\n\r\n.first\r\n']);
    assert.deepEqual(octets.slice(0, 3), [32, 21, 0]);
    await Promise.all([client.dele(1), client.rset(), client.dele(2), client.quit()]);
    await served;
    assert.deepEqual(backend.erased, [2]);
    assertNoSecret(shown);
  });

  test('listings are checked against what was marked in the same breath', async () => {
    const { client } = await pop3Session({ backend: new MemoryMaildrop() });
    await client.login(LOGIN);
    const [, , some, , all] = await Promise.all([
      client.stat(),
      client.dele(2),
      client.list(),
      client.rset(),
      client.list(),
    ]);
    assert.deepEqual([some.length, all.length], [2, 3]);
    await client.quit();
  });

  for (const mechanism of WAYS) {
    test(`${mechanism}: the right password, a wrong one, a user who is not there`, async () => {
      const attempts = [
        { ...LOGIN, mechanism },
        { user: USER, password: `not ${PASSWORD}`, mechanism },
        { user: 'nobody', password: PASSWORD, mechanism },
      ];
      const outcomes = await Promise.all(
        attempts.map(async (attempt) => {
          const { client, shown } = await pop3Session({ backend: new MemoryMaildrop() });
          const error = await reason(client.login(attempt));
          assertNoSecret(shown, error);
          await client.quit();
          return error === undefined ? 'ok' : (error as { code?: string }).code;
        }),
      );
      assert.deepEqual(outcomes, ['ok', 'auth-rejected', 'auth-rejected']);
    });
  }

  test('APOP where it is offered: the right password, a wrong one, a user who is not there', async () => {
    const outcomes = [];
    for (const attempt of [
      LOGIN,
      { ...LOGIN, password: 'x' },
      { ...LOGIN, user: 'nobody' },
      { ...LOGIN, user: '\0' },
    ]) {
      const { client, shown } = await pop3Session({ backend: new MemoryMaildrop(), apop: true });
      assert.match(client.greeting, /<[0-9a-f]{32}\.\d+@posthorn\.invalid>$/);
      const error = await reason(client.login({ ...attempt, mechanism: 'apop' }));
      assertNoSecret(shown, error);
      assert.ok(!shown.some((line) => /APOP ann/.test(line)), 'a digest is enough to search for the password');
      await client.quit();
      outcomes.push(error === undefined ? 'ok' : (error as { code?: string }).code);
    }
    assert.deepEqual(outcomes, ['ok', 'auth-rejected', 'auth-rejected', 'bad-credentials']);
  });

  test('a name and a password outside ASCII are prepared on both sides', async () => {
    const backend = new MemoryMaildrop();
    const password = async (user: string) => (user === 'jörg' ? 'pässwort IX' : undefined);
    const own = { password, open: () => backend.open() };
    for (const mechanism of ['APOP', 'USER', 'SCRAM-SHA-256']) {
      const { client, served } = await pop3Session({ backend: own, apop: true });
      await client.login({ user: 'jo\u0308rg', password: 'p\u00e4sswort \u2168', mechanism });
      await client.quit();
      await served;
    }
  });

  test('after a wrong password the same session can try another way', async () => {
    const { client } = await pop3Session({ backend: new MemoryMaildrop() });
    for (const mechanism of ['SCRAM-SHA-256', 'LOGIN']) {
      await assert.rejects(client.login({ user: USER, password: 'x', mechanism }), { code: 'auth-rejected' });
    }
    await client.login({ ...LOGIN, mechanism: 'PLAIN' });
    assert.equal((await client.stat()).count, 3);
    await client.quit();
  });

  test('a maildrop has one session at a time', async () => {
    const backend = new MemoryMaildrop();
    const first = await pop3Session({ backend });
    const second = await pop3Session({ backend });
    await first.client.login(LOGIN);
    await assert.rejects(second.client.login(LOGIN), { code: 'auth-unavailable', temporary: true });
    await first.client.quit();
    await first.served;
    await second.client.login(LOGIN);
    await second.client.quit();
  });
});

suite('a backend in trouble', () => {
  test('at the login, it is told as temporary, and the session goes on', async () => {
    const backend = new MemoryMaildrop();
    let fault: Error | undefined = new StoreError('io', 'The disk is gone.');
    const troubled = {
      password: backend.password,
      open: async () => {
        if (fault !== undefined) throw fault;
        return backend.open();
      },
    };
    const { client } = await pop3Session({ backend: troubled });
    await assert.rejects(client.login(LOGIN), { code: 'auth-unavailable', temporary: true });
    fault = undefined;
    await client.login(LOGIN);
    await client.quit();
  });

  test('in the middle of a message, the connection ends, and nothing looks complete', async () => {
    const backend = new MemoryMaildrop();
    const troubled = {
      password: backend.password,
      open: async () => {
        const maildrop = await backend.open();
        const read = async function* () {
          yield Buffer.from('half\r\n');
          throw new StoreError('io', 'The disk is gone.');
        };
        return { ...maildrop, messages: [{ uid: 'a', octets: 100, read }] };
      },
    };
    const { client, served } = await pop3Session({ backend: troubled });
    await client.login(LOGIN);
    await assert.rejects(
      client.retr(1, () => undefined),
      { code: 'connection-lost', outcome: 'not-sent' },
    );
    await served;
    assert.equal(backend.inUse, false);
  });
});

suite('a fault of the backend itself', () => {
  const fault = new TypeError('a fault of the backend');

  test('at the login and at QUIT it is temporary for the client, and told', async () => {
    const told: unknown[] = [];
    const backend = new MemoryMaildrop();
    backend.fault = fault;
    let open = true;
    const troubled = { password: backend.password, open: () => (open ? backend.open() : Promise.reject(fault)) };
    const { client, served } = await pop3Session({ backend: troubled, fault: (error) => told.push(error) });
    open = false;
    await assert.rejects(client.login(LOGIN), { code: 'auth-unavailable', temporary: true });
    open = true;
    await client.login(LOGIN);
    await client.dele(1);
    await assert.rejects(client.quit(), { respCode: 'SYS/TEMP' });
    await served;
    assert.deepEqual(told, [fault, fault]);
  });

  test('in the middle of a message it ends the connection, and is told', async () => {
    const told: unknown[] = [];
    const backend = new MemoryMaildrop();
    const read = async function* () {
      yield Buffer.from('half\r\n');
      throw fault;
    };
    const open = async () => ({ ...(await backend.open()), messages: [{ uid: 'a', octets: 100, read }] });
    const options = { backend: { password: backend.password, open }, fault: (error: unknown) => told.push(error) };
    const { client, served } = await pop3Session(options);
    await client.login(LOGIN);
    await assert.rejects(
      client.retr(1, () => undefined),
      { code: 'connection-lost', outcome: 'not-sent' },
    );
    await served;
    assert.deepEqual(told, [fault]);
  });
});

suite('a client that is gone', () => {
  /** A maildrop of one message, of which `read` is up to the test, and the backend around it. */
  function backendOf(read: () => AsyncGenerator<Uint8Array>, release: () => void | Promise<void>): Pop3Backend {
    const messages = [{ uid: 'a', octets: 100, read }];
    return { password: async () => PASSWORD, open: async () => ({ messages, erase: async () => undefined, release }) };
  }

  for (const verb of ['retr', 'top'] as const) {
    test(`does not keep the maildrop by a message of which nothing more comes (${verb})`, async () => {
      const released = Promise.withResolvers<void>();
      const read = async function* () {
        yield Buffer.from('half\r\n');
        await new Promise(() => undefined);
      };
      const { client, clientSocket, served } = await pop3Session({ backend: backendOf(read, released.resolve) });
      await client.login(LOGIN);
      const half = Promise.withResolvers<void>();
      const sink = () => half.resolve();
      const body = reason(verb === 'retr' ? client.retr(1, sink) : client.top(1, 9, sink));
      await half.promise;
      clientSocket.destroy();
      await Promise.all([body, released.promise, served]);
    });
  }

  test('has nothing deleted behind a message that did not leave whole', async () => {
    const erased: unknown[] = [];
    const [asked, more] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const backend = backendOf(
      async function* () {
        asked.resolve();
        yield Buffer.from('half\r\n');
        await more.promise;
      },
      () => undefined,
    );
    const open = async () => ({
      ...(await backend.open(USER)),
      erase: async (messages: readonly unknown[]) => void erased.push(...messages),
    });
    const { client, clientSocket, served } = await pop3Session({ backend: { ...backend, open } });
    await client.login(LOGIN);
    await client.capa();
    const all = [client.retr(1, () => undefined), client.dele(1), client.quit()].map((each) => reason(each));
    await asked.promise;
    await settled();
    clientSocket.destroy();
    await Promise.all(all);
    more.resolve();
    await served;
    assert.deepEqual(erased, []);
  });

  test('is not told of what the backend does wrong then; whoever serves is', async () => {
    const told: unknown[] = [];
    const [gone, broken] = [new TypeError('release'), new TypeError('password')];
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<string>()];
    const options = { fault: (error: unknown) => told.push(error) };
    const backend = backendOf(
      async function* () {},
      () => Promise.reject(gone),
    );
    const first = await pop3Session({ ...options, backend });
    await first.client.login(LOGIN);
    await first.client.quit();
    await first.served;
    const password = () => {
      asked.resolve();
      return answer.promise;
    };
    const second = await pop3Session({ ...options, backend: { ...backend, password } });
    const login = reason(second.client.login(LOGIN));
    await asked.promise;
    second.clientSocket.destroy();
    await login;
    answer.reject(broken);
    await second.served;
    assert.deepEqual(told, [gone, broken]);
  });
});

suite('only QUIT deletes', () => {
  async function marked(options: { autologout?: number } = {}) {
    const backend = new MemoryMaildrop();
    const session = await pop3Session({ backend, ...options });
    await session.client.login(LOGIN);
    await Promise.all([session.client.dele(1), session.client.dele(2)]);
    return { backend, ...session };
  }

  test('a connection that is closed does not, and the maildrop is free again', async () => {
    const { backend, client, served } = await marked();
    await client.close();
    await served;
    assert.deepEqual([backend.erased, backend.inUse], [[], false]);
  });

  test('a connection that breaks does not', async () => {
    const { backend, clientSocket, served } = await marked();
    clientSocket.destroy(new Error('broken'));
    await served;
    assert.deepEqual([backend.erased, backend.inUse], [[], false]);
  });

  test('silence does not', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout'] });
    const { backend, served } = await marked();
    await settled();
    t.mock.timers.tick(599_999);
    await settled();
    assert.equal(backend.inUse, true);
    t.mock.timers.tick(1);
    await served;
    assert.deepEqual([backend.erased, backend.inUse], [[], false]);
  });

  test('slow work of our own does not cost the session: NOOP is said meanwhile, and QUIT does not wait', async (t) => {
    t.mock.timers.enable({ apis: ['setTimeout', 'setInterval'] });
    const { backend, client, shown } = await marked({ autologout: 600_000 });
    const { promise, resolve } = Promise.withResolvers<string>();
    const work = client.keepAlive(() => promise);
    for (let minute = 0; minute < 30; minute++) {
      t.mock.timers.tick(60_000);
      await settled();
    }
    assert.ok(shown.filter((line) => line === 'C: NOOP').length >= 10);
    resolve('done');
    assert.equal(await work, 'done');
    await client.quit();
    assert.deepEqual(backend.erased, [1, 2]);
  });

  test('an UPDATE that fails is said', async () => {
    const { backend, client } = await marked();
    backend.fault = new StoreError('disk-full', 'No room.');
    await assert.rejects(client.quit(), { name: 'Pop3ReplyError', respCode: 'SYS/TEMP' });
  });
});

suite('TLS over loopback', async () => {
  const identity = await makeIdentity();
  const tls = { ca: [identity.authority] };

  async function running(
    implicit: boolean,
    offered: boolean,
    use: (port: number, shown: string[], backend: MemoryMaildrop) => Promise<void>,
  ) {
    const backend = new MemoryMaildrop();
    const shown: string[] = [];
    const options = { backend, identity: offered ? identity : undefined };
    const listener = await listen(
      { implicit: implicit ? identity : undefined, trace: (line) => shown.push(line) },
      (channel) => void servePop3(channel, options),
    );
    try {
      await use(listener.port, shown, backend);
    } finally {
      await listener.close();
    }
  }

  for (const security of ['implicit', 'required'] as const) {
    test(`${security}: a whole session`, () =>
      running(security === 'implicit', true, async (port, shown, backend) => {
        const client = await Pop3Client.connect({ host: 'localhost', port, security, tls });
        assert.equal(client.tls?.protocol, 'TLSv1.3');
        assert.ok(!client.capabilities.has('STLS'));
        await client.login(LOGIN);
        await client.dele(1);
        await client.quit();
        assert.deepEqual(backend.erased, [1]);
        assertNoSecret(shown);
      }));
  }

  test('required and not offered: no word of a login', () =>
    running(false, false, async (port, shown) => {
      const error = await reason(Pop3Client.connect({ host: 'localhost', port, security: 'required', tls }));
      assert.equal((error as { code?: string }).code, 'tls-not-offered');
      assert.deepEqual(
        shown.filter((line) => line.startsWith('C:')),
        ['C: CAPA', 'C: STLS'],
      );
    }));

  test('required and not trusted: no word of a login', () =>
    running(false, true, async (port, shown) => {
      const error = await reason(Pop3Client.connect({ host: 'localhost', port, security: 'required' }));
      assert.equal((error as { name?: string }).name, 'TlsError');
      assert.deepEqual(
        shown.filter((line) => line.startsWith('C:')),
        ['C: CAPA', 'C: STLS'],
      );
    }));

  test('a timestamp that came before TLS is not used, whoever asks for it', async () => {
    const options = { backend: new MemoryMaildrop(), identity, insecure: true, apop: true };
    const shown: string[] = [];
    const listener = await listen({ trace: (line) => shown.push(line) }, (channel) => void servePop3(channel, options));
    const client = await Pop3Client.connect({ host: 'localhost', port: listener.port, security: 'required', tls });
    assert.match(client.greeting, /<.*>$/);
    await assert.rejects(client.login({ ...LOGIN, mechanism: 'APOP' }), { code: 'auth-no-mechanism' });
    await client.quit();
    await listener.close();
    assert.ok(!shown.some((line) => line.includes('APOP')));
  });

  test('in clear nobody logs in, even where the client would', () =>
    running(false, true, async (port, shown) => {
      const client = await Pop3Client.connect({ host: 'localhost', port, security: 'none' });
      await assert.rejects(client.login({ ...LOGIN, mechanism: 'USER' }), { code: 'auth-rejected' });
      await client.quit();
      assert.ok(!shown.includes('C: PASS ****'));
    }));
});

test('a unique id of a backend that is none begins no line of its own', async () => {
  const backend = new MemoryMaildrop();
  const open = backend.open.bind(backend);
  backend.open = async () => {
    const maildrop = await open();
    const [first, ...others] = maildrop.messages;
    return { ...maildrop, messages: first ? [{ ...first, uid: 'a\r\n.\r\n+OK' }, ...others] : [] };
  };
  const { client } = await pop3Session({ backend });
  await client.login(LOGIN);
  const [ids, stat] = await Promise.all([client.uidl(), client.stat()]);
  assert.deepEqual([ids[0]?.uid, stat.count], ['a??.??+OK', 3]);
  await client.quit();
});
