/**
 * What can become of a message that is not sent, a row each: the code a program is told, and whether to try again
 * (`later`), to mend something first (`mend`), or to look whether it arrived (`look`).
 */
import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { suite, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { reason, settled, withPeer } from '../../test/support/peer.ts';
import { MemoryPost } from '../../test/support/serve.ts';
import { chunksOf } from '../../test/support/sessions.ts';
import { ConnectionLostError, PosthornError } from '../errors.ts';
import { dial, type System } from '../net/dial.ts';
import { listen } from '../net/listen.ts';
import { makeIdentity } from '../sandbox/certificate.ts';
import { SmtpClient } from './client.ts';
import type { Outgoing } from './envelope.ts';
import { serveSmtp } from './server.ts';

const GREETING = '220 mail.test\r\n';
const PLAIN = [GREETING, '250-mail.test\r\n250 PIPELINING\r\n'];
const CHUNKING = [GREETING, '250-mail.test\r\n250-CHUNKING\r\n250 PIPELINING\r\n'];
const AGREED = '250 ok\r\n250 ok\r\n';
const GO_ON = `${AGREED}354 go on\r\n`;
const MESSAGE = { chunks: () => chunksOf('hi\r\n') };
const WHERE = { host: 'mail.test', port: 25, security: 'none' } as const;

/** What the server says, or `ends`, `silence`, `aborts`, `closes`. */
type Script = readonly string[];

/** A message to a server that says this; `silence` is longer than the client waits, `aborts` and `closes` are its own side. */
async function converse(script: Script, message: Outgoing = MESSAGE): Promise<unknown> {
  const controller = new AbortController();
  const { channel, peer } = withPeer({ signal: controller.signal });
  const opened = SmtpClient.over(channel, { ...WHERE, timeout: script.includes('silence') ? 20 : 5000 });
  const fate = reason(opened.then((client) => client.send({ from: '', recipients: ['b@example.org'] }, message)));
  for (const step of script) {
    if (step === 'ends') await peer.ends();
    else if (step === 'silence') await sleep(40);
    else if (step === 'aborts') controller.abort();
    else if (step === 'closes') await (await opened).close();
    else await peer.says(step);
    await settled();
  }
  return fate;
}

function broken(): Outgoing {
  return {
    async *chunks() {
      yield Buffer.from('first\r\n');
      await settled();
      throw new Error('the file is gone');
    },
  };
}

function slow(): Outgoing {
  return {
    async *chunks() {
      yield Buffer.from('first\r\n');
      await sleep(1000);
    },
  };
}

/** A name whose look-up fails like this, or ends in `silence`. */
function lookUp(result: string, timeout = 1000): Promise<unknown> {
  const failure = Object.assign(new Error(result), { code: result });
  const lookup = (): Promise<never> => (result === 'silence' ? new Promise(() => undefined) : Promise.reject(failure));
  const system: System = { lookup, connect };
  return reason(dial({ host: 'mail.test', port: 25 }, timeout, undefined, system));
}

/** An address that never answers. */
function silentAddress(): Promise<unknown> {
  const lookup = async () => [{ address: '192.0.2.1', family: 4 }];
  const never = (): ReturnType<typeof connect> => connect({ host: '', port: 0, lookup: () => undefined });
  return reason(dial({ host: 'mail.test', port: 25 }, 20, undefined, { lookup, connect: never }));
}

async function withServer(how: 'untrusted' | 'login'): Promise<unknown> {
  const identity = await makeIdentity();
  const backend = new MemoryPost();
  const listener = await listen({ implicit: identity }, (channel) => void serveSmtp(channel, { backend }));
  const tls = how === 'untrusted' ? {} : { ca: [identity.authority] };
  const opened = SmtpClient.connect({ host: 'localhost', port: listener.port, security: 'implicit', tls });
  const fate = await reason(opened.then((client) => client.login({ user: 'ann', password: 'wrong' })));
  await listener.close();
  return fate;
}

interface Row {
  readonly fails: () => Promise<unknown>;
  readonly code: string;
  readonly next: 'later' | 'mend' | 'look';
}

const says = (script: Script, message?: Outgoing) => (): Promise<unknown> => converse(script, message);

const ROWS: Readonly<Record<string, Row>> = {
  'the name of the host is not known': { fails: () => lookUp('ENOTFOUND'), code: 'unknown-host', next: 'later' },
  'the look-up fails': { fails: () => lookUp('EAI_AGAIN'), code: 'unknown-host', next: 'later' },
  'the look-up takes too long': { fails: () => lookUp('silence', 20), code: 'unknown-host', next: 'later' },
  'nobody listens': {
    fails: () => reason(SmtpClient.connect({ ...WHERE, host: '127.0.0.1', port: 1 })),
    code: 'refused',
    next: 'later',
  },
  'the address does not answer': { fails: silentAddress, code: 'unreachable', next: 'later' },
  'the certificate is not trusted': { fails: () => withServer('untrusted'), code: 'tls-untrusted', next: 'mend' },
  'the password is wrong': { fails: () => withServer('login'), code: 'auth-rejected', next: 'mend' },
  'the connection ends before the greeting': { fails: says(['ends']), code: 'connection-lost', next: 'later' },
  'the greeting is none': { fails: says(['hello\r\n']), code: 'bad-reply', next: 'mend' },
  'the greeting turns us away for now': { fails: says(['421 busy\r\n']), code: 'smtp-reply', next: 'later' },
  'the greeting turns us away': { fails: says(['554 no\r\n']), code: 'smtp-reply', next: 'mend' },
  'the greeting does not come': { fails: says(['silence']), code: 'timeout', next: 'later' },
  'a reply is none': { fails: says([...PLAIN, 'what?\r\n']), code: 'bad-reply', next: 'mend' },
  'half a reply': { fails: says([...PLAIN, '250-o', 'ends']), code: 'connection-lost', next: 'later' },
  'a reply nobody asked for': { fails: says([`${GREETING}250 ok\r\n`]), code: 'unsolicited', next: 'mend' },
  'a command is not answered': { fails: says([...PLAIN, 'silence']), code: 'timeout', next: 'later' },
  'the connection ends within a transaction': {
    fails: says([...PLAIN, '250 ok\r\n', 'ends']),
    code: 'connection-lost',
    next: 'later',
  },
  'the recipient is accepted and DATA is answered as if it were the message': {
    fails: says([...PLAIN, `${AGREED}250 ok\r\n`]),
    code: 'bad-reply',
    next: 'mend',
  },
  'the message is accepted before it is complete': {
    fails: says([...PLAIN, GO_ON, '250 ok\r\n'], slow()),
    code: 'premature-reply',
    next: 'mend',
  },
  'the message cannot be read': { fails: says([...PLAIN, GO_ON], broken()), code: 'Error', next: 'mend' },
  'nor by BDAT': { fails: says([...CHUNKING, `${AGREED}250 ok\r\n`], broken()), code: 'Error', next: 'mend' },
  'nor to the length that was announced': {
    fails: says([...CHUNKING, `${AGREED}250 ok\r\n`], { ...MESSAGE, size: 5, exactLines: true }),
    code: 'message-changed',
    next: 'mend',
  },
  'the work is stopped before it began': { fails: says(['aborts']), code: 'aborted', next: 'mend' },
  'the work is stopped within a command': { fails: says([...PLAIN, 'aborts']), code: 'aborted', next: 'mend' },
  'the client is closed within a command': {
    fails: says([...PLAIN, 'closes']),
    code: 'connection-lost',
    next: 'later',
  },
  'the connection ends behind the message': {
    fails: says([...PLAIN, GO_ON, 'ends']),
    code: 'connection-lost',
    next: 'look',
  },
  'garbage answers the message': { fails: says([...PLAIN, GO_ON, 'what?\r\n']), code: 'connection-lost', next: 'look' },
  'the work is stopped behind the message': {
    fails: says([...PLAIN, GO_ON, 'aborts']),
    code: 'connection-lost',
    next: 'look',
  },
  'the message is refused for now': { fails: says([...PLAIN, GO_ON, '451 no\r\n']), code: 'smtp-reply', next: 'later' },
  'the message is refused': { fails: says([...PLAIN, GO_ON, '554 no\r\n']), code: 'smtp-reply', next: 'mend' },
};

suite('what can become of a message that is not sent', { concurrency: true }, () => {
  for (const [name, { fails, code, next }] of Object.entries(ROWS)) {
    test(name, async () => {
      const error = await fails();
      assert.ok(error instanceof Error, 'it was sent');
      const told = error instanceof PosthornError ? error.code : error.name;
      const look = error instanceof ConnectionLostError && error.outcome === 'unknown';
      const later = error instanceof PosthornError && error.temporary;
      assert.deepEqual([told, look ? 'look' : later ? 'later' : 'mend'], [code, next], String(error));
    });
  }
});
