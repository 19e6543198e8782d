/**
 * Plays the conversations in `test/transcripts` against the clients and the servers, each cut in several ways: how the
 * octets come in must never matter. In all of them the password must show nowhere but on the wire.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Channel, type ChannelOptions } from '../src/net/channel.ts';
import { Transcript as Trace } from '../src/net/transcript.ts';
import { unsolicited as pop3Unsolicited } from '../src/pop3/response.ts';
import { unsolicited as smtpUnsolicited } from '../src/smtp/reply.ts';
import { describe, type Obey, pop3Orders, readOrders, smtpOrders } from './support/orders.ts';
import { Script } from './support/script.ts';
import { assertNoSecret } from './support/secrets.ts';
import { type Serve, servePop3Order, serveSmtpOrder } from './support/serve.ts';
import { atOnce, type Cut, parseTranscript, type Transcript } from './support/transcript.ts';

interface Protocol {
  readonly name: string;
  readonly orders: (channel: Channel) => Obey;
  readonly unsolicited: ChannelOptions['unsolicited'];
  readonly serve: Serve;
}

const PROTOCOLS: readonly Protocol[] = [
  { name: 'pop3', orders: pop3Orders, unsolicited: pop3Unsolicited, serve: servePop3Order },
  { name: 'smtp', orders: smtpOrders, unsolicited: smtpUnsolicited, serve: serveSmtpOrder },
];

for (const protocol of PROTOCOLS) {
  const { name, serve } = protocol;
  const folder = new URL(`transcripts/${name}/`, import.meta.url);
  suite(name, { concurrency: true }, () => {
    for (const file of readdirSync(folder).sort()) {
      test(file, { timeout: 20_000 }, async () => {
        const transcript = parseTranscript(readFileSync(new URL(file, folder), 'utf8'));
        const served = transcript.orders.find((order) => /^serve\b/.test(order));
        for (const cut of waysOf(transcript, served !== undefined)) {
          const play =
            served === undefined
              ? playServer(transcript, cut, file.length, protocol)
              : playClient(transcript, cut, served, serve);
          await play.catch((cause: unknown) => {
            throw new Error(`cut as ${cut}`, { cause });
          });
        }
      });
    }
  });
}

/** A client's script may say all of its lines at once, unless it says itself what leaves together. */
function waysOf({ joined }: Transcript, served: boolean): readonly Cut[] {
  if (!served) return ['whole', 'bytes', 'cuts'];
  return joined ? ['lines', 'bytes'] : ['whole', 'lines', 'bytes'];
}

/** The script is the server; our client carries out the orders. */
async function playServer(transcript: Transcript, cut: Cut, seed: number, protocol: Protocol): Promise<void> {
  const shown: string[] = [];
  const script = new Script('S', cut, seed);
  const { orders, unsolicited } = protocol;
  const trace = new Trace((line) => shown.push(line));
  const channel = new Channel(script.socket, { role: 'client', transcript: trace, unsolicited });
  const obey = orders(channel);
  const play = script.play(transcript);
  const outcomes: string[] = [];
  for (const line of transcript.orders) {
    await script.quiet();
    const given = readOrders(line).map((order) => obey(order, () => script.quiet()));
    for (const result of await Promise.allSettled(given)) {
      outcomes.push(describe(result));
      if (result.status === 'rejected') assertNoSecret(result.reason);
    }
  }
  await script.quiet();
  assertNoSecret(shown);
  await script.finish();
  await Promise.all([play, channel.close()]);
  assert.deepEqual(outcomes.filter(worthSaying), transcript.outcomes.filter(worthSaying));
}

/** The script is the client; our server answers it. */
async function playClient(transcript: Transcript, cut: Cut, order: string, serve: Serve): Promise<void> {
  const shown: string[] = [];
  const script = new Script('C', cut, 0);
  const channel = new Channel(script.socket, { role: 'server', transcript: new Trace((line) => shown.push(line)) });
  const served = serve(channel, order.split(' ').slice(1));
  await script.play(cut === 'whole' ? atOnce(transcript, 'C') : transcript);
  await script.finish();
  const outcomes = await served;
  assertNoSecret(shown, channel.failure);
  assert.deepEqual(outcomes, transcript.outcomes);
}

function worthSaying(outcome: string): boolean {
  return outcome !== 'ok';
}
