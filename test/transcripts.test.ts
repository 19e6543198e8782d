/**
 * Plays the conversations in `test/transcripts` against the clients and the servers, each cut in several ways: how the
 * octets come in must never matter. In all of them the password must show nowhere but on the wire.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { suite, test } from 'node:test';
import { Channel } from '../src/net/channel.ts';
import { Transcript as Trace } from '../src/net/transcript.ts';
import { describe, type Obey, pop3Orders, readOrders, smtpOrders } from './support/orders.ts';
import { Script } from './support/script.ts';
import { assertNoSecret } from './support/secrets.ts';
import { type Serve, servePop3Order, serveSmtpOrder } from './support/serve.ts';
import { atOnce, type Cut, parseTranscript, type Transcript } from './support/transcript.ts';

interface Protocol {
  readonly name: string;
  readonly orders: (channel: Channel) => Obey;
  readonly serve: Serve;
}

const PROTOCOLS: readonly Protocol[] = [
  { name: 'pop3', orders: pop3Orders, serve: servePop3Order },
  { name: 'smtp', orders: smtpOrders, serve: serveSmtpOrder },
];

for (const { name, orders, serve } of PROTOCOLS) {
  const folder = new URL(`transcripts/${name}/`, import.meta.url);
  suite(name, { concurrency: true }, () => {
    for (const file of readdirSync(folder).sort()) {
      test(file, { timeout: 20_000 }, async (t) => {
        const transcript = parseTranscript(readFileSync(new URL(file, folder), 'utf8'));
        const served = transcript.orders.find((order) => /^serve\b/.test(order));
        const ways: readonly Cut[] = served === undefined ? ['whole', 'bytes', 'cuts'] : ['whole', 'lines', 'bytes'];
        for (const [seed, cut] of ways.entries()) {
          await t.test(cut, async () => {
            if (served === undefined) await playServer(transcript, cut, file.length * 8 + seed, orders);
            else await playClient(transcript, cut, served, serve);
          });
        }
      });
    }
  });
}

/** The script is the server; our client carries out the orders. */
async function playServer(transcript: Transcript, cut: Cut, seed: number, orders: Protocol['orders']): Promise<void> {
  const shown: string[] = [];
  const script = new Script('S', cut, seed);
  const channel = new Channel(script.socket, { role: 'client', transcript: new Trace((line) => shown.push(line)) });
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
