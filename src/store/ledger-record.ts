/**
 * The records of a mailbox's journal: their forms, and how they are read back. What none of the forms fits is damage. What
 * this file must never know: what a record means, which is the ledger's.
 */
import { isBase } from './name.ts';

/** What stands for the UIDL of a message from a server that has none; no UIDL is empty (RFC 1939 §7). */
export const NO_UIDL = '';

/** One line of a listing: UIDL and LIST of one server message, size in bytes as the server says. */
export interface Listed {
  readonly uidl: string;
  readonly size: number;
}

/** What is known of a message that is durable here. */
export interface StoredFacts {
  readonly size: number;
  readonly sha256: string;
  /** When it became durable, in milliseconds since 1970. */
  readonly at: number;
  /** It may be another message than the one that was asked for. */
  readonly unproven?: true | undefined;
  /** It was handed over to another place, and is not looked for here. */
  readonly elsewhere?: true | undefined;
  /** The rules for new mail are still to be applied to it. */
  readonly unfiltered?: true | undefined;
}

export type MailboxRecord =
  | {
      readonly plan: number;
      readonly base: string;
      readonly uidl: string;
      readonly size: number;
      /** Only the header is to come. */
      readonly header?: true;
    }
  | ({ readonly stub: number } & Omit<StoredFacts, 'unproven'>)
  | { readonly filtered: readonly number[] }
  | { readonly known: number }
  | { readonly known: 0; readonly uidl: string; readonly size: number }
  | ({ readonly stored: number } & StoredFacts)
  | { readonly proven: number }
  | { readonly gone: number }
  | { readonly renamed: number; readonly uidl: string; readonly size: number }
  | { readonly found: number; readonly base: string }
  | { readonly moved: number; readonly base: string }
  | ({ readonly imported: number; readonly base: string } & StoredFacts);

/** Reads a record out of parsed JSON; `undefined` when it is none. */
export function readRecord(value: unknown): MailboxRecord | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { plan, found, imported, moved, base, uidl, size, sha256, at, ...later } = value as Record<string, unknown>;
  const { stored, stub, known, filtered, proven, gone, renamed } = later;
  if (isNumber(plan) && isBaseName(base) && typeof uidl === 'string' && isSize(size)) {
    return { plan, base, uidl, size, ...marksOf(value, ['header']) };
  }
  if (isNumber(found) && isBaseName(base)) return { found, base };
  if (isNumber(moved) && isBaseName(base)) return { moved, base };
  if (isNumber(imported) && isBaseName(base) && isSize(size) && typeof sha256 === 'string' && isSize(at))
    return { imported, base, size, sha256, at };
  if (isNumber(stored) && isSize(size) && typeof sha256 === 'string' && isSize(at)) {
    const marks = marksOf(value, ['unproven', 'elsewhere', 'unfiltered']);
    return { stored, size, sha256, at, ...marks };
  }
  if (isNumber(stub) && isSize(size) && typeof sha256 === 'string' && isSize(at))
    return { stub, size, sha256, at, ...marksOf(value, ['unfiltered']) };
  if (Array.isArray(filtered) && filtered.every(isNumber)) return { filtered };
  if (isNumber(known)) return { known };
  if (known === 0 && typeof uidl === 'string' && isSize(size)) return { known, uidl, size };
  if (isNumber(proven)) return { proven };
  if (isNumber(gone)) return { gone };
  if (isNumber(renamed) && typeof uidl === 'string' && isSize(size)) return { renamed, uidl, size };
  return undefined;
}

/** The number of the message that a later record is about. */
export function subjectOf(
  record: Exclude<
    MailboxRecord,
    { plan: number } | { found: number } | { moved: number } | { imported: number } | { filtered: readonly number[] }
  >,
): number {
  if ('stored' in record) return record.stored;
  if ('stub' in record) return record.stub;
  if ('known' in record) return record.known;
  if ('proven' in record) return record.proven;
  return 'gone' in record ? record.gone : record.renamed;
}

/** Those of these marks that a record bears. */
function marksOf<M extends string>(value: object, names: readonly M[]): { readonly [name in M]?: true } {
  return Object.fromEntries(names.filter((name) => name in value).map((name) => [name, true])) as {
    [name in M]?: true;
  };
}

function isNumber(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) > 0;
}

function isSize(value: unknown): value is number {
  return value === 0 || isNumber(value);
}

function isBaseName(value: unknown): value is string {
  return typeof value === 'string' && isBase(value);
}
