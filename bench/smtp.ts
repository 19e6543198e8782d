/**
 * Sending, side by side with nodemailer, curl and Postfix's smtp-source: the peers alternate in one run, every run is a
 * process of its own, and every figure is a ratio to ours. `npm run bench` prints the tables for bench/RESULTS.md.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { delayedRoad } from './support/delay.ts';
import { compare, runProgram, runScript } from './support/measure.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3);
const folder = mkdtempSync(join(tmpdir(), 'posthorn-bench-'));
const authority = join(folder, 'authority.pem');
const children: ChildProcess[] = [];

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

try {
  const sink = await startSink();
  const dataOnly = await startSink('PIPELINING 8BITMIME SMTPUTF8 ENHANCEDSTATUSCODES');
  // One file trusts both: the authorities are made anew at each start.
  writeFileSync(authority, sink.authority + dataOnly.authority);

  const large = file('large.bin', 200);
  for (const security of ['plain', 'tls'] as const) {
    const port = sink[security];
    await compare(`A 200 MB attachment, composed and sent, ${security}`, ROUNDS, [
      ours(port, security, 1, large),
      nodemailer(port, security, 1, large),
      curl(sink, security, large),
    ]);
    await compare(`The same without CHUNKING, ${security}`, ROUNDS, [
      ours(dataOnly[security], security, 1, large),
      nodemailer(dataOnly[security], security, 1, large),
    ]);
    await compare(`2,000 messages of 2 kB on one connection, ${security}`, ROUNDS, [
      ours(port, security, 2000, '2000'),
      nodemailer(port, security, 2000, '2000'),
    ]);
  }
  const huge = file('huge.bin', 1000);
  await compare('A 1 GB attachment: memory', 1, [ours(sink.plain, 'plain', 1, huge)]);
  for (const [name, behind] of [
    ['BDAT', sink],
    ['DATA', dataOnly],
  ] as const) {
    const road = await delayedRoad(behind.plain, 10);
    await compare(`200 messages of 2 kB over 20 ms round trips, ${name}`, ROUNDS, [
      ours(road.port, 'plain', 200, '2000'),
      nodemailer(road.port, 'plain', 200, '2000'),
    ]);
    road.close();
  }
} finally {
  for (const child of children) child.kill();
  rmSync(folder, { recursive: true, force: true });
}
