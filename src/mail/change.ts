/**
 * Changes to messages of the local mailbox: flags, tags, folders. Nothing is connected. Each run is one change, which
 * `undo` takes back.
 */
import { UsageError } from '../errors.ts';
import type { ChangeLog, Step, Verb } from '../store/change-log.ts';
import { Changes } from '../store/changes.ts';
import { folderName, readFolderName, TRASH } from '../store/folder-name.ts';
import type { Folders } from '../store/folders.ts';
import type { Lookup } from '../store/lookup.ts';
import type { StoredMessage } from '../store/mailbox.ts';
import type { FlagChange } from '../store/maildir.ts';
import { type Account, mailboxOf } from './account.ts';
import { openLookup, type Selection } from './selection.ts';
import { flagStep, moveStep, type TagChange, tagStep } from './steps.ts';

/** What came of a change, in numbers of messages. */
export interface ChangeReport {
  readonly changed: readonly number[];
  /** Those that were so before, or that another program took away meanwhile. */
  readonly unchanged: readonly number[];
}

/** The messages that are meant, as they are now. */
export async function selectMessages(account: Account, selected: Selection): Promise<readonly StoredMessage[]> {
  return selected(await openLookup(account));
}

/** Sets and clears flags. @throws as `Changes.open`, and what the selection throws; so do the others. */
export function flagMessages(account: Account, selected: Selection, flags: FlagChange): Promise<ChangeReport> {
  return change(account, 'flag', selected, async () => (message) => flagStep(message, flags));
}

/** Gives tags to messages and takes tags from them. Tags are words of a person's own; see `tagName`. */
export function tagMessages(account: Account, selected: Selection, { add, remove }: TagChange): Promise<ChangeReport> {
  const wanted = { add: add.map(tagName), remove: remove.map(tagName) };
  return change(account, 'tag', selected, async (_, log) => (message) => tagStep(message, log, wanted));
}

/** Moves messages into a folder, which is made where it is missing. @returns its name as it is on the disk. */
export async function moveMessages(
  account: Account,
  selected: Selection,
  folder: string,
): Promise<ChangeReport & { readonly folder: string }> {
  let target = readFolderName(folder);
  const report = await change(account, 'move', selected, async (folders) => {
    target = await folders.named(target);
    return (message) => moveStep(message, target);
  });
  return { ...report, folder: target };
}

/** Moves messages to the trash. */
export function trashMessages(account: Account, selected: Selection): Promise<ChangeReport> {
  return change(account, 'delete', selected, async (folders) => {
    const trash = await folders.named(folderName(TRASH));
    return (message) => moveStep(message, trash);
  });
}

/** Removes messages for good, wherever they are. */
export function purgeMessages(account: Account, selected: Selection): Promise<ChangeReport> {
  return change(account, 'purge', selected, async () => ({ base }) => ({ base }));
}

/** The messages in the trash; those that came there at least so long ago. */
export function inTrash(age: number, now = Date.now()): Selection {
  return async (lookup) => {
    const trash = await lookup.folders.named(folderName(TRASH));
    const all = (await lookup.all()).filter(({ folder }) => folder === trash);
    if (age === 0) return all;
    const since = await lookup.folders.changedAt(all);
    return all.filter((_, at) => (since[at] ?? now) <= now - age);
  };
}

/** What was taken back. */
export interface Undone extends ChangeReport {
  readonly verb: Verb;
  /** When it was made. */
  readonly at: Date;
  /** The folders that messages came back to. */
  readonly folders: readonly string[];
}

/** Takes the last change back that is not taken back yet. @throws UsageError `nothing-to-undo`, `cannot-undo`. */
export async function undoChange(account: Account): Promise<Undone> {
  return withChanges(account, async (lookup, changes) => {
    await lookup.follow(new Set(changes.log.lastUndoable?.steps.map(({ base }) => base)));
    const last = changes.log.lastUndoable;
    if (last === undefined) throw new UsageError('nothing-to-undo', 'There is nothing to undo.');
    if (last.verb === 'purge') {
      throw new UsageError('cannot-undo', 'The last change removed messages for good, which cannot be undone.');
    }
    const undone = await changes.undo(lookup.folders, last);
    const numbers = await lookup.numbersOf(last.steps.map(({ base }) => base));
    const folders = new Set(last.steps.map(({ from }) => from).filter((name) => name !== undefined));
    return {
      ...report(
        last.steps.map(({ base }) => ({ base, number: numbers.get(base) ?? 0 })),
        undone,
      ),
      verb: last.verb,
      at: new Date(last.at),
      folders: [...folders],
    };
  });
}

/** A word that is a tag: no blanks, nothing unseen, and no sign in front. @throws UsageError `bad-tag`. */
export function tagName(written: string): string {
  const tag = written.normalize('NFC');
  if (
    /^[\p{L}\p{N}\p{S}\p{M}_.@/#:][^\s\p{Cc}\p{Cs}\p{Cf},"']*$/u.test(tag) &&
    tag.length <= 100 &&
    !tag.startsWith('+')
  )
    return tag;
  throw new UsageError('bad-tag', `${JSON.stringify(written)} is no tag.`, {
    hint: 'A tag is one word, such as work or to-do.',
  });
}

async function change(
  account: Account,
  verb: Verb,
  selected: Selection,
  prepare: (folders: Folders, log: ChangeLog) => Promise<(message: StoredMessage) => Step | undefined>,
): Promise<ChangeReport> {
  return withChanges(account, async (lookup, changes) => {
    // Looked at when it is our turn: another change may have been made meanwhile.
    const messages = await selected(lookup);
    const stepOf = await prepare(lookup.folders, changes.log);
    const steps = messages.map(stepOf).filter((step) => step !== undefined);
    const made = await changes.make(lookup.folders, verb, steps);
    return report(messages, made);
  });
}

async function withChanges<T>(account: Account, work: (lookup: Lookup, changes: Changes) => Promise<T>): Promise<T> {
  const lookup = await openLookup(account);
  const changes = await Changes.open(mailboxOf(account).state, lookup.folders);
  try {
    return await work(lookup.beside(changes), changes);
  } finally {
    await changes.close();
  }
}

function report(messages: readonly Pick<StoredMessage, 'base' | 'number'>[], made: ReadonlySet<string>): ChangeReport {
  const numbers = (is: boolean) => messages.filter(({ base }) => made.has(base) === is).map(({ number }) => number);
  return { changed: numbers(true), unchanged: numbers(false) };
}
