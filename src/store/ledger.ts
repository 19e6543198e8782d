/**
 * What the journal of a mailbox says: which message of the server is which message here, and how far it came.
 *
 * The life of a message: PLAN fixes its number and base name before a byte is asked for; STORED says that file and
 * folder entry are durable; GONE that the server confirmed its deletion; RENAMED that the server lists it by another UIDL
 * than before. FOUND numbers a message that another program put into the Maildir, IMPORTED one that came from a file. MOVED
 * says that another program gave a message another name. STUB says that only the header of a message is here, in its place:
 * the message itself is still to come. KNOWN says that a message was passed over without being downloaded, on purpose. Pure:
 * records in, answers out.
 *
 * A UIDL (RFC 1939 §7) is an opaque key. Servers repeat it within a listing, give it to another message later, or
 * change the size beside it, so a message is the n-th one of its UIDL and size that is not gone. Where one UIDL ever
 * stood for more than one message, we keep each of them and never call one deletable.
 *
 * Of many requests under way a server may drop one, and what it sends for the next is then taken for the answer. So a
 * message of another size than was listed is unproven until every request of its session is answered (PROVEN): it is
 * not deletable, and asked for again where that never came.
 */
import { type Listed, type MailboxRecord, NO_UIDL, type StoredFacts, subjectOf } from './ledger-record.ts';

/** A listed message and what we know of it. */
export interface Surveyed extends Listed {
  readonly state: 'new' | 'planned' | 'stub' | 'known' | 'stored';
  /** The UIDL stands for more than one message, in this listing or before: it must not be deleted on the server. */
  readonly ambiguous: boolean;
  /** Undefined for one that is new, or that was passed over when it was. */
  readonly number: number | undefined;
}

/** A message that the journal knows. */
export interface LedgerItem {
  readonly number: number;
  /** The name it has now. */
  readonly base: string;
  /** Absent for a message that came from no server. */
  readonly listed?: Listed | undefined;
  readonly stored?: StoredFacts | undefined;
  /** Only its header was asked for. */
  readonly header?: true | undefined;
  /** What stands in its place. */
  readonly stub?: StoredFacts | undefined;
  /** It was passed over. */
  readonly known?: true | undefined;
  readonly unfiltered?: true | undefined;
  readonly gone?: true | undefined;
  /** Another program gave it another name, and may have written it again for that. */
  readonly moved?: true | undefined;
}

/** For nearly each text there is one number, and a set for that would take far more memory. */
type NumbersByText = Map<string, number | Set<number>>;

export class Ledger {
  readonly #byNumber = new Map<number, LedgerItem>();
  /** By every name that a message ever had. */
  readonly #numberOf = new Map<string, number>();
  /** Numbers by UIDL and size; under the true size too, once it is known, for servers that only then list it. */
  readonly #byKey: NumbersByText = new Map();
  readonly #perUidl = new Map<string, number>();
  /** Numbers by the SHA-256 of what is stored, once somebody asks. */
  #byContent: NumbersByText | undefined;
  /** How many were passed over before they had a number, by UIDL and size. */
  readonly #passed = new Map<string, number>();
  #last = 0;
  /** Some message has got another UIDL: what goes on from there may have been interrupted. */
  #renamed = false;

  /** Takes the next record; a repeated one changes nothing. Returns false for one that contradicts the others. */
  apply(record: MailboxRecord): boolean {
    if ('plan' in record) return this.#add(record.plan, record.base, record);
    if ('found' in record) return this.#add(record.found, record.base);
    if ('imported' in record) return this.#import(record);
    if ('moved' in record) return this.#move(record.moved, record.base);
    if ('uidl' in record && 'known' in record) return this.#pass(record);
    if ('filtered' in record) return record.filtered.every((number) => this.#filter(number));
    const item = this.#byNumber.get(subjectOf(record));
    if (item?.listed === undefined) return false;
    if ('stored' in record) return this.#store(item, item.listed, record);
    if ('renamed' in record) return this.#rename(item, record);
    if ('proven' in record) return this.#prove(item);
    if ('stub' in record) return this.#change(item, { stub: factsOf(record), unfiltered: record.unfiltered });
    return this.#change(item, 'known' in record ? { known: true } : { gone: true });
  }

  /** The number for the next new message: they start at 1 and none is given twice. */
  get nextNumber(): number {
    return this.#last + 1;
  }

  byNumber(number: number): LedgerItem | undefined {
    return this.#byNumber.get(number);
  }

  /** The message that has this name, or once had it. */
  byBase(base: string): LedgerItem | undefined {
    return this.#byNumber.get(this.#numberOf.get(base) ?? 0);
  }

  /** The size that the file of this name was stored with; undefined where what was stored may have been written again. */
  sizeOf(base: string): number | undefined {
    const item = this.byBase(base);
    return item?.base === base && !item.moved ? storedHere(item)?.size : undefined;
  }

  /** All messages, in the order of their numbers. */
  items(): IterableIterator<LedgerItem> {
    return this.#byNumber.values();
  }

  /** What we know of each message of a whole listing, in its order. */
  survey(listing: readonly Listed[]): Surveyed[] {
    const occurrences = new Map<string, number>();
    for (const { uidl } of listing) occurrences.set(uidl, (occurrences.get(uidl) ?? 0) + 1);
    const candidates = new Map<string, Iterator<number>>();
    const passed = new Map(this.#passed);
    const taken = new Set<number>();
    return listing.map(({ uidl, size }) => {
      const key = keyOf(uidl, size);
      const numbers = candidates.get(key) ?? numbersOf(this.#byKey, key).values();
      candidates.set(key, numbers);
      const item = this.#firstPresent(numbers, taken);
      if (item !== undefined) taken.add(item.number);
      const isPassed = item === undefined && takeOne(passed, key);
      const state = item === undefined ? (isPassed ? 'known' : 'new') : stateOf(item);
      const messages = Math.max(occurrences.get(uidl) ?? 0, (this.#perUidl.get(uidl) ?? 0) + (state === 'new' ? 1 : 0));
      return { uidl, size, state, ambiguous: messages > 1, number: item?.number };
    });
  }

  /** Whether the server's copy may be deleted: stored here, not gone, and no other message ever had its UIDL. */
  deletable(number: number): boolean {
    const item = this.#byNumber.get(number);
    if (item?.listed === undefined || item.stored === undefined || item.stored.unproven || item.gone) return false;
    return this.#perUidl.get(item.listed.uidl) === 1;
  }

  #change(item: LedgerItem, change: Partial<LedgerItem>): true {
    this.#byNumber.set(item.number, { ...item, ...change });
    return true;
  }

  #store(item: LedgerItem, { uidl }: Listed, record: StoredFacts): boolean {
    const { size, sha256 } = record;
    // What stood for it has been through the rules already.
    const unfiltered = item.stub === undefined ? record.unfiltered : item.unfiltered;
    this.#change(item, { stored: factsOf(record), unfiltered });
    this.#file(uidl, size, item.number);
    if (this.#byContent !== undefined) add(this.#byContent, sha256, item.number);
    return true;
  }

  #import({ imported, base, size, sha256, at }: Extract<MailboxRecord, { imported: number }>): boolean {
    if (!this.#add(imported, base)) return false;
    this.#byNumber.set(imported, { number: imported, base, stored: { size, sha256, at } });
    return true;
  }

  #move(number: number, base: string): boolean {
    const item = this.#byNumber.get(number);
    if (item === undefined || (this.#numberOf.get(base) ?? number) !== number) return false;
    this.#numberOf.set(base, number);
    return this.#change(item, { base, moved: true });
  }

  #prove(item: LedgerItem): boolean {
    if (item.stored === undefined) return false;
    return this.#change(item, { stored: { ...item.stored, unproven: undefined } });
  }

  /** Its content was compared, so it is proven too. */
  #rename(item: LedgerItem, { uidl, size }: Listed): boolean {
    if (item.stored === undefined) return false;
    this.#renamed ||= item.listed?.uidl !== uidl;
    if (item.listed?.uidl !== uidl) this.#perUidl.set(uidl, (this.#perUidl.get(uidl) ?? 0) + 1);
    this.#byNumber.set(item.number, {
      ...item,
      listed: { uidl, size },
      stored: { ...item.stored, unproven: undefined },
    });
    for (const known of [size, item.stored.size]) this.#file(uidl, known, item.number);
    return true;
  }

  /** The first of the `candidates` that is stored, with this content, and not gone. */
  withContent(sha256: string, candidates: ReadonlySet<number>): number | undefined {
    this.#byContent ??= this.#contents();
    for (const number of numbersOf(this.#byContent, sha256))
      if (candidates.has(number) && this.#byNumber.get(number)?.gone !== true) return number;
    return undefined;
  }

  /** All that are stored and may still be on the server. */
  present(): LedgerItem[] {
    return [...this.#byNumber.values()].filter(({ listed, stored, gone }) => listed && stored !== undefined && !gone);
  }

  /**
   * The stored messages that a listing does not name, and that may be in it all the same: those that came without a UIDL
   * or are unproven, and, where it names none that we know or some were renamed before, any. Takes what `survey` returned for the whole.
   *
   * @param kept whether mail stays on the server; where it does not, what is not named was deleted, and the same once more
   *   is a new message.
   */
  strays(surveyed: readonly Surveyed[], kept: boolean): number[] {
    if (surveyed.length === 0) return [];
    const any = kept && (this.#renamed || surveyed.every(({ state }) => state === 'new'));
    const named = new Set(surveyed.map(({ number }) => number));
    const unnamed = this.present().filter(({ number }) => !named.has(number));
    return unnamed
      .filter(({ listed, stored }) => any || listed?.uidl === NO_UIDL || stored?.unproven)
      .map(({ number }) => number);
  }

  #contents(): NumbersByText {
    const contents: NumbersByText = new Map();
    for (const { number, stored } of this.#byNumber.values())
      if (stored !== undefined) add(contents, stored.sha256, number);
    return contents;
  }

  #firstPresent(numbers: Iterator<number>, taken: ReadonlySet<number>): LedgerItem | undefined {
    for (let next = numbers.next(); !next.done; next = numbers.next()) {
      const item = this.#byNumber.get(next.value);
      if (item !== undefined && !item.gone && !item.stored?.unproven && !taken.has(item.number)) return item;
    }
    return undefined;
  }

  #filter(number: number): boolean {
    const item = this.#byNumber.get(number);
    return item !== undefined && this.#change(item, { unfiltered: undefined });
  }

  #pass({ uidl, size }: Listed): true {
    const key = keyOf(uidl, size);
    this.#passed.set(key, (this.#passed.get(key) ?? 0) + 1);
    this.#perUidl.set(uidl, (this.#perUidl.get(uidl) ?? 0) + 1);
    return true;
  }

  #add(number: number, base: string, planned?: Listed & { readonly header?: true | undefined }): boolean {
    const known = this.#byNumber.get(number);
    if (known !== undefined) return this.#numberOf.get(base) === number;
    if (number <= this.#last || this.#numberOf.has(base)) return false;
    this.#last = number;
    this.#numberOf.set(base, number);
    if (planned === undefined) {
      this.#byNumber.set(number, { number, base });
      return true;
    }
    const { uidl, size, header } = planned;
    this.#byNumber.set(number, { number, base, listed: { uidl, size }, header });
    this.#file(uidl, size, number);
    // One that was passed over and is wanted now is the same message as before.
    if (!takeOne(this.#passed, keyOf(uidl, size))) this.#perUidl.set(uidl, (this.#perUidl.get(uidl) ?? 0) + 1);
    return true;
  }

  #file(uidl: string, size: number, number: number): void {
    add(this.#byKey, keyOf(uidl, size), number);
  }
}

/** The message as it was stored here; undefined also for one that another place has. */
export function storedHere({ stored }: LedgerItem): StoredFacts | undefined {
  return stored?.elsewhere ? undefined : stored;
}

function stateOf({ stored, stub, known }: LedgerItem): Surveyed['state'] {
  if (stored !== undefined) return 'stored';
  return stub !== undefined ? 'stub' : known ? 'known' : 'planned';
}

function factsOf({ size, sha256, at, unproven, elsewhere }: StoredFacts): StoredFacts {
  return { size, sha256, at, unproven, elsewhere };
}

/** Takes one off a count; whether there was one. */
function takeOne(counts: Map<string, number>, key: string): boolean {
  const count = counts.get(key) ?? 0;
  if (count > 0) counts.set(key, count - 1);
  return count > 0;
}

function add(index: NumbersByText, text: string, number: number): void {
  const before = index.get(text);
  if (before === undefined) index.set(text, number);
  else if (typeof before !== 'number') before.add(number);
  else if (before !== number) index.set(text, new Set([before, number]));
}

function numbersOf(index: NumbersByText, text: string): readonly number[] | Set<number> {
  const numbers = index.get(text) ?? [];
  return typeof numbers === 'number' ? [numbers] : numbers;
}

/** A size has no space in it, so the key is unambiguous whatever the UIDL contains. */
function keyOf(uidl: string, size: number): string {
  return `${size} ${uidl}`;
}
