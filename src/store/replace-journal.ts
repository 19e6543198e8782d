/** Another journal in the place of one, in one step: a crash leaves the one or the other, each whole. */
import { rename } from 'node:fs/promises';
import { StoreError } from '../errors.ts';
import { guarded } from './fault.ts';
import { removeLeftover } from './folder.ts';
import { Journal, type RecordReader } from './journal.ts';

/**
 * Writes these records beside a journal that nobody has open to write, and puts them in its place. Whoever reads goes on
 * with the file that they have open. The new one is durable under its name once `Journal.open` has opened it.
 *
 * @param isSame whether what can be read of the new one is what it should be. Where it is not, or where it cannot be
 *   written, the journal stays as it is.
 */
export async function replaceJournal<T>(
  path: string,
  read: RecordReader<T>,
  records: readonly T[],
  isSame: (records: readonly T[]) => boolean,
): Promise<void> {
  const beside = `${path}.new`;
  // What a crash has left; where it cannot be removed, what is read back is not the same.
  await removeLeftover(beside);
  try {
    await write(beside, read, records);
    if (isSame(await Journal.read(beside, read))) {
      return await guarded(`replace the journal ${path}`, () => rename(beside, path));
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
  }
  await removeLeftover(beside);
}

async function write<T>(path: string, read: RecordReader<T>, records: readonly T[]): Promise<void> {
  const journal = await Journal.open(path, read);
  try {
    await journal.append(records);
  } finally {
    await journal.close();
  }
}
