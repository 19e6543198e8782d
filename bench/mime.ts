/**
 * Reading messages, side by side with postal-mime and mailparser, in one process and in turn. `npm run bench` prints the
 * tables for bench/RESULTS.md. Time is processor time. mailparser is told to leave out all its conversions between HTML and
 * text; both others hand attachments out in memory, where ours are counted, or streamed (the table of attachments).
 */
import { simpleParser } from 'mailparser';
import PostalMime from 'postal-mime';
import { extractPart } from '../src/mime/extract.ts';
import { readMessage } from '../src/mime/message.ts';
import { readHeaders } from '../src/mime/summary.ts';
import { median, runScript, sayLoad } from './support/measure.ts';
import { messageSets, withAttachment, withQuotedText } from './support/messages.ts';

const ROUNDS = Number(process.env['BENCH_ROUNDS'] ?? 3) * 3;
/** Each reader reads for so long in a round, ms. */
const TURN = 250;
const MEGABYTES = 16;

interface Reader {
  readonly name: string;
  read(message: Buffer): Promise<unknown>;
}

const QUICK = { skipHtmlToText: true, skipTextToHtml: true, skipTextLinks: true, skipImageLinks: true };
const postalMime: Reader = { name: 'postal-mime', read: (message) => PostalMime.parse(message) };
const mailparser: Reader = { name: 'mailparser', read: (message) => simpleParser(message, QUICK) };
const whole: Reader = { name: 'posthorn', read: (message) => readMessage(message) };
const headers: Reader = { name: 'posthorn', read: (message) => readHeaders(message) };

/** Microseconds a message takes, of each reader: the median of the rounds. */
async function time(messages: readonly Buffer[], readers: readonly Reader[]): Promise<number[]> {
  const runs = readers.map((): number[] => []);
  for (let round = 0; round <= ROUNDS; round++) {
    for (const [at, reader] of readers.entries()) {
      const [started, before] = [performance.now(), process.cpuUsage()];
      let count = 0;
      for (; performance.now() - started < TURN; count += messages.length) {
        for (const message of messages) await reader.read(message);
      }
      const { user, system } = process.cpuUsage(before);
      if (round > 0) runs[at]?.push((user + system) / count);
    }
  }
  return runs.map(median);
}

function print(what: string, columns: readonly string[], rows: readonly (readonly string[])[]): void {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const lines = [line(columns), line(columns.map(() => '---')), ...rows.map(line)];
  process.stdout.write(`### ${what}\n\n${lines.join('\n')}\n\n`);
}

const perSecond = (microseconds: number): string => Math.round(1e6 / microseconds).toLocaleString('en');

/** Messages a second, of each kind, and how many times the faster of the others ours are. */
async function compareSets(
  what: string,
  readers: readonly Reader[],
  cut = (message: Buffer) => message,
): Promise<void> {
  const rows: string[][] = [];
  for (const { name, messages } of messageSets()) {
    const times = await time(messages.map(cut), readers);
    const [ours = 1, ...others] = times;
    rows.push([name, ...times.map(perSecond), (Math.min(...others) / ours).toFixed(1)]);
  }
  print(what, ['messages', ...readers.map(({ name }) => name), 'times the faster'], rows);
}

/** The header of a message and the empty line. */
function headerOf(message: Buffer): Buffer {
  const end = /\r?\n\r?\n/.exec(message.toString('latin1'));
  return end === null ? message : message.subarray(0, end.index + end[0].length);
}

async function attachments(): Promise<void> {
  const rows: string[][] = [];
  for (const [name, message, part] of [
    ['base64', withAttachment(MEGABYTES * 1e6), '2'],
    ['quoted-printable', withQuotedText(MEGABYTES * 1e6), '1'],
  ] as const) {
    const ours: Reader = { name: 'posthorn', read: (octets) => extractPart(octets, part, () => undefined) };
    const times = await time([message], [ours, postalMime, mailparser]);
    const rate = (microseconds: number): string => String(Math.round(message.length / microseconds));
    rows.push([name, ...times.map(rate), (Math.min(...times.slice(1)) / (times[0] ?? 1)).toFixed(1)]);
  }
  const columns = ['encoding', 'posthorn', 'postal-mime', 'mailparser', 'times the faster'];
  print(`Taking a part out of a message of more than ${MEGABYTES} MB, in MB a second`, columns, rows);
}

async function memory(): Promise<void> {
  const rows: string[][] = [];
  for (const megabytes of [10, 100, 1000]) {
    const { seconds, memory } = await runScript('bench/support/read-large.ts', [String(megabytes)]);
    rows.push([String(megabytes), seconds.toFixed(2), String(Math.round(memory))]);
  }
  print('Reading a large message that comes in chunks', ['MB', 'seconds', 'MiB'], rows);
}

sayLoad('before mime');
await compareSets('Whole messages a second', [whole, postalMime, mailparser]);
await compareSets('Headers of messages a second', [headers, postalMime, mailparser]);
await compareSets('Headers a second, where the others get nothing else', [headers, postalMime, mailparser], headerOf);
await attachments();
await memory();
sayLoad('behind mime');
