/** What a fetch is asked to do, whom it tells while it does, and what came of it. */
import type { Keep } from '../config/account.ts';
import type { Say } from './session.ts';

export interface FetchOptions {
  /** What becomes of the server's copies of what is stored here; by default they stay. */
  readonly keep?: Keep | undefined;
  /** The most messages of one run, oldest first. */
  readonly limit?: number | undefined;
  /** Larger messages stay on the server, unfetched. Octets. */
  readonly maxSize?: number | undefined;
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
interface Listed {
  readonly uidl: string | undefined;
}

export interface FetchReport {
  readonly mailbox: string;
  readonly onServer: number;
  /** The server has no unique ids: everything is downloaded, and what is here already is dropped. */
  readonly byContent: boolean;
  /** The local numbers of the new messages. */
  readonly fetched: readonly (Listed & { readonly number: number; readonly size: number })[];
  /** New ones that were left for their size, or for the limit. */
  readonly skipped: readonly (Listed & { readonly size: number; readonly reason: 'max-size' | 'limit' })[];
  /** New ones that the server would not give. */
  readonly failed: readonly (Listed & { readonly reason: string })[];
  /** How many the server erased. */
  readonly deleted: number;
  readonly dryRun: boolean;
}
