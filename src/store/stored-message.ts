/**
 * A message of the mailbox as it was when we looked: what the journal says of its number, and its file. Other programs move, flag
 * and remove files while we look, so what is done to one is done wherever it is by then.
 */
import { StoreError } from '../errors.ts';
import type { FolderEntry, Folders } from './folders.ts';
import type { FlagChange } from './maildir.ts';
import type { StoredContent } from './reader.ts';

/** A message in the mailbox. */
export interface StoredMessage {
  /** Small, starting at 1; the same from run to run, never used again. */
  readonly number: number;
  readonly base: string;
  /** The name of the folder it is in: `inbox`, `Lists/dev`. */
  readonly folder: string;
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** Maildir letters, sorted. */
  readonly flags: string;
  readonly seen: boolean;
  /** Absent for a message that another program delivered, or that came from a server without UIDL. */
  readonly uidl: string | undefined;
  /** Of the bytes as received, in hex; absent for a message that another program delivered. */
  readonly sha256: string | undefined;
  /** When it became durable here, in milliseconds since 1970; absent for a message that another program delivered. */
  readonly storedAt: number | undefined;
}

/** What the journal says of a message, wherever it is. */
export type NumberedMessage = Pick<StoredMessage, 'number' | 'base' | 'uidl' | 'sha256' | 'storedAt'>;

export function storedMessage(numbered: NumberedMessage, { folder, path, size, flags }: FolderEntry): StoredMessage {
  const { number, base, uidl, sha256, storedAt } = numbered;
  return { number, base, folder, path, size, flags, seen: flags.includes('S'), uidl, sha256, storedAt };
}

/** Opens its content. @throws StoreError `message-missing`, or the code of the fault. */
export async function openStored(folders: Folders, message: StoredMessage): Promise<StoredContent> {
  return (await folders.content(message)) ?? missing(message.number);
}

/** Sets and clears flags. @returns the message as it is then. @throws as `openStored`. */
export async function flagStored(folders: Folders, message: StoredMessage, change: FlagChange): Promise<StoredMessage> {
  const flagged = (await folders.flag(message, change)) ?? missing(message.number);
  return { ...flagged, seen: flagged.flags.includes('S') };
}

/** @throws StoreError `message-missing`. */
export function missing(number: number): never {
  throw new StoreError('message-missing', `Message ${number} is no longer in the mailbox.`);
}
