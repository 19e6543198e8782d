/** Which mailboxes there are: the folders under the data folder that are Maildirs. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, guarded } from './fault.ts';

/** The names of the mailboxes in `folder`, sorted; none where the folder does not exist yet. */
export async function mailboxNames(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    const isMaildir = await Promise.all(folders.map((name) => isFolder(join(folder, name, 'cur'))));
    return folders.filter((_, at) => isMaildir[at]).sort();
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    return guarded(`read the folder ${folder}`, () => Promise.reject(error));
  }
}

function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}
