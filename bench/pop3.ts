/**
 * Fetching from Dovecot, side by side with mpop: the two alternate in one run, both into a fresh Maildir that is synced,
 * each a process of its own. `npm run bench` prints the tables for bench/RESULTS.md. Needs Dovecot and mpop, and root.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dovecot, startDovecot } from '../test/support/dovecot.ts';
import { delayedRoad } from './support/delay.ts';
import { makePlace, runMpop, runPosthorn } from './support/fetchers.ts';
import { compare, here, sayLoad } from './support/measure.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
const ends: (() => unknown)[] = [];
const scope = { after: (end: () => unknown) => void ends.push(end) };
let turn = 0;

/** A new place for each run: what was fetched before must not be known. */
function place(name: string): string {
  turn += 1;
  return makePlace(join(folder, `${name}-${turn}`));
}

function posthorn(dovecot: Dovecot, port: number, mechanism: string) {
  const options = ['--no-index'];
  const run = () => runPosthorn(dovecot, place('posthorn'), options, port, mechanism);
  return { name: 'posthorn fetch --no-index', run };
}

function mpop(dovecot: Dovecot, port: number, mechanism: string) {
  return { name: 'mpop', run: () => runMpop(dovecot, place('mpop'), port, mechanism) };
}

/** A message of base64-like lines, of about `megabytes`. */
function large(megabytes: number): Buffer {
  const block = randomBytes(750_000)
    .toString('base64')
    .replace(/(.{76})/g, '$1\r\n');
  return Buffer.from(`Subject: large\r\n\r\n${block.repeat(megabytes)}\r\n`);
}

async function oneLarge(): Promise<void> {
  const dovecot = await startDovecot(scope as never);
  await dovecot.deliver('ann', large(500));
  const { pop3s } = dovecot.ports;
  await compare('RETR of 500 MB from Dovecot, TLS, into a Maildir', ROUNDS, [
    posthorn(dovecot, pop3s, 'PLAIN'),
    mpop(dovecot, pop3s, 'PLAIN'),
  ]);
}

async function manySmall(): Promise<void> {
  const dovecot = await startDovecot(scope as never);
  for (let at = 0; at < 300; at++)
    await dovecot.deliver('ann', Buffer.from(`Subject: message ${at}\r\n\r\n${'text\r\n'.repeat(400)}`));
  const road = await delayedRoad(dovecot.ports.pop3s, 25);
  for (const mechanism of ['PLAIN', 'SCRAM-SHA-256']) {
    const contenders = [posthorn(dovecot, road.port, mechanism), mpop(dovecot, road.port, mechanism)];
    const what = `300 messages over 50 ms round trips, TLS and login (${mechanism}) included`;
    await compare(what, ROUNDS, contenders, { trips: road.trips });
  }
  road.close();
}

try {
  sayLoad('before pop3');
  if (here('Fetching from Dovecot', ['dovecot', 'mpop'])) {
    await oneLarge();
    await manySmall();
  }
  sayLoad('behind pop3');
} finally {
  for (const end of ends.toReversed()) await end();
  rmSync(folder, { recursive: true, force: true });
}
