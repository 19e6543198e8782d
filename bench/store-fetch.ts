/**
 * Fetching a mailbox of 10,000 messages from Dovecot into a Maildir, side by side with mpop and fetchmail, and with a read
 * that drops what it gets. Needs Dovecot, and root; a peer that is missing is left out, which is said.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Dovecot, startDovecot } from '../test/support/dovecot.ts';
import { makePlace, passwordOfAnn, runMpop, runPosthorn } from './support/fetchers.ts';
import { type Contender, compare, here, type Run, runProgram, sayLoad } from './support/measure.ts';
import { messageSets } from './support/messages.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const MESSAGES = Number(process.env['BENCH_MESSAGES'] ?? 10_000);
const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
const ends: (() => unknown)[] = [];
let turn = 0;

/** A peer and the places where it keeps its mail: a new one each time, or the one where all is already. */
interface Fetcher {
  readonly name: string;
  fetch(place: string): Promise<Run>;
}

function newPlace(name: string): string {
  turn += 1;
  return makePlace(join(folder, `${name.split(' ')[0]}-${turn}`));
}

function posthorn(dovecot: Dovecot, ...options: string[]): Fetcher {
  return { name: ['posthorn fetch', ...options].join(' '), fetch: (place) => runPosthorn(dovecot, place, options) };
}

function bare(dovecot: Dovecot): Fetcher {
  const args = ['bench/support/read-bare.mjs', String(dovecot.ports.pop3s), dovecot.caFile, passwordOfAnn(dovecot)];
  return { name: 'a read that keeps nothing', fetch: () => runProgram(process.execPath, args) };
}

/** As many files of the same size on the whole, made durable, with no server: what the disk takes at the least. */
function keeping(octets: number): Fetcher {
  const args = [String(MESSAGES), String(Math.round(octets / MESSAGES))];
  const fetch = (place: string) => runProgram(process.execPath, ['bench/support/keep-bare.mjs', place, ...args]);
  return { name: 'such files alone, made durable', fetch };
}

function listing(dovecot: Dovecot): Fetcher {
  const args = ['bench/support/list-bare.mjs', String(dovecot.ports.pop3s), dovecot.caFile, passwordOfAnn(dovecot)];
  return { name: 'Node, asking for UIDL alone', fetch: () => runProgram(process.execPath, args) };
}

function mpop(dovecot: Dovecot): Fetcher {
  return { name: 'mpop', fetch: (place) => runMpop(dovecot, place) };
}

/**
 * It has no Maildir of its own: a program takes each message, here the smallest that keeps it. Nothing is synced, and the
 * certificate, which names no server in its subject, is not checked.
 */
function fetchmail(dovecot: Dovecot): Fetcher {
  const fetch = (place: string): Promise<Run> => {
    const config = join(place, 'fetchmailrc');
    const server = `poll localhost protocol POP3 service ${dovecot.ports.pop3s} uidl auth password`;
    const user = `user ann password "${passwordOfAnn(dovecot)}" ssl no sslcertck keep no rewrite`;
    writeFileSync(
      config,
      `set idfile "${join(place, 'ids')}"\n${server}\n${user} mda "cat >>${join(place, 'mbox')}"\n`,
      {
        mode: 0o600,
      },
    );
    const args = ['--silent', '--nosyslog', '--fetchmailrc', config, '--pidfile', join(place, 'pid')];
    // It ends with 1 where nothing was new.
    return runProgram('fetchmail', args, { FETCHMAILHOME: place }, [0, 1]);
  };
  return { name: 'fetchmail with cat as MDA', fetch };
}

/** @returns the octets of all. */
async function fill(dovecot: Dovecot): Promise<number> {
  const shapes = messageSets().filter(({ name }) => name === 'plain' || name === 'alternative');
  const messages = shapes.flatMap((set) => set.messages);
  let octets = 0;
  for (let at = 0; at < MESSAGES; at += 1) {
    const message = [Buffer.from(`X-Number: ${at}\r\n`), messages[at % messages.length] ?? Buffer.alloc(0)];
    octets += message.reduce((sum, { length }) => sum + length, 0);
    await dovecot.deliver('ann', Buffer.concat(message));
  }
  return octets;
}

const fresh = ({ name, fetch }: Fetcher): Contender => ({ name, run: () => fetch(newPlace(name)) });

/** The second fetch and those behind it. */
async function again({ name, fetch }: Fetcher): Promise<Contender> {
  const place = newPlace(name);
  await fetch(place);
  return { name, run: () => fetch(place) };
}

try {
  sayLoad('before store-fetch');
  if (here('Fetching 10,000 messages from Dovecot', ['dovecot'])) {
    const dovecot = await startDovecot({ after: (end: () => Promise<void>) => void ends.push(end) });
    const octets = await fill(dovecot);
    // Once before: Dovecot looks at each message the first time it is asked for its size.
    await bare(dovecot).fetch('');
    const what = `${MESSAGES} messages from Dovecot`;
    const peers = [mpop(dovecot), fetchmail(dovecot)].filter(({ name }) =>
      here(`${what}: ${name}`, [name.split(/\W/)[0] ?? '']),
    );
    const all = [posthorn(dovecot, '--no-index'), posthorn(dovecot), ...peers];
    await compare(`${what}, TLS, each kept`, ROUNDS, [...all, bare(dovecot), keeping(octets)].map(fresh));
    const known: Contender[] = [];
    for (const each of [...all, listing(dovecot)]) known.push(await again(each));
    await compare(`Nothing new among ${what}`, ROUNDS, known);
  }
  sayLoad('behind store-fetch');
} finally {
  for (const end of ends.toReversed()) await end();
  rmSync(folder, { recursive: true, force: true });
}
