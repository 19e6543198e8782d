import assert from 'node:assert/strict';
import type { Duplex } from 'node:stream';
import { suite, test } from 'node:test';
import { reason, settled } from '../../test/support/peer.ts';
import { assertNoSecret, PASSWORD, USER } from '../../test/support/secrets.ts';
import { MemoryPost } from '../../test/support/serve.ts';
import { chunksOf, smtpSession } from '../../test/support/sessions.ts';
import { type PosthornError, SmtpReplyError, StoreError } from '../errors.ts';
import { listen } from '../net/listen.ts';
import { makeIdentity } from '../sandbox/certificate.ts';
import { offeredMechanisms } from '../sasl/offer.ts';
import { SmtpClient } from './client.ts';
import type { Delivery } from './delivery.ts';
import { type SmtpBackend, serveSmtp } from './server.ts';

const LOGIN = { user: USER, password: PASSWORD };
const ENVELOPE = { from: 'a@example.org', recipients: ['c@example.org'] };
const MIXED = { from: '', recipients: ['bob@example.org', 'c@example.org'] };

suite('our client and our server', () => {
  test('a login, messages, and every other command', async () => {
    const backend = new MemoryPost();
    const { client, served, shown } = await smtpSession({ backend, authRequired: true });
    await client.login(LOGIN);
    await client.noop();
    await client.rset();
    const text = 'Subject: x\r\n\r\n.\r\n..\r\nbody with \xe9\r\n';
    const message = { chunks: () => chunksOf(text), size: text.length, has8bit: true, exactLines: true };
    const { outcome, reply } = await client.send(ENVELOPE, message);
    assert.deepEqual([outcome, reply?.enhanced, reply?.lines], ['sent', '2.0.0', ['taken as 1']]);
    await client.send(ENVELOPE, { chunks: () => chunksOf('no line end') });
    await client.quit();
    await served;
    assert.deepEqual(
      backend.stored.map(({ text: stored }) => stored),
      [text, 'no line end\r\n'],
    );
    assertNoSecret(shown);
  });

  for (const { name: mechanism } of offeredMechanisms(new MemoryPost(), {})) {
    test(`${mechanism}: the right password, a wrong one, a user who is not there`, async () => {
      const attempts = [
        { ...LOGIN, mechanism },
        { user: USER, password: `not ${PASSWORD}`, mechanism },
        { user: 'nobody', password: PASSWORD, mechanism },
      ];
      const outcomes = await Promise.all(
        attempts.map(async (attempt) => {
          const { client, shown } = await smtpSession({ backend: new MemoryPost() });
          const error = await reason(client.login(attempt));
          assertNoSecret(shown, error);
          await client.quit();
          return error === undefined ? 'ok' : (error as PosthornError).code;
        }),
      );
      assert.deepEqual(outcomes, ['ok', 'auth-rejected', 'auth-rejected']);
    });
  }

  test('a refused recipient stops the message for all, or only for itself', async () => {
    const backend = new MemoryPost();
    // Behind DATA the server waits for the message already: only the end of the connection says that none will come.
    const first = await smtpSession({ backend, chunking: false });
    const refused = await first.client.send(MIXED, { chunks: () => chunksOf('1\r\n') });
    assert.deepEqual([refused.outcome, refused.recipients.map(({ accepted }) => accepted)], ['refused', [false, true]]);
    assert.ok(!first.client.open);
    const { client } = await smtpSession({ backend });
    assert.equal((await client.send(MIXED, { chunks: () => chunksOf('1\r\n') })).outcome, 'refused');
    assert.ok(client.open);
    const sent = await client.send(MIXED, { chunks: () => chunksOf('2\r\n') }, { partial: true });
    assert.deepEqual([sent.outcome, sent.recipients.map(({ accepted }) => accepted)], ['sent', [false, true]]);
    assert.deepEqual(backend.stored, [{ from: '', recipients: ['c@example.org'], text: '2\r\n' }]);
    await client.quit();
  });

  test('without a login nobody sends where one is required', async () => {
    const { client } = await smtpSession({ backend: new MemoryPost(), authRequired: true });
    const error = await reason(client.send(ENVELOPE, { chunks: () => chunksOf('x') }));
    assert.ok(error instanceof SmtpReplyError);
    assert.deepEqual([error.replyCode, error.enhanced, error.phase], [530, '5.7.0', 'mail']);
    assert.ok(client.open);
    await client.quit();
  });

  test('a message that is larger than announced is refused at its end, and another one taken', async () => {
    const backend = new MemoryPost();
    const { client } = await smtpSession({ backend, maxSize: 10 });
    await assert.rejects(client.send(ENVELOPE, { chunks: () => chunksOf('x'.repeat(11)), size: 11 }), {
      code: 'message-too-large',
    });
    await assert.rejects(client.send(ENVELOPE, { chunks: () => chunksOf('x'.repeat(11)) }), { replyCode: 552 });
    assert.equal((await client.send(ENVELOPE, { chunks: () => chunksOf('x') })).outcome, 'sent');
    assert.equal(backend.stored.length, 1);
    await client.quit();
  });

  test('bare line ends are refused, and nothing is stored', async () => {
    const backend = new MemoryPost();
    const { client } = await smtpSession({ backend });
    await assert.rejects(client.send(ENVELOPE, { chunks: () => chunksOf('a\nb\r\n'), exactLines: true }), {
      replyCode: 550,
    });
    assert.deepEqual(backend.stored, []);
    await client.quit();
  });
});

suite('a backend in trouble', () => {
  const fault = new TypeError('a fault of the backend');
  const fails = async (): Promise<never> => {
    throw fault;
  };
  const delivery = { write: () => undefined, commit: async () => 'it', abort: async () => undefined };
  const deliverBy = (part: object) => async () => ({ ...delivery, ...part });
  const broken = {
    'of its users': { password: fails },
    'of its recipients': { recipient: fails },
    'as a message begins': { deliver: fails },
    'as it is written': { deliver: deliverBy({ write: fails }) },
    'as it is committed': { deliver: deliverBy({ commit: fails }) },
  };
  for (const [when, part] of Object.entries(broken)) {
    for (const chunking of [true, false]) {
      test(`${when}, with ${chunking ? 'BDAT' : 'DATA'}: it is temporary for the client, told, and the session goes on`, async () => {
        const told: unknown[] = [];
        const backend = Object.assign(new MemoryPost(), part);
        const { client, served } = await smtpSession({ backend, chunking, fault: (error) => told.push(error) });
        if ('password' in part)
          await assert.rejects(client.login(LOGIN), { code: 'auth-unavailable', message: /454 4\.7\.0/ });
        else {
          const sent = client.send(ENVELOPE, { chunks: () => chunksOf('x\r\n') });
          const error = await sent.then(
            ({ recipients }) => recipients[0]?.reply.code,
            (refused) => refused.replyCode,
          );
          assert.equal(error, 451);
        }
        await client.noop();
        await client.quit();
        await served;
        assert.deepEqual(told, [fault]);
      });
    }
  }
});

suite('a delivery ends once', () => {
  async function delivering(commit: () => Promise<string>, write: () => void = () => undefined) {
    const ended: string[] = [];
    const backend = new MemoryPost();
    const deliver = async () => ({
      write,
      commit: async () => {
        ended.push('commit');
        return commit();
      },
      abort: async () => {
        ended.push('abort');
      },
    });
    const session = await smtpSession({
      chunking: false,
      backend: { password: backend.password, recipient: async () => undefined, deliver },
    });
    return { ended, ...session };
  }

  test('by a commit', async () => {
    const { client, ended } = await delivering(async () => 'x');
    await client.send(ENVELOPE, { chunks: () => chunksOf('a') });
    await client.quit();
    assert.deepEqual(ended, ['commit']);
  });

  test('by a commit that refuses the message', async () => {
    const { client, ended } = await delivering(() => Promise.reject(new SmtpReplyError({ code: 554 }, 'no')));
    await assert.rejects(client.send(ENVELOPE, { chunks: () => chunksOf('a') }), { replyCode: 554 });
    await client.quit();
    assert.deepEqual(ended, ['commit']);
  });

  test('by an abort, when the connection breaks in the middle', async () => {
    const { client, clientSocket, served, ended } = await delivering(async () => 'x');
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.from('half\r\n');
      await settled();
      clientSocket.destroy();
      await settled();
    }
    assert.equal(
      ((await reason(client.send(ENVELOPE, { chunks: broken }))) as { outcome?: string }).outcome,
      'not-sent',
    );
    await served;
    assert.deepEqual(ended, ['abort']);
  });

  test('by an abort, when the connection is gone before the message is asked for', async () => {
    const backend = new MemoryPost();
    const [asked, opened, aborted] = [1, 2, 3].map(() => Promise.withResolvers<void>());
    const { client, clientSocket, served } = await smtpSession({
      chunking: false,
      backend: {
        password: backend.password,
        recipient: async () => undefined,
        deliver: async () => {
          asked?.resolve();
          await opened?.promise;
          return { write: () => undefined, commit: async () => 'x', abort: async () => aborted?.resolve() };
        },
      },
    });
    const sent = reason(client.send(ENVELOPE, { chunks: () => chunksOf('a') }));
    await asked?.promise;
    clientSocket.destroy();
    await sent;
    opened?.resolve();
    await Promise.all([served, aborted?.promise]);
  });

  test('by an abort, when it cannot be written; the client may try again', async () => {
    const { client, served, ended } = await delivering(
      async () => 'x',
      () => {
        throw new StoreError('disk-full', 'No room.');
      },
    );
    await assert.rejects(client.send(ENVELOPE, { chunks: () => chunksOf('a') }), { replyCode: 451, temporary: true });
    await client.quit();
    await served;
    assert.deepEqual(ended, ['abort']);
  });
});

suite('a backend may be an object of a class, and may err behind a client that left', () => {
  test('its methods are called on it', async () => {
    class Counting implements SmtpBackend {
      taken = 0;
      readonly password = async () => undefined;
      readonly recipient = async () => undefined;
      async deliver(): Promise<Delivery> {
        return { write: () => undefined, commit: async () => `number ${++this.taken}`, abort: async () => undefined };
      }
    }
    for (const protocol of ['smtp', 'lmtp'] as const) {
      const backend = new Counting();
      const { client } = await smtpSession({ backend, protocol });
      const { reply } = await client.send(ENVELOPE, { chunks: () => chunksOf('x\r\n') });
      assert.deepEqual(reply?.lines, ['taken as number 1']);
      await client.quit();
      assert.equal(backend.taken, 1);
    }
  });

  const fault = new TypeError('a fault of the backend');

  test('an abort that fails is told, and ends nothing else', async () => {
    const told: unknown[] = [];
    const backend = Object.assign(new MemoryPost(), {
      deliver: async () => ({
        write: () => undefined,
        commit: async () => 'x',
        abort: () => Promise.reject(fault),
      }),
    });
    const options = { backend, chunking: false, maxSize: 10, fault: (error: unknown) => told.push(error) };
    const { client, clientSocket, served } = await smtpSession(options);
    const refused = client.send(ENVELOPE, { chunks: () => chunksOf('more than ten octets\r\n') });
    await assert.rejects(refused, { replyCode: 552 });
    const stuck = reason(client.send(ENVELOPE, { chunks: () => breakingOff(clientSocket) }));
    await Promise.all([stuck, served]);
    assert.deepEqual(told, [fault, fault]);
  });

  test('what fails once the client is gone is told, and does not come out of serveSmtp', async () => {
    const told: unknown[] = [];
    const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const backend = Object.assign(new MemoryPost(), {
      vrfy: async () => {
        asked.resolve();
        await answer.promise;
        return [];
      },
    });
    const { client, clientSocket, served } = await smtpSession({ backend, fault: (error) => told.push(error) });
    const question = reason(client.vrfy('ann'));
    await asked.promise;
    clientSocket.destroy();
    await question;
    answer.reject(fault);
    await served;
    assert.deepEqual(told, [fault]);
  });
});

async function* breakingOff(socket: Duplex): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half\r\n');
  await settled();
  socket.destroy();
  await settled();
}

suite('TLS over loopback', async () => {
  const identity = await makeIdentity();
  const tls = { ca: [identity.authority] };

  async function running(
    implicit: boolean,
    offered: boolean,
    use: (port: number, shown: string[], backend: MemoryPost) => Promise<void>,
  ) {
    const backend = new MemoryPost();
    const shown: string[] = [];
    const options = { backend, identity: offered ? identity : undefined, authRequired: true };
    const listener = await listen(
      { implicit: implicit ? identity : undefined, trace: (line) => shown.push(line) },
      (channel) => void serveSmtp(channel, options),
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
        const client = await SmtpClient.connect({ host: 'localhost', port, security, tls });
        assert.equal(client.tls?.protocol, 'TLSv1.3');
        assert.ok(!client.capabilities.has('STARTTLS'));
        await client.login(LOGIN);
        const body = 'x'.repeat(998).concat('\r\n').repeat(300);
        assert.equal((await client.send(ENVELOPE, { chunks: () => chunksOf(body) })).outcome, 'sent');
        await client.quit();
        assert.equal(backend.stored[0]?.text, body);
        assertNoSecret(shown);
      }));
  }

  test('required and not offered: no word of a login', () =>
    running(false, false, async (port, shown) => {
      const error = await reason(SmtpClient.connect({ host: 'localhost', port, security: 'required', tls }));
      assert.equal((error as PosthornError).code, 'tls-not-offered');
      assert.deepEqual(
        shown.filter((line) => line.startsWith('C:')),
        ['C: EHLO [127.0.0.1]'],
      );
    }));

  test('required and not trusted: no word of a login', () =>
    running(false, true, async (port, shown) => {
      const error = await reason(SmtpClient.connect({ host: 'localhost', port, security: 'required' }));
      assert.equal((error as PosthornError).name, 'TlsError');
      assert.deepEqual(
        shown.filter((line) => line.startsWith('C:')),
        ['C: EHLO [127.0.0.1]', 'C: STARTTLS'],
      );
    }));

  test('in clear no login is offered', () =>
    running(false, true, async (port, shown) => {
      const client = await SmtpClient.connect({ host: 'localhost', port, security: 'none' });
      await assert.rejects(client.login(LOGIN), { code: 'auth-no-mechanism' });
      await client.quit();
      assertNoSecret(shown);
    }));
});
