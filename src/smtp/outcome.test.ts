/**
 * What a client says of its messages is compared with what a server has, the connection cut after every octet: "sent" is
 * with the server, "not sent" is not and never will be, and "unknown" is said of nothing that had not wholly left.
 */
import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import { CutLink, type Server } from '../../test/support/cut-link.ts';
import { settled } from '../../test/support/peer.ts';
import type { Cut } from '../../test/support/sweep.ts';
import { ConnectionLostError, PosthornError } from '../errors.ts';
import { SmtpClient } from './client.ts';
import type { Envelope, Outgoing, SendOptions } from './envelope.ts';

interface Mail {
  readonly envelope: Envelope;
  readonly message: Outgoing;
  readonly options?: SendOptions;
  readonly text: string;
}

interface Scene {
  readonly server: Server;
  readonly mail: readonly Mail[];
  /** Only the cuts near these places are tried, as octets behind EHLO; by default all are. */
  readonly near?: readonly number[];
}

/** A message whose chunks come one after the other; `sized` announces how long it is. */
function mail(text: string, recipients: string, { sized = false, partial = false, pieces = 3 } = {}): Mail {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    const step = Math.ceil(text.length / pieces);
    for (let from = 0; from < text.length; from += step) {
      yield Buffer.from(text.slice(from, from + step));
      await settled();
    }
  }
  const addresses = recipients.split(' ').map((name) => `${name}@example.org`);
  return {
    envelope: { from: 'a@example.org', recipients: addresses },
    message: sized ? { chunks, size: text.length, exactLines: true } : { chunks },
    options: { partial },
    text,
  };
}

const SMALL = 'Subject: x\r\n\r\n.dot\r\nend\r\n';
const LARGE = 'x'.repeat(1022).concat('\r\n').repeat(1025);
const MIB = 2 ** 20;
const SCENES: Readonly<Record<string, Scene>> = {
  'DATA, pipelined': { server: { chunking: false }, mail: [mail(SMALL, 'c'), mail(`2${SMALL}`, 'c d')] },
  'DATA, one command at a time': { server: { chunking: false, oneAtATime: true }, mail: [mail(SMALL, 'c d')] },
  'DATA, partial': { server: { chunking: false }, mail: [mail(SMALL, 'c bob d', { partial: true })] },
  'BDAT with its commands, many': {
    server: {},
    mail: ['1', '2', '3'].map((at) => mail(`${at}${SMALL}`, 'c', { sized: true })),
  },
  'BDAT behind its commands': { server: {}, mail: [mail(SMALL, 'c d', { sized: true }), mail(`2${SMALL}`, 'c')] },
  'BDAT, one command at a time': { server: { oneAtATime: true }, mail: [mail(SMALL, 'c', { sized: true })] },
  'BDAT of an empty message': { server: {}, mail: [mail('', 'c d', { sized: true })] },
  'BDAT, large': {
    server: {},
    mail: [mail(LARGE, 'c', { sized: true, pieces: 7 })],
    near: [0, MIB, LARGE.length + 85],
  },
  'BDAT in chunks': { server: {}, mail: [mail(LARGE, 'c', { pieces: 7 })], near: [75, MIB + 85, LARGE.length + 100] },
  'LMTP, DATA': { server: { protocol: 'lmtp', chunking: false }, mail: [mail(SMALL, 'c full d')] },
  'LMTP, BDAT': {
    server: { protocol: 'lmtp' },
    mail: [mail(SMALL, 'c gone c', { sized: true }), mail(`2${SMALL}`, 'd', { sized: true })],
  },
  'LMTP, partial': { server: { protocol: 'lmtp' }, mail: [mail(SMALL, 'c bob d', { partial: true })] },
};

/** For each message and recipient what the client says: `sent`, `not-sent` or `unknown`. */
async function play(link: CutLink, { server, mail: messages }: Scene): Promise<string[][]> {
  const where = { host: '', port: 0, security: 'none', protocol: server.protocol } as const;
  const client = await SmtpClient.over(link.channel, where).catch(() => undefined);
  const fates = await Promise.all(
    messages.map(async ({ envelope, message, options }) => {
      try {
        const result = await client?.send(envelope, message, options);
        return envelope.recipients.map((_, at) => {
          return result?.outcome === 'sent' && result.recipients[at]?.accepted ? 'sent' : 'not-sent';
        });
      } catch (error) {
        assert.ok(error instanceof PosthornError, String(error));
        const { outcome = 'not-sent', recipients = [] } = error instanceof ConnectionLostError ? error : {};
        const each = recipients.map(({ fate }) => (fate === 'refused' ? 'not-sent' : fate));
        return each.length > 0 ? each : envelope.recipients.map(() => outcome);
      }
    }),
  );
  await client?.quit();
  return fates;
}

/** What was seen in a scene so far. */
class Seen {
  readonly fates = new Set<string>();
  readonly afterwards: Parameters<CutLink['afterwards']>[0] = new Map();
}

async function check(scene: Scene, cut: Cut, seen: Seen): Promise<void> {
  const link = new CutLink(scene.server, cut);
  const fates = await play(link, scene);
  const [stored, afterwards] = [await link.stored(), await link.afterwards(seen.afterwards)];
  for (const [at, { envelope, text }] of scene.mail.entries()) {
    for (const [index, recipient] of envelope.recipients.entries()) {
      const fate = fates[at]?.[index] ?? '';
      const takes = (has: typeof stored) =>
        has.some((each) => each.text === text && each.recipients.includes(recipient));
      const where = `${JSON.stringify(cut)}: message ${at} to ${recipient} is ${fate}`;
      if (fate === 'sent') assert.ok(takes(stored), where);
      if (fate === 'not-sent') assert.ok(!takes(stored) && !takes(afterwards), where);
      if (fate === 'unknown') assert.ok(refuses(recipient) || takes(afterwards), where);
      seen.fates.add(fate);
    }
  }
  assert.ok(stored.length <= fates.flat().length, 'nothing is there twice');
}

/** These never get it, which is not always known by the time the connection breaks. */
function refuses(recipient: string): boolean {
  return /^(?:bob|full|gone)@/.test(recipient);
}

function* cutsOf({ near }: Scene, whole: CutLink): Generator<Cut> {
  const close = (place: number) => near === undefined || near.some((each) => Math.abs(each - place) < 50);
  const hello = whole.wire[0]?.length ?? 0;
  const greeted = whole.said.indexOf('250 2.1.0');
  for (const reset of [false, true]) {
    for (let received = hello; received <= whole.heard; received++)
      if (close(received - hello)) yield { received, reset };
    for (let sent = greeted; sent <= whole.said.length; sent++) yield { sent, reset };
  }
}

suite('the fate of a message whose connection is cut', { concurrency: true }, () => {
  for (const [name, scene] of Object.entries(SCENES)) {
    test(name, async () => {
      const whole = new CutLink(scene.server);
      const fates = (await play(whole, scene)).flat();
      assert.ok(fates.includes('sent'));
      const seen = new Seen();
      for (const cut of cutsOf(scene, whole)) await check(scene, cut, seen);
      assert.deepEqual([...seen.fates].sort(), ['not-sent', 'sent', 'unknown']);
    });
  }
});
