/** `posthorn fetch`: new mail from a POP3 server into the local mailbox. */
import type { Command } from 'commander';
import { parseDuration } from '../../config/duration.ts';
import { UsageError } from '../../errors.ts';
import { fetchMail } from '../../mail/fetch.ts';
import type { FetchReport } from '../../mail/fetch-report.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { readCount, readSize } from '../options.ts';
import { formatBytes } from '../table.ts';

interface FetchFlags {
  keep?: string | true;
  delete?: boolean;
  limit?: number;
  maxSize?: number;
  dryRun?: boolean;
}

const EXAMPLES = `
Mail stays on the server unless --delete, --keep=14d or the account says otherwise; it is deleted there only when it
is safe on this disk.

Examples:
  posthorn fetch --pop3 pop3s://ann%40example.org@mail.example.org
  posthorn fetch --account work --delete
  posthorn fetch --keep=14d --max-size 5M
  posthorn fetch --delete --dry-run`;

export function define(command: Command, run: Run): void {
  command
    .option(
      '--keep [time]',
      'leave mail on the server, or leave it there for so long after it was fetched, such as --keep=14d',
    )
    .option('--delete', 'delete mail on the server once it is safe here')
    .option('--limit <count>', 'fetch at most so many messages', readCount)
    .option('--max-size <size>', 'leave larger messages on the server, such as 5M', readSize)
    .option('--dry-run', 'say what would happen, and do nothing')
    .addHelpText('after', EXAMPLES)
    .action(run((context, flags: FetchFlags) => fetch(context, flags)));
}

async function fetch(context: Context, flags: FetchFlags): Promise<number> {
  if (flags.keep !== undefined && flags.delete)
    throw new UsageError('conflicting-options', '--keep and --delete cannot both be given.');
  const { output, surroundings } = context;
  const account = await context.account();
  const keep = flags.delete
    ? false
    : flags.keep === undefined
      ? account.keep
      : flags.keep === true
        ? true
        : parseDuration(flags.keep, 'd', '--keep');
  let bar = output.progress('Fetching', 0);
  bar.done();
  const hooks = {
    say: (text: string) => output.warn(text),
    begin: (messages: number, octets: number) => {
      if (messages === 0 || flags.dryRun) return;
      output.say(`Fetching ${count(messages, 'message')}, ${formatBytes(octets)} …`);
      bar = output.progress('Fetching', octets);
    },
    progress: (octets: number) => bar.add(octets),
  };
  const { limit, maxSize, dryRun } = flags;
  const report = await fetchMail(account, surroundings, { keep, limit, maxSize, dryRun }, hooks).finally(() =>
    bar.done(),
  );
  if (output.isJson) output.json(reportJson(report));
  else tell(context, report);
  // What a server would not give may be there next time.
  return report.failed.length > 0 ? 75 : 0;
}

/** Numbers are given when a message comes, so a dry run has none. */
function reportJson(report: FetchReport) {
  const named = <T extends { uidl: string | undefined }>(message: T) => ({ ...message, uidl: message.uidl ?? null });
  const fetched = report.fetched.map(({ number, uidl, size }) => ({
    number: report.dryRun ? null : number,
    uidl: uidl ?? null,
    size,
  }));
  return { ...report, fetched, skipped: report.skipped.map(named), failed: report.failed.map(named) };
}

function tell(
  { output }: Context,
  { fetched, skipped, failed, deleted, onServer, byContent, dryRun, mailbox }: FetchReport,
): void {
  for (const { uidl, reason } of failed)
    output.warn(`message ${uidl ?? 'without a unique id'} did not come: ${reason}`);
  const large = skipped.filter(({ reason }) => reason === 'max-size').length;
  const words = [
    dryRun && byContent
      ? `${count(fetched.length, 'message')} would be downloaded and compared with those here`
      : fetched.length === 0
        ? 'No new messages'
        : `${count(fetched.length, 'new message')}${dryRun ? ' would come' : ''}`,
    `${onServer} on the server`,
    ...(deleted > 0 ? [`${deleted} ${dryRun ? 'would be ' : ''}deleted there`] : []),
    ...(large > 0 ? [`${large} left there for their size`] : []),
    ...(skipped.length > large ? [`${skipped.length - large} left for the next time`] : []),
  ];
  const next = fetched.length > 0 && !dryRun ? ' See them with posthorn list.' : '';
  output.say(`${words.join(', ')}.${next}`);
  output.detail(`The mailbox is ${mailbox}.`);
}

function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? '' : 's'}`;
}
