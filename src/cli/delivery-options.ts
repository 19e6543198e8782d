/**
 * The options of `send` that ask servers for more than to carry the message: reports, TLS on the whole way, a hold, a
 * deadline, a priority. What a server does not offer is refused before anything is sent.
 */
import { type Command, Option } from 'commander';
import { parseDuration } from '../config/duration.ts';
import { parseMoment } from '../config/moment.ts';
import { UsageError } from '../errors.ts';
import type { SendRequests } from '../mail/send.ts';
import { refuseBoth } from './options.ts';

export interface DeliveryOptions {
  notify?: Exclude<SendRequests['notify'], undefined>;
  return?: 'full' | 'headers';
  envelopeId?: string;
  requireTls?: boolean;
  holdFor?: number;
  holdUntil?: Date;
  deliverBy?: number;
  ifLate?: 'return' | 'notify';
  priority?: number;
}

/** Adds them, under a heading of their own. */
export function addDeliveryOptions(command: Command): Command {
  return command
    .optionsGroup('What the servers on the way are asked for (refused where yours does not offer it):')
    .option('--notify <events>', 'report to the sender on success, failure, delay, or never', readNotify)
    .addOption(new Option('--return <what>', 'a report brings back the message').choices(['full', 'headers']))
    .option('--envelope-id <id>', 'a name for the message in reports')
    .option('--require-tls', 'never carry the message without verified TLS')
    .option('--hold-for <time>', 'deliver no earlier than in this time, such as 2h', readSeconds)
    .option('--hold-until <time>', 'deliver no earlier, such as "2026-12-24 18:00"', readFuture)
    .option('--deliver-by <time>', 'deliver within this time, such as 2h', readSeconds)
    .addOption(new Option('--if-late <what>', 'else return the message, or notify').choices(['return', 'notify']))
    .option('--priority <number>', 'from -9 to 9; 0 is usual', readPriority);
}

/** @throws UsageError `conflicting-options` where one means nothing without, or beside, another. */
export function readDeliveryOptions(options: DeliveryOptions): SendRequests {
  const { notify, return: part, envelopeId, requireTls, holdFor, holdUntil, deliverBy, ifLate, priority } = options;
  refuseBoth(options, ['holdFor', 'holdUntil']);
  if (ifLate !== undefined && deliverBy === undefined) {
    throw new UsageError('conflicting-options', '--if-late means nothing without --deliver-by.');
  }
  return {
    notify,
    return: part,
    envelopeId,
    requireTls,
    priority,
    hold: holdFor !== undefined ? { seconds: holdFor } : holdUntil && { until: holdUntil },
    deliverBy: deliverBy === undefined ? undefined : { seconds: deliverBy, late: ifLate ?? 'return' },
  };
}

function readNotify(text: string): 'never' | ('success' | 'failure' | 'delay')[] {
  const words = text.toLowerCase().split(',');
  if (words.length === 1 && words[0] === 'never') return 'never';
  if (words.every((word) => word === 'success' || word === 'failure' || word === 'delay')) return [...new Set(words)];
  throw new UsageError('bad-notify', `--notify ${JSON.stringify(text)} names something that is not reported.`, {
    hint: 'Write success, failure and delay with commas between, or never.',
  });
}

function readFuture(text: string): Date {
  const moment = parseMoment(text, '--hold-until');
  if (moment.getTime() > Date.now()) return moment;
  throw new UsageError('request-out-of-bounds', `--hold-until ${JSON.stringify(text)} is past.`, {
    hint: 'A time without a zone is the time here, and a date alone is its beginning.',
  });
}

/** Whole seconds, which is how servers count. */
function readSeconds(text: string): number {
  return parseDuration(text) / 1000;
}

function readPriority(text: string): number {
  if (/^[+-]?\d$/.test(text)) return Number(text);
  throw new UsageError('bad-number', `--priority ${JSON.stringify(text)} is not from -9 to 9.`, {
    hint: '0 is usual, 9 the most urgent.',
  });
}
