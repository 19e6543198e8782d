/**
 * Sending, side by side with nodemailer, curl and Postfix's smtp-source: the peers alternate in one run, every run is a
 * process of its own, and every figure is a ratio to ours. `npm run bench` prints the tables for bench/RESULTS.md.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { randomBytes } from 'node:crypto';
import { startDovecot } from '../test/support/dovecot.ts';
import { freePorts } from '../test/support/ports.ts';
import { startPostfix } from '../test/support/postfix.ts';
import { delayedRoad } from './support/delay.ts';
import { compare, here, runProgram, runScript, sayLoad } from './support/measure.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
const authority = join(folder, 'authority.pem');
const children: ChildProcess[] = [];
const ends: (() => unknown)[] = [];
const scope = { after: (end: () => unknown) => void ends.push(end) };

interface Sink {
  readonly plain: number;
  readonly tls: number;
  readonly authority: string;
}

async function startSink(keywords?: string): Promise<Sink> {
  const env = keywords === undefined ? process.env : { ...process.env, SINK_KEYWORDS: keywords };
  const child = spawn(process.execPath, ['bench/support/sink.ts'], {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
    env,
  });
  children.push(child);
  for await (const chunk of child.stdout ?? []) return JSON.parse(String(chunk)) as Sink;
  throw new Error('the sink did not start');
}

/** A file of `megabytes`, its content too varied to compress. */
function file(name: string, megabytes: number): string {
  const path = join(folder, name);
  const descriptor = openSync(path, 'w');
  const block = randomBytes(1_000_000);
  for (let at = 0; at < megabytes; at++) writeSync(descriptor, block);
  ftruncateSync(descriptor, megabytes * 1_000_000);
  closeSync(descriptor);
  return path;
}

const ours = (port: number, security: string, count: number, content: string) => ({
  name: 'posthorn',
  run: () => runScript('bench/support/send-ours.mjs', [String(port), security, authority, String(count), content]),
});
const nodemailer = (port: number, security: string, count: number, content: string) => ({
  name: 'nodemailer',
  run: () =>
    runScript('bench/support/send-nodemailer.mjs', [String(port), security, authority, String(count), content]),
});
const curl = (sink: Sink, security: string, path: string) => ({
  name: 'curl',
  run: () =>
    runProgram('curl', [
      '--silent',
      '--show-error',
      '--cacert',
      authority,
      security === 'tls' ? `smtps://localhost:${sink.tls}` : `smtp://localhost:${sink.plain}`,
      '--mail-from',
      'ann@example.org',
      '--mail-rcpt',
      'bob@example.org',
      '-F',
      '=See the file.;type=text/plain',
      '-F',
      `file=@${path};encoder=base64`,
    ]),
});

const SOURCE = '-d -l 2000 -m 2000 -f ann@example.org -t bob@example.org'.split(' ');
const smtpSource = (port: number) => ({
  name: 'smtp-source -d',
  run: () => runProgram('smtp-source', [...SOURCE, `127.0.0.1:${port}`]),
});

/** Postfix's own sink, which is in C and does not know CHUNKING. */
async function startSmtpSink(): Promise<number> {
  const [port = 0] = await freePorts(1);
  children.push(spawn('smtp-sink', ['-u', 'nobody', `127.0.0.1:${port}`, '1000'], { stdio: 'ignore' }));
  for (let wait = 0; wait < 100 && !(await answers(port)); wait++) await sleep(50);
  return port;
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket.destroy() !== undefined));
    socket.on('error', () => resolve(false));
  });
}

async function attachments(sink: Sink, dataOnly: Sink): Promise<void> {
  const large = file('large.bin', 200);
  for (const security of ['plain', 'tls'] as const) {
    await compare(`A 200 MB attachment, composed and sent, ${security}`, ROUNDS, [
      ours(sink[security], security, 1, large),
      nodemailer(sink[security], security, 1, large),
      ...(hasCurl ? [curl(sink, security, large)] : []),
    ]);
    await compare(`The same without CHUNKING, ${security}`, ROUNDS, [
      ours(dataOnly[security], security, 1, large),
      nodemailer(dataOnly[security], security, 1, large),
    ]);
  }
  const binary = await startSink('PIPELINING CHUNKING 8BITMIME BINARYMIME ENHANCEDSTATUSCODES');
  await compare('The same to a server that takes it unencoded (BINARYMIME), plain', ROUNDS, [
    ours(binary.plain, 'plain', 1, large),
    nodemailer(binary.plain, 'plain', 1, large),
  ]);
  await compare('A 1 GB attachment: memory', 1, [ours(sink.plain, 'plain', 1, file('huge.bin', 1000))]);
}

async function manyMessages(sink: Sink): Promise<void> {
  for (const security of ['plain', 'tls'] as const) {
    await compare(`2,000 messages of 2 kB on one connection, ${security}`, ROUNDS, [
      ours(sink[security], security, 2000, '2000'),
      nodemailer(sink[security], security, 2000, '2000'),
    ]);
  }
  const toSink = '2,000 messages of 2 kB on one connection to smtp-sink';
  if (here(toSink, ['smtp-sink', 'smtp-source'])) {
    const port = await startSmtpSink();
    await compare(toSink, ROUNDS, [
      ours(port, 'plain', 2000, '2000'),
      smtpSource(port),
      nodemailer(port, 'plain', 2000, '2000'),
    ]);
  }
  const toPostfix = '2,000 messages of 2 kB on one connection to Postfix, which discards them';
  if (here(toPostfix, ['dovecot', 'postfix', 'smtp-source'])) {
    const users = ['ann', 'bob'].map((name) => ({ name, password: 'secret' }));
    const dovecot = await startDovecot(scope as never, { users });
    const { ports } = await startPostfix(scope as never, { dovecot, discard: true, tls: 'none' });
    await compare(toPostfix, ROUNDS, [
      ours(ports.smtp, 'plain', 2000, '2000'),
      smtpSource(ports.smtp),
      nodemailer(ports.smtp, 'plain', 2000, '2000'),
    ]);
  }
}

async function longWay(sink: Sink, dataOnly: Sink): Promise<void> {
  for (const [name, behind] of [
    ['BDAT', sink],
    ['DATA', dataOnly],
  ] as const) {
    const road = await delayedRoad(behind.plain, 10);
    const contenders = [ours(road.port, 'plain', 200, '2000'), nodemailer(road.port, 'plain', 200, '2000')];
    await compare(`200 messages of 2 kB over 20 ms round trips, ${name}`, ROUNDS, contenders, { trips: road.trips });
    road.close();
  }
}

const hasCurl = here('curl', ['curl']);
try {
  sayLoad('before smtp');
  const sink = await startSink();
  const dataOnly = await startSink('PIPELINING 8BITMIME SMTPUTF8 ENHANCEDSTATUSCODES');
  // One file trusts both: the authorities are made anew at each start.
  writeFileSync(authority, sink.authority + dataOnly.authority);
  await attachments(sink, dataOnly);
  await manyMessages(sink);
  await longWay(sink, dataOnly);
  sayLoad('behind smtp');
} finally {
  for (const end of ends.toReversed()) await end();
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
