/** What a fetch is asked to do, whom it tells while it does, and what came of it. */
import type { Keep } from '../config/account.ts';
import type { DeliverTarget } from '../config/deliver-target.ts';
import type { Decision } from './plan.ts';
import type { Say } from './session.ts';

export interface FetchOptions {
  /** What becomes of the server's copies of what is stored here; by default they stay. */
  readonly keep?: Keep | undefined;
  /** The most messages of one run, oldest first. */
  readonly limit?: number | undefined;
  /** Of larger messages only the header comes. Octets. */
  readonly maxSize?: number | undefined;
  /** What was removed here goes on the server as well. */
  readonly deleteRemoved?: boolean | undefined;
  /** Mark what is on the server as known, without fetching it. */
  readonly sinceNow?: boolean | undefined;
  /** Fetch also what was marked so. */
  readonly passedOver?: boolean | undefined;
  /** Where mail goes instead of the mailbox. */
  readonly deliver?: DeliverTarget | undefined;
  /** Fetch these numbers alone, of which only the header is here. */
  readonly only?: readonly number[] | undefined;
  /** Say what would happen, and change nothing anywhere. */
  readonly dryRun?: boolean | undefined;
}

export interface FetchHooks {
  readonly say: Say;
  /** What will come, before it does. */
  readonly begin: (messages: number, octets: number) => void;
  readonly progress: (octets: number) => void;
}

/** A message as the server lists it; it has no UIDL where the server has none. */
export interface Listed {
  readonly uidl: string | undefined;
}

export interface FetchReport {
  readonly mailbox: string;
  readonly onServer: number;
  /** The server has no unique ids: everything is downloaded, and what is here already is dropped. */
  readonly byContent: boolean;
  /** The local numbers of the new messages. */
  readonly fetched: readonly (Listed & { readonly number: number; readonly size: number })[];
  /** How many headers came of messages that did not. */
  readonly headers: number;
  /** Those that did not come whole for their size, or not at all for the limit. */
  readonly skipped: readonly (Listed & {
    /** Of the header that is here. */
    readonly number: number | undefined;
    readonly size: number;
    readonly reason: 'max-size' | 'limit';
  })[];
  /** New ones that the server would not give. */
  readonly failed: readonly (Listed & { readonly reason: string })[];
  /** How many the server erased. */
  readonly deleted: number;
  /** To how many the rules for new mail did something. */
  readonly filtered: number;
  /** How many were marked as known. */
  readonly marked: number;
  /** The seconds the server asks for between two logins, if it does. */
  readonly loginDelay: number | undefined;
  readonly dryRun: boolean;
  /** What a dry run would do with each message, and by which rule; empty where it was done. */
  readonly plan: readonly Decision[];
}

/** What a fetch reports that found nothing to do, to the letter. */
export function nothingNew(mailbox: string, onServer: number, loginDelay: number | undefined): FetchReport {
  const kind = { byContent: false, dryRun: false, marked: 0, filtered: 0, headers: 0, loginDelay };
  return { mailbox, onServer, ...kind, fetched: [], failed: [], skipped: [], deleted: 0, plan: [] };
}

/** Whether it was that: nothing came, nothing was left out, and nothing went. */
export function isIdle({ fetched, headers, skipped, failed, deleted, filtered, marked }: FetchReport): boolean {
  return fetched.length + headers + skipped.length + failed.length + deleted + filtered + marked === 0;
}
