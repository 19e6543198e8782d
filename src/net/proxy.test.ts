/** Through proxies of both kinds: to the server behind, or to a clear reason; with good ones and with hostile ones. */
import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { makeIdentities } from '../../test/support/identities.ts';
import { onLoopback } from '../../test/support/loopback.ts';
import { line, reason } from '../../test/support/peer.ts';
import { startStlsServer } from '../../test/support/stls-server.ts';
import { startHttpProxy, startSocks } from '../../test/support/tiny-proxy.ts';
import { PosthornError } from '../errors.ts';
import { LineParser } from '../wire/line.ts';
import { type ConnectOptions, openChannel, secure } from './connect.ts';
import { listen } from './listen.ts';
import type { ProxyOptions } from './proxy.ts';

/** No name server knows it. */
const NAME = 'mail.example.invalid';
const PASSWORD = 'geheim';
const KINDS = [
  ['socks5', startSocks],
  ['http', startHttpProxy],
] as const;

const { ca, identityOf } = await makeIdentities('trusted');

/** The server behind the proxy. */
const startServer = (t: TestContext, implicit = false): Promise<number> =>
  startStlsServer(t, identityOf('trusted'), implicit);

/** A proxy that says the next of its lines whenever it hears something; the last one may be followed by its end. */
async function scripted(t: TestContext, answers: readonly Buffer[], ends = false) {
  return onLoopback(t, createServer(), (socket) => {
    let at = 0;
    socket.on('data', () => {
      const answer = answers[at];
      at += 1;
      if (answer !== undefined) socket.write(answer);
      if (ends && at >= answers.length) socket.end();
    });
  });
}

const via = (protocol: ProxyOptions['protocol'], port: number, login: Partial<ProxyOptions> = {}): ConnectOptions => ({
  host: NAME,
  port: 995,
  security: 'none',
  proxy: { protocol, host: '127.0.0.1', port, ...login },
});

async function refusal(options: ConnectOptions, kind: string, code: string): Promise<PosthornError> {
  const error = await reason(openChannel(options));
  assert.ok(error instanceof PosthornError, String(error));
  assert.deepEqual([error.name, error.code], [kind, code], error.message);
  assert.equal(error.phase, 'proxy');
  assert.ok(error.hint);
  assert.ok(error.message.length < 250, error.message);
  assert.doesNotMatch(`${error.message}${error.hint}${error.transcript.join('')}`, /geheim|Z2VoZWlt/);
  return error;
}

for (const [protocol, start] of KINDS) {
  test(`${protocol}: the proxy is asked for the name, and the greeting behind its answer is not lost`, async (t) => {
    const port = await startServer(t);
    for (const glued of [false, true]) {
      const proxy = await start(t, { glued });
      const traced: string[] = [];
      const options = { ...via(protocol, proxy.port), port, trace: (text: string) => traced.push(text) };
      const channel = await openChannel(options);
      assert.equal(await channel.read(new LineParser()), '+OK ready');
      assert.equal(await channel.exchange(line('NOOP'), new LineParser()), '+OK NOOP');
      assert.deepEqual(proxy.asked, [`${NAME}:${port}`]);
      assert.deepEqual(traced, [
        `*: connected to the proxy 127.0.0.1, port ${proxy.port}`,
        `*: the proxy connected to ${NAME}, port ${port}`,
      ]);
      await channel.close();
    }
  });

  test(`${protocol}: TLS goes through, with the server’s own name, and the proxy sees nothing`, async (t) => {
    for (const security of ['implicit', 'required'] as const) {
      const port = await startServer(t, security === 'implicit');
      const proxy = await start(t);
      const options = { ...via(protocol, proxy.port), host: 'localhost', port, security, tls: { ca: [ca] } };
      const channel = await openChannel(options);
      assert.equal(await channel.read(new LineParser()), '+OK ready');
      if (security === 'required') {
        await channel.exchange(line('STLS'), new LineParser());
        await secure(channel, options);
      }
      assert.equal(await channel.exchange(line(PASSWORD), new LineParser()), `+OK ${PASSWORD}`);
      assert.equal(channel.tls?.subject, 'Posthorn test');
      assert.ok(!proxy.heard().includes(PASSWORD));
      await channel.close();
      if (security === 'required') continue;
      const wrong = await reason(openChannel({ ...options, host: NAME }));
      assert.equal((wrong as PosthornError).code, 'tls-wrong-host');
    }
  });

  test(`${protocol}: addresses of both families are given as such`, async (t) => {
    const port = await startServer(t);
    const proxy = await start(t);
    for (const host of ['127.0.0.1', '::1'])
      await (await openChannel({ ...via(protocol, proxy.port), host, port })).close();
    const six = protocol === 'http' ? '[::1]' : '00000000000000000000000000000001';
    assert.deepEqual(proxy.asked, [`127.0.0.1:${port}`, `${six}:${port}`]);
  });

  test(`${protocol}: a login, right, wrong and missing`, async (t) => {
    const port = await startServer(t);
    const proxy = await start(t, { login: `ann:${PASSWORD}` });
    const traced: string[] = [];
    const trace = (text: string) => traced.push(text);
    const right = via(protocol, proxy.port, { user: 'ann', password: PASSWORD });
    const channel = await openChannel({ ...right, port, trace });
    assert.equal(await channel.read(new LineParser()), '+OK ready');
    await channel.close();
    assert.doesNotMatch(traced.join('\n'), /geheim|Z2VoZWlt/);
    for (const login of [
      { user: 'ann', password: `${PASSWORD}!` },
      { user: 'bob', password: PASSWORD },
    ]) {
      const error = await refusal({ ...via(protocol, proxy.port, login), port }, 'AuthError', 'proxy-auth');
      assert.match(error.message, new RegExp(`does not take the login of ${login.user}`));
    }
    const none = await refusal({ ...via(protocol, proxy.port), port }, 'AuthError', 'proxy-auth');
    assert.match(none.message, /asks for a login, and its URL names no user/);
  });

  test(`${protocol}: a login that cannot be said, and a name that is none, send nothing`, async (t) => {
    const { port, heard } = await scripted(t, []);
    const logins = [
      { user: '', password: 'x' },
      { user: 'ann' },
      { user: 'ann\r\nX: y', password: 'x' },
      ...(protocol === 'http'
        ? [{ user: 'a:b', password: 'x' }]
        : ['x'.repeat(256), 'ü'.repeat(128)].flatMap((long) => [
            { user: long, password: 'x' },
            { user: 'ann', password: long },
          ])),
    ];
    for (const login of logins) await refusal(via(protocol, port, login), 'UsageError', 'bad-proxy-login');
    for (const host of ['mail.test\r\nX: y', 'mail test', 'bücher.example', '', 'x'.repeat(256)])
      await refusal({ ...via(protocol, port), host }, 'UsageError', 'bad-host');
    assert.equal(heard().length, 0);
  });

  test(`${protocol}: a proxy that is not there, silent, or gone`, async (t) => {
    const gone = await onLoopback(t, createServer(), (socket) => socket.end());
    await refusal(via(protocol, gone.port), 'ConnectError', 'proxy-lost');
    const silent = await scripted(t, []);
    const late = await refusal({ ...via(protocol, silent.port), timeout: 100 }, 'TimeoutError', 'proxy-timeout');
    assert.match(late.message, /within 0\.1 seconds/);
    const closed = await listen({}, () => undefined);
    await closed.close();
    const error = (await reason(openChannel(via(protocol, closed.port)))) as PosthornError;
    assert.deepEqual([error.code, error.phase], ['proxy-unreachable', 'connect']);
    assert.match(error.message, /^Cannot connect to the proxy 127\.0\.0\.1, port \d+: nothing listens/);
  });

  test(`${protocol}: whoever is no such proxy is told from one`, async (t) => {
    for (const garbage of [
      '220 mail.test ESMTP\r\n',
      '\x00'.repeat(9),
      '\r\n',
      'HTTX',
      '\x04\x5a\x00\x00',
      '\xff'.repeat(70_000),
    ]) {
      const { port } = await scripted(t, [Buffer.from(garbage, 'latin1')]);
      await refusal(via(protocol, port), 'ProtocolError', 'bad-proxy');
      // One that does not even wait to be asked.
      const early = await onLoopback(t, createServer(), (socket) => socket.write(garbage, 'latin1'));
      await refusal(via(protocol, early.port), 'ProtocolError', 'bad-proxy');
    }
  });

  test(`${protocol}: work that is stopped, and a connection from an address of our own`, async (t) => {
    const controller = new AbortController();
    let from: string | undefined;
    const { port } = await onLoopback(t, createServer(), (socket) => {
      from = socket.remoteAddress;
      socket.once('data', () => controller.abort());
    });
    const options = { ...via(protocol, port), sourceAddress: '127.0.0.6', signal: controller.signal };
    assert.equal(((await reason(openChannel(options))) as PosthornError).code, 'aborted');
    assert.equal(from, '127.0.0.6');
  });

  test(`${protocol}: words in clear behind the answer are not taken for a server’s under TLS`, async (t) => {
    const answers = protocol === 'http' ? ['HTTP/1.1 200 OK\r\n\r\n'] : ['\x05\x00', '\x05\x00\x00\x01\0\0\0\0\0\0'];
    const last = `${answers.pop()}+OK ready\r\n`;
    const { port, heard } = await scripted(
      t,
      [...answers, last].map((text) => Buffer.from(text, 'latin1')),
    );
    const error = await reason(openChannel({ ...via(protocol, port), security: 'implicit' }));
    assert.equal((error as PosthornError).code, 'tls-injection');
    assert.ok(!heard().includes(Buffer.from([0x16, 3])), 'no handshake was begun');
  });
}

test('socks5: each refusal by its code (RFC 1928 §6)', async (t) => {
  const cases: [code: number, expected: string, says: RegExp][] = [
    [1, 'unreachable', /a failure of its own/],
    [2, 'proxy-refused', /rules of the proxy/],
    [3, 'unreachable', /network/],
    [4, 'unreachable', /host/],
    [5, 'refused', /nothing listens/],
    [6, 'unreachable', /nobody answered/],
    [7, 'proxy-refused', /does not make connections/],
    [8, 'proxy-refused', /kind of address/],
    [200, 'unreachable', /code 200/],
  ];
  for (const [code, expected, says] of cases) {
    // Some hang up behind the code.
    const { port } = await scripted(t, [Buffer.from([5, 0]), Buffer.from([5, code])], true);
    const error = await refusal(via('socks5', port), 'ConnectError', expected);
    assert.match(error.message, says);
    assert.match(error.message, new RegExp(`^Cannot connect to ${NAME}, port 995, through the proxy: `));
  }
});

test('http: each refusal by its status', async (t) => {
  const cases: [status: string, expected: string][] = [
    ['403 Forbidden', 'proxy-refused'],
    ['405 Method Not Allowed', 'proxy-refused'],
    ['301 Moved', 'proxy-refused'],
    ['500 Unable to connect', 'unreachable'],
    ['502 Bad Gateway', 'unreachable'],
    ['503 Service Unavailable', 'unreachable'],
    [`504 ${'late '.repeat(1000)}`, 'unreachable'],
  ];
  for (const [status, expected] of cases) {
    const { port } = await scripted(t, [Buffer.from(`HTTP/1.1 ${status}\r\n\r\n<p>no`)]);
    const error = await refusal(via('http', port), 'ConnectError', expected);
    assert.ok(error.message.includes(status.slice(0, 12)), error.message);
  }
});

test('http: a login is refused by 407, or by 401', async (t) => {
  for (const status of ['407 Proxy Authentication Required', '401 Unauthorized']) {
    const { port } = await scripted(t, [Buffer.from(`HTTP/1.0 ${status}\r\n\r\n`)], true);
    await refusal(via('http', port, { user: 'ann', password: PASSWORD }), 'AuthError', 'proxy-auth');
  }
});

test('http: what a proxy repeats of the login is masked, in full and cut off', async (t) => {
  for (const before of ['', 'x'.repeat(80)]) {
    const { port } = await onLoopback(t, createServer(), (socket) =>
      socket.once('data', (said) => {
        const [, login = ''] = /Basic (\S+)/.exec(String(said)) ?? [];
        socket.write(`HTTP/1.1 403 ${before}${login} ${PASSWORD}\r\n\r\n`);
      }),
    );
    const { message } = await refusal(
      via('http', port, { user: 'ann', password: PASSWORD }),
      'ConnectError',
      'proxy-refused',
    );
    assert.match(message, before === '' ? /403 \*{4} \*{4}\.$/ : /403 x{80}\*\.$/);
  }
});

test('a proxy that says more than it was asked for in the middle of it', async (t) => {
  const { port } = await scripted(t, [Buffer.from([5, 0, 5, 0, 0, 1, 0, 0, 0, 0, 0, 0])]);
  await refusal(via('socks5', port), 'ProtocolError', 'bad-proxy');
});

test('a header without an end is left after a while, not gathered', async (t) => {
  const { port, heard } = await onLoopback(t, createServer(), (socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write('X: endless\r\n'.repeat(500)));
    };
    socket.write('HTTP/1.1 200 OK\r\n');
    socket.on('drain', more).once('data', more);
  });
  await refusal(via('http', port), 'ProtocolError', 'bad-proxy');
  assert.match(String(heard()), /^CONNECT /);
});
