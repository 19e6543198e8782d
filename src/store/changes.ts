/**
 * Changes to messages that are here: flags, folders, tags, and what takes them back.
 *
 * The order is the promise: what will be done is journalled and synced, then it is done, and its folders are synced, then
 * that it is done is journalled. It has a journal and a lock of its own, held for moments, so that a fetch that runs for
 * hours keeps nobody from a flag. What this file must never know: servers, and the numbers of messages.
 */
import { join } from 'node:path';
import { StoreError } from '../errors.ts';
import { type Change, ChangeLog, type ChangeRecord, inverse, readChange, type Step, type Verb } from './change-log.ts';
import { compacted } from './compact-changes.ts';
import { checkFolder, exists, makeFolder } from './folder.ts';
import type { FolderPlace, Folders } from './folders.ts';
import { applyAll, Journal } from './journal.ts';
import { Lock } from './lock.ts';
import { moveAll, removeAll, syncAll } from './move.ts';
import { inParallel } from './parallel.ts';
import { replaceJournal } from './replace-journal.ts';

/** How long one change waits for another, in milliseconds. */
const PATIENCE = 10_000;
/** A journal of fewer octets is read in no time. */
const LARGE = 1024 * 1024;

export class Changes {
  readonly log: ChangeLog;
  readonly #journal: Journal<ChangeRecord>;
  readonly #lock: Lock;

  private constructor(log: ChangeLog, journal: Journal<ChangeRecord>, lock: Lock) {
    this.log = log;
    this.#journal = journal;
    this.#lock = lock;
  }

  /**
   * Opens the journal of changes in the `state` folder to write; waits for another writer for a while, and mends what an
   * interrupted one left.
   *
   * @throws StoreError `mailbox-busy`, `journal-damaged`, or the code of a fault.
   */
  static async open(state: string, folders: Folders, patience = PATIENCE): Promise<Changes> {
    await makeFolder(state);
    await checkFolder(state);
    const lock = await Lock.wait(join(state, 'changes.lock'), patience);
    let journal: Journal<ChangeRecord> | undefined;
    try {
      journal = await Journal.open(changesIn(state), readChange);
      const log = replay(journal.records, state);
      // Whichever is there then comes to the same.
      if (await compact(journal, log, state)) journal = await Journal.open(changesIn(state), readChange);
      const changes = new Changes(log, journal, lock);
      await changes.#mend(folders);
      return changes;
    } catch (error) {
      await journal?.close();
      lock.release();
      throw error;
    }
  }

  /** What the journal says, for reading; beside a writer. @throws StoreError as `open`, but never busy. */
  static async read(state: string): Promise<ChangeLog> {
    return replay(await Journal.read(changesIn(state), readChange), state);
  }

  /**
   * Makes a change; durable when it returns.
   *
   * @param steps what becomes of each message. Of a purge, which messages go.
   * @param undoes the change that this one takes back.
   * @returns the base names of the messages that are now as they should be. Others are gone, or are not where they were.
   */
  async make(folders: Folders, verb: Verb, steps: readonly Step[], undoes?: number): Promise<ReadonlySet<string>> {
    if (steps.length === 0) return new Set();
    const id = this.log.nextId;
    const begin = { begin: id, verb, at: Date.now(), ...(undoes === undefined ? {} : { undoes }) };
    await this.#record([begin, ...steps.map((step) => ({ step: id, ...step }))]);
    const made = await (verb === 'purge' ? purge(folders, steps) : carryOut(folders, steps));
    await this.#record([{ done: id }]);
    return made;
  }

  /** Takes a change back, exactly: what others did to its messages meanwhile stays. @returns as `make`. */
  undo(folders: Folders, { id, steps }: Change): Promise<ReadonlySet<string>> {
    return this.make(folders, 'undo', steps.toReversed().map(inverse), id);
  }

  /** Records that messages have other names now, which other programs gave them. */
  rename(names: readonly NewName[]): Promise<void> {
    return this.#record(names.map(({ from, to }) => ({ renamed: from, to })));
  }

  /** Closes the journal and gives the lock back. */
  async close(): Promise<void> {
    await this.#journal.close();
    this.#lock.release();
  }

  /** A move that was interrupted may have left messages with a name in two folders; the old one goes. */
  async #mend(folders: Folders): Promise<void> {
    const { unfinished } = this.log;
    if (unfinished === undefined) return;
    const moves = new Map(unfinished.steps.filter(({ to }) => to !== undefined).map((step) => [step.base, step]));
    const places = moves.size === 0 ? [] : await folders.locate(moves);
    const isAt = (place: FolderPlace, end: 'from' | 'to') => moves.get(place.base)?.[end] === place.folder;
    const arrived = new Set(places.filter((place) => isAt(place, 'to')).map(({ base }) => base));
    const doubled = places.filter((place) => arrived.has(place.base) && isAt(place, 'from'));
    await moveSteps(folders, doubled, moves);
    await this.#record([{ done: unfinished.id }]);
  }

  async #record(records: readonly ChangeRecord[]): Promise<void> {
    await this.#journal.append(records);
    for (const record of records) this.log.apply(record);
  }
}

/** Another name of a message. */
export interface NewName {
  readonly from: string;
  readonly to: string;
}

/**
 * Records new names, durably, if anything was ever changed.
 *
 * @param open the journal of changes, where it is open already.
 * @returns false, with nothing done, while somebody else is making a change.
 */
export async function renameIn(
  state: string,
  folders: Folders,
  names: readonly NewName[],
  open?: Changes,
): Promise<boolean> {
  if (open === undefined && !(await exists(changesIn(state)))) return true;
  try {
    const changes = open ?? (await Changes.open(state, folders, 0));
    try {
      await changes.rename(names);
    } finally {
      if (changes !== open) await changes.close();
    }
    return true;
  } catch (error) {
    if (error instanceof StoreError && error.code === 'mailbox-busy') return false;
    throw error;
  }
}

/** Where the journal of changes is, in the `state` folder. */
export function changesIn(state: string): string {
  return join(state, 'changes');
}

async function carryOut(folders: Folders, steps: readonly Step[]): Promise<Set<string>> {
  const wanted = new Map(steps.map((step) => [step.base, step]));
  const places = await folders.locate(wanted);
  const here = new Set(places.map(({ base }) => base));
  // Of a message with two names, neither may be told from the other by its flags.
  const flagged = await inParallel(places, async (place) => {
    const { set: add = '', clear: remove = '' } = wanted.get(place.base) ?? {};
    if (add === '' && remove === '') return place;
    return (await folders.flag(place, { add, remove })) ?? place;
  });
  await syncAll(flagged.filter((place, at) => place !== places[at]));
  const isFrom = ({ base, folder }: FolderPlace) => wanted.get(base)?.from === folder;
  const moved = await moveSteps(folders, flagged.filter(isFrom), wanted);
  const isThere = (step: Step) =>
    here.has(step.base) && (step.to === undefined || moved.has(step.base) || isIn(places, step.base, step.to));
  return new Set(steps.filter(isThere).map(({ base }) => base));
}

function isIn(places: readonly FolderPlace[], base: string, folder: string): boolean {
  return places.some((place) => place.base === base && place.folder === folder);
}

/** Moves each message to where its step says. */
async function moveSteps(
  folders: Folders,
  places: readonly FolderPlace[],
  steps: ReadonlyMap<string, Step>,
): Promise<Set<string>> {
  const targets = Map.groupBy(places, ({ base }) => steps.get(base)?.to ?? '');
  const moved: string[] = [];
  for (const [target, group] of targets) moved.push(...(await moveAll(group, await folders.open(target))));
  return new Set(moved);
}

async function purge(folders: Folders, steps: readonly Step[]): Promise<Set<string>> {
  return new Set(await removeAll(await folders.locate(new Set(steps.map(({ base }) => base)))));
}

/**
 * Puts fewer records in the place of those of a large journal, where they come to the same.
 *
 * @returns whether the journal was closed for that: the next one has to be opened, which makes it durable under its name.
 */
async function compact(journal: Journal<ChangeRecord>, log: ChangeLog, state: string): Promise<boolean> {
  const fewer = journal.size < LARGE ? undefined : compacted(journal.records, log);
  if (fewer === undefined) return false;
  await journal.close();
  await replaceJournal(changesIn(state), readChange, fewer, (records) => replay(records, state).equals(log));
  return true;
}

function replay(records: readonly ChangeRecord[], state: string): ChangeLog {
  const hint = 'The mail itself is not affected. Restore the file from a backup, or move it away: tags are lost then.';
  return applyAll(new ChangeLog(), records, changesIn(state), hint);
}
