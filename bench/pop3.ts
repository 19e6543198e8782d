/**
 * Fetching from Dovecot, side by side with mpop: the two alternate in one run, both into a fresh Maildir that is synced,
 * each a process of its own. `npm run bench` prints the tables for bench/RESULTS.md. Needs Dovecot and mpop, and root.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dovecot, startDovecot } from '../test/support/dovecot.ts';
import { delayedRoad } from './support/delay.ts';
import { compare, here, runProgram, sayLoad } from './support/measure.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
const ends: (() => unknown)[] = [];
const scope = { after: (end: () => unknown) => void ends.push(end) };
let turn = 0;

/** A new place for each run: what was fetched before must not be known. */
function place(name: string): string {
  turn += 1;
  const path = join(folder, `${name}-${turn}`);
  for (const part of ['', 'maildir', 'maildir/new', 'maildir/cur', 'maildir/tmp'])
    mkdirSync(join(path, part), { recursive: true, mode: 0o700 });
  return path;
}

function posthorn(dovecot: Dovecot, port: number, mechanism: string) {
  const url = `pop3s://ann@localhost:${port}`;
  return {
    name: 'posthorn fetch',
    run: () => {
      const home = place('posthorn');
      const env = {
        XDG_DATA_HOME: join(home, 'data'),
        XDG_STATE_HOME: join(home, 'state'),
        HOME: home,
        POSTHORN_PASSWORD: password(dovecot),
      };
      return runProgram(
        process.execPath,
        ['bin/posthorn.cjs', 'fetch', '-q', '--auth', mechanism, '--ca-file', dovecot.caFile, '--pop3', url],
        env,
      );
    },
  };
}

function mpop(dovecot: Dovecot, port: number, mechanism: string) {
  return {
    name: 'mpop',
    run: () => {
      const home = place('mpop');
      const config = join(home, 'mpoprc');
      const lines = [
        'account ann',
        'host localhost',
        `port ${port}`,
        'user ann',
        `passwordeval printf %s '${password(dovecot)}'`,
        `auth ${mechanism.toLowerCase()}`,
        'tls on',
        'tls_starttls off',
        `tls_trust_file ${dovecot.caFile}`,
        'keep on',
        'received_header off',
        `delivery maildir ${join(home, 'maildir')}`,
        `uidls_file ${join(home, 'uidls')}`,
      ];
      writeFileSync(config, `${lines.join('\n')}\n`, { mode: 0o600 });
      return runProgram('mpop', [`--file=${config}`, '--quiet', 'ann']);
    },
  };
}

function password(dovecot: Dovecot): string {
  return dovecot.users.find(({ name }) => name === 'ann')?.password ?? '';
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
