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
import { compare, runProgram } from './support/measure.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
const ends: (() => unknown)[] = [];
let turn = 0;

/** A new place for each run: what was fetched before must not be known. */
function place(name: string): string {
  turn += 1;
  const path = join(folder, `${name}-${turn}`);
  for (const part of ['', 'maildir', 'maildir/new', 'maildir/cur', 'maildir/tmp'])
    mkdirSync(join(path, part), { recursive: true, mode: 0o700 });
  return path;
}

function posthorn(dovecot: Dovecot, port: number) {
  const user = encodeURIComponent('ann');
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
        ['bin/posthorn.cjs', 'fetch', '-q', '--ca-file', dovecot.caFile, '--pop3', `pop3s://${user}@localhost:${port}`],
        env,
      );
    },
  };
}

function mpop(dovecot: Dovecot, port: number) {
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
        'auth plain',
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

try {
  const scope = { after: (end: () => unknown) => void ends.push(end) };
  const one = await startDovecot(scope as never);
  await one.deliver('ann', large(500));
  await compare('RETR of 500 MB from Dovecot, TLS, into a Maildir', ROUNDS, [
    posthorn(one, one.ports.pop3s),
    mpop(one, one.ports.pop3s),
  ]);

  const many = await startDovecot(scope as never);
  for (let at = 0; at < 300; at++)
    await many.deliver('ann', Buffer.from(`Subject: message ${at}\r\n\r\n${'text\r\n'.repeat(400)}`));
  const road = await delayedRoad(many.ports.pop3s, 25);
  const [ours, theirs] = [posthorn(many, road.port), mpop(many, road.port)];
  const counted = async (contender: typeof ours): Promise<string> => {
    const before = road.trips();
    await contender.run();
    return `${contender.name}: ${road.trips() - before} round trips`;
  };
  process.stdout.write(`${await counted(ours)}; ${await counted(theirs)}\n\n`);
  await compare('300 messages over 50 ms round trips, TLS and login included', ROUNDS, [ours, theirs]);
  road.close();
} finally {
  for (const end of ends.toReversed()) await end();
  rmSync(folder, { recursive: true, force: true });
}
