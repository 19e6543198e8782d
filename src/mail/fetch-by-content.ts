/**
 * A fetch from a server without UIDL (RFC 1939 §7 leaves it optional), where only the bytes of a message say which it is.
 *
 * A message may be deleted on the server only in the session in which its own bytes came, and were found to be durable
 * here: numbers hold for no other.
 */
import { UsageError } from '../errors.ts';
import type { Pop3Client } from '../pop3/client.ts';
import type { SizeRow } from '../pop3/grammar.ts';
import { NO_UIDL } from '../store/ledger-record.ts';
import type { Mailbox } from '../store/mailbox.ts';
import { ContentRetrieval, type Unknown } from './content-retrieval.ts';
import { eraseAndQuit } from './erase.ts';
import type { FetchHooks, FetchOptions, FetchReport } from './fetch-report.ts';
import { isOver, planFetch, type Policy } from './plan.ts';
import { leave } from './session.ts';

const COST =
  'the server has no unique ids (UIDL), so every fetch downloads all messages to tell new ones from old; what is here already is not stored twice.';

/** Fetches what the listing names and is not here, and ends the session. */
export async function fetchByContent(
  mailbox: Mailbox,
  client: Pop3Client,
  listing: readonly SizeRow[],
  policy: Policy,
  options: FetchOptions,
  hooks: FetchHooks,
): Promise<Omit<FetchReport, 'mailbox'>> {
  if (policy.sinceNow || policy.only !== undefined || options.deliver !== undefined) throw withoutIds();
  const { maxSize, limit, keep } = policy;
  const { dryRun = false } = options;
  const all = listing.map(({ number, octets }): Unknown => ({ at: number, uidl: NO_UIDL, size: octets }));
  const wanted = all.filter(({ size }) => size <= maxSize);
  const tooLarge = all.filter(({ size }) => size > maxSize).map(skipped('max-size'));
  hooks.say(COST);
  hooks.begin(
    wanted.length,
    wanted.reduce((sum, { size }) => sum + size, 0),
  );
  const report = {
    onServer: all.length,
    byContent: true,
    dryRun,
    marked: 0,
    headers: 0,
    filtered: 0,
    loginDelay: undefined,
    plan: [],
  };
  if (dryRun) {
    await leave(client);
    const fetched = wanted.map(({ size }) => ({ number: 0, uidl: undefined, size }));
    return { ...report, fetched, skipped: tooLarge, failed: [], deleted: 0, plan: planByContent(all, policy) };
  }
  const { progress } = hooks;
  const retrieval = new ContentRetrieval(mailbox, client, { candidates: mailbox.present(), limit, progress });
  await retrieval.run(wanted);
  const erasable = retrieval.held.filter(({ at, number }) => {
    const storedAt = mailbox.storedAt(number) ?? Number.POSITIVE_INFINITY;
    return isOver(keep, { now: Date.now(), newer: all.length - at, storedAt });
  });
  const named = erasable.map(({ at, number }) => ({ at, number, name: `number ${at}` }));
  const deleted = await eraseAndQuit(client, mailbox, named, hooks.say);
  return {
    ...report,
    fetched: retrieval.held
      .filter(({ known }) => !known)
      .map(({ number, octets: size }) => ({ number, uidl: undefined, size })),
    skipped: [...tooLarge, ...retrieval.left.map(skipped('limit'))],
    failed: retrieval.failed.map(({ message: { at }, reason }) => ({
      uidl: undefined,
      reason: `number ${at}: ${reason}`,
    })),
    deleted,
  };
}

function skipped(reason: 'max-size' | 'limit') {
  return ({ size }: Unknown): FetchReport['skipped'][number] => ({ uidl: undefined, number: undefined, size, reason });
}

/** Which of them are here already, only their bytes say; so all that would come are called new. */
function planByContent(listing: readonly Unknown[], policy: Policy): FetchReport['plan'] {
  const unseen = { state: 'new', ambiguous: false, number: undefined, storedAt: undefined } as const;
  const known = listing.map((message) => ({
    ...message,
    ...unseen,
    deletable: false,
    removed: false,
    compared: true,
    skipped: false,
  }));
  return planFetch(known, { ...policy, limit: Number.POSITIVE_INFINITY, headers: false }, 0);
}

function withoutIds(): UsageError {
  return new UsageError(
    'no-unique-ids',
    'The server has no unique ids, so a message cannot be marked, asked for again, or handed over.',
    {
      hint: 'Fetch all of them; what is here already is not stored twice.',
    },
  );
}
