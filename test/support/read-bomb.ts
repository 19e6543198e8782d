/**
 * Reads one message of bombs.ts as a program does, in a process of its own, and prints what that took: the most memory, and
 * processor time for an eighth of it and a quarter.
 */
import { readableText } from '../../src/mime/bodies.ts';
import { readMessage } from '../../src/mime/message.ts';
import { readHeaders } from '../../src/mime/summary.ts';
import { BOMBS } from './bombs.ts';

/** Rounds at most; the least of each counts, because a busy machine only ever adds. */
const ROUNDS = 6;
/** Milliseconds that a measurement may be off by. */
const NOISE = 2;

async function* chunked(message: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < message.length; at += 65_536) yield message.subarray(at, at + 65_536);
}

async function read(message: Buffer): Promise<void> {
  await readHeaders(message);
  const { parts, size } = await readMessage(chunked(message));
  const whole = await readMessage(message);
  await readableText(whole);
  if (size !== message.length || whole.parts.length !== parts.length) throw new Error('read in two ways');
}

async function cost(message: Buffer): Promise<number> {
  const before = process.cpuUsage();
  await read(message);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const bomb = BOMBS.find(({ name }) => name === process.argv[2]);
if (bomb === undefined) throw new Error('there is no such message');
await read(bomb.make(0.125));
const whole = bomb.make(1);
const resident = process.memoryUsage.rss();
const { defects, parts } = await readMessage(chunked(whole));
const codes = [...new Set(defects.map(({ code }) => code))];
const memory = Math.max(0, process.resourceUsage().maxRSS * 1024 - resident);

const [once, twice] = [bomb.make(0.125), bomb.make(0.25)];
let [least, most] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
for (let round = 0; round < ROUNDS && (round < 2 || most - NOISE > 2.6 * least); round++) {
  [least, most] = [Math.min(least, await cost(once)), Math.min(most, await cost(twice))];
}
process.stdout.write(JSON.stringify({ octets: whole.length, memory, codes, parts: parts.length, least, most }));
