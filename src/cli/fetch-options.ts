/** The options of `fetch`, and what they and the configuration say together of how an account is fetched. */
import type { Command } from 'commander';
import type { Keep } from '../config/account.ts';
import { parseDeliverTarget } from '../config/deliver-target.ts';
import { parseDuration } from '../config/duration.ts';
import { parseKeep } from '../config/keep.ts';
import { UsageError } from '../errors.ts';
import type { Account } from '../mail/account.ts';
import type { FetchOptions } from '../mail/fetch-report.ts';
import { readCount, readNumber, readSize, refuseBoth } from './options.ts';

export interface FetchFlags {
  limit?: number;
  maxSize?: number;
  message?: number[];
  sinceNow?: boolean;
  passedOver?: boolean;
  keep?: string | true;
  keepNewest?: number;
  delete?: boolean;
  deleteRemoved?: boolean;
  deliver?: string;
  onNew?: string;
  index?: boolean;
  dryRun?: boolean;
  watch?: number | true;
}

/** The shortest pause between two fetches, in milliseconds: a server asked more often would soon refuse. */
const SHORTEST_WATCH = 10_000;
const USUAL_WATCH = 300_000;

export function addFetchOptions(command: Command): Command {
  return command
    .optionsGroup('What comes:')
    .option('--limit <count>', 'fetch at most so many messages, oldest first; 0 for none', readCount)
    .option('--max-size <size>', 'of larger messages fetch only the header, such as 5M', readSize)
    .option(
      '--message <number>',
      'fetch this one whole, of which only the header is here',
      (text, before?: number[]) => [...(before ?? []), readNumber(text)],
    )
    .option('--since-now', 'fetch nothing that is there now: mark it as known')
    .option('--passed-over', 'fetch also what was marked so')
    .optionsGroup('What becomes of it on the server:')
    .option('--keep [time]', 'leave it there, or for so long after it was fetched, such as --keep=14d')
    .option('--keep-newest <count>', 'leave so many of the newest there, and delete older ones', readCount)
    .option('--delete', 'delete it there once it is safe here')
    .option('--delete-removed', 'delete there what was removed here, or put into the trash')
    .optionsGroup('Where it goes, and what follows:')
    .option('--deliver <place>', 'instead of the mailbox: maildir:/PATH, mbox:/PATH, mda:COMMAND, lmtp://USER@HOST')
    .option('--on-new <command>', 'run this when new mail has come, without a shell')
    .option('--no-index', 'leave the index to the next list, such as where only other programs read the mailbox')
    .optionsGroup('How:')
    .option('--dry-run', 'say what would happen with each message, and do nothing')
    .option(
      '--watch [time]',
      'fetch again and again, such as --watch=10m (every 5 minutes if nothing is said)',
      readPace,
    );
}

/** Of one account. @throws UsageError for options that contradict each other. */
export function readFetchOptions(flags: FetchFlags, { fetch }: Pick<Account, 'fetch'>, home: string): FetchOptions {
  for (const names of EITHER) refuseBoth(flags, names);
  const place = flags.deliver ?? fetch.deliver;
  // What is asked for by number takes the place of its header, which is in the mailbox.
  const deliver = place === undefined || flags.message ? undefined : parseDeliverTarget(place, home);
  const {
    limit = fetch.limit,
    maxSize = fetch.maxSize,
    deleteRemoved = flags.keep !== true && fetch.deleteRemoved,
  } = flags;
  const { sinceNow, passedOver, dryRun, message: only } = flags;
  return {
    keep: readKeep(flags) ?? fetch.keep,
    limit,
    maxSize,
    deleteRemoved,
    sinceNow,
    passedOver,
    only,
    deliver,
    dryRun,
  };
}

function readKeep({ keep, keepNewest, delete: remove }: FetchFlags): Keep | undefined {
  if (remove) return false;
  if (keepNewest !== undefined) return { newest: keepNewest };
  return keep === undefined || keep === true ? keep : parseKeep(keep, '--keep');
}

/** Each row: of these options only one makes sense. */
const EITHER: readonly (readonly (keyof FetchFlags)[])[] = [
  ['keep', 'keepNewest', 'delete'],
  ['message', 'sinceNow', 'passedOver'],
  ['watch', 'dryRun'],
  ['watch', 'message'],
  ['watch', 'sinceNow'],
];

function readPace(text: string): number {
  const pace = parseDuration(text, 'm', '--watch');
  if (pace >= SHORTEST_WATCH) return pace;
  throw new UsageError('bad-duration', 'Servers do not want to be asked more often than every 10 seconds.', {
    hint: 'Write for example --watch=5m.',
  });
}

/** The pace that was asked for, in milliseconds; undefined for one fetch. */
export function paceOf({ watch }: { readonly watch?: number | true }): number | undefined {
  return watch === true ? USUAL_WATCH : watch;
}
