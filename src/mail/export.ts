/**
 * Messages out of the local mailbox: into a Maildir of its own, with folders and flags, or each into a file. What is
 * there already stays as it is, so that an export can be run again. `saveMbox` makes mailbox files.
 */
import { AbortedError } from '../errors.ts';
import { folderName, INBOX, TRASH } from '../store/folder-name.ts';
import { Folders } from '../store/folders.ts';
import { Maildir } from '../store/maildir.ts';
import type { OpenMessage } from './read.ts';
import type { Selection } from './selection.ts';

/** Messages that are made durable together. */
const BATCH = 64;

export interface ExportHooks {
  /** So many octets of the messages have been written. */
  readonly progress: (octets: number) => void;
  readonly signal?: AbortSignal | undefined;
}

export interface ExportReport {
  /** The numbers of the messages that are there now. */
  readonly exported: readonly number[];
  /** Of those that were there before. */
  readonly skipped: readonly number[];
}

/** All messages but those in the trash. */
export const everything: Selection = async (lookup) => {
  const trash = folderName(TRASH);
  return (await lookup.all()).filter(({ folder }) => folder !== trash);
};

/**
 * Exports into the Maildir at a path, which is made (0700) where it is missing.
 *
 * @throws StoreError; AbortedError by the signal: what was exported stays.
 */
export async function exportMaildir(
  messages: readonly OpenMessage[],
  path: string,
  hooks: ExportHooks,
): Promise<ExportReport> {
  const inbox = await Maildir.open(path, { create: true });
  const folders = new Folders(inbox);
  const byFolder = Map.groupBy(messages, ({ stored }) => stored.folder);
  const there = new Set((await folders.locate({ has: () => true })).map(({ base }) => base));
  const exported: number[] = [];
  for (const [folder, group] of byFolder) {
    const maildir = folder === INBOX ? inbox : await folders.open(folder);
    await maildir.removeUnfinished(new Set());
    const wanted = group.filter(({ stored }) => !there.has(stored.base));
    for (let from = 0; from < wanted.length; from += BATCH) {
      const batch = wanted.slice(from, from + BATCH);
      await deliverAll(batch, maildir, hooks);
      for (const { stored } of batch) exported.push(stored.number);
    }
  }
  const skipped = messages.filter(({ stored }) => there.has(stored.base)).map(({ stored }) => stored.number);
  return { exported: exported.sort((one, other) => one - other), skipped };
}

async function deliverAll(batch: readonly OpenMessage[], maildir: Maildir, hooks: ExportHooks): Promise<void> {
  // Unfinished, each has a name of its own: what a run left that was killed is in nobody's way.
  const deliveries = batch.map(({ stored: { base, flags } }) => Object.assign(maildir.deliver(), { base, flags }));
  try {
    for (const [at, message] of batch.entries())
      for await (const chunk of counted(message, hooks).chunks()) await deliveries[at]?.write(chunk);
  } catch (error) {
    for (const delivery of deliveries) await delivery.abort();
    throw error;
  }
  await maildir.commitAll(deliveries);
}

/** The same message, whose octets are counted once it was read to its end. */
export function counted(message: OpenMessage, { signal, progress }: ExportHooks): OpenMessage {
  return {
    ...message,
    async *chunks() {
      for await (const chunk of message.chunks()) {
        if (signal?.aborted) throw new AbortedError('aborted', 'Stopped; what was exported completely is there.');
        yield chunk;
      }
      progress(message.stored.size);
    },
  };
}
