/**
 * What other programs did to the messages of a mailbox, taken into its journals: what they delivered gets the next number, and
 * what they moved under another name keeps its own, and its tags. What this file must never know: servers, and locks.
 */
import { type Changes, renameIn } from './changes.ts';
import type { FolderEntry, Folders } from './folders.ts';
import type { LedgerJournal } from './ledger-journal.ts';
import { type Moved, movedAmong } from './moved-messages.ts';

/** Where changes are recorded. */
export interface ChangesPlace {
  readonly state: string;
  /** The journal of changes, where it is open already. */
  readonly changes?: Changes | undefined;
}

export class ForeignMessages {
  readonly #journal: LedgerJournal;
  readonly #folders: Folders;
  readonly #place: ChangesPlace;

  constructor(journal: LedgerJournal, folders: Folders, place: ChangesPlace) {
    this.#journal = journal;
    this.#folders = folders;
    this.#place = place;
  }

  /** @param entries all that is in the folders. @throws StoreError with the code of a fault. */
  async record(entries: readonly FolderEntry[]): Promise<void> {
    const { ledger } = this.#journal;
    // Mostly each file has the name that its message has, and there is nothing to compare.
    if (entries.every(({ base }) => ledger.byBase(base)?.base === base)) return;
    const moved = await movedAmong(entries, ledger, this.#folders);
    if (moved.length > 0) await this.#follow(moved);
    const unknown = entries.filter(({ base }) => ledger.byBase(base) === undefined);
    const first = ledger.nextNumber;
    await this.#journal.record(unknown.map(({ base }, index) => ({ found: first + index, base })));
  }

  /** The tags first: whoever finds the message under its new name finds them as well. */
  async #follow(moved: readonly Moved[]): Promise<void> {
    const { state, changes } = this.#place;
    const records = moved.map(({ number, to }) => ({ moved: number, base: to }));
    if (await renameIn(state, this.#folders, moved, changes)) await this.#journal.record(records);
    // While somebody else makes a change we alone know of it, so that nobody takes the message for missing; the next writer
    // records it.
    else for (const record of records) this.#journal.ledger.apply(record);
  }
}
