/**
 * Drafts that a person is editing: a file each (0600) in a folder of ours alone (0700), durable before the editor starts.
 *
 * Why not a temporary folder: what somebody has written must be there after a crash or a power cut, and swap files that an
 * editor puts beside it must not lie where others look. What this file must never know: what is in a draft.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { chmod, open, rename } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { UsageError } from '../errors.ts';
import { guarded } from './fault.ts';
import { checkFolder, exists, makeFolder, removeLeftover, syncFolder } from './folder.ts';
import { openContent } from './reader.ts';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW } = constants;
/** In bytes; what is longer should be an attachment. */
const MAX_DRAFT = 64 * 1024 * 1024;

export class DraftFile {
  /** Absolute. */
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  /** Makes a new draft in `folder`, which is made if it is missing. @throws StoreError `unsafe-folder`, or the code of the fault. */
  static async create(folder: string, content: string): Promise<DraftFile> {
    await makeFolder(folder);
    await checkFolder(folder);
    await guarded(`protect the folder ${folder}`, () => chmod(folder, 0o700));
    const stamp = new Date().toISOString().replace(/\..*/, '').replaceAll(/[-:]/g, '').replace('T', '-');
    const draft = new DraftFile(resolve(folder, `${stamp}-${randomBytes(3).toString('hex')}.eml`));
    await draft.write(content);
    return draft;
  }

  /** A draft that is there already. */
  static at(path: string): DraftFile {
    return new DraftFile(resolve(path));
  }

  /** @throws StoreError `not-a-file`; UsageError `input-missing`, and `bad-draft` for what is not text, or too long. */
  async read(): Promise<string> {
    if (!(await guarded(`open ${this.path}`, () => exists(this.path)))) {
      throw new UsageError('input-missing', `There is no draft ${this.path}.`, { hint: 'Check the name of the file.' });
    }
    const content = await openContent(this.path);
    if (content.size > MAX_DRAFT) {
      await content.close();
      throw new UsageError('bad-draft', `The draft ${this.path} is longer than 64 MiB.`, {
        hint: 'Attach it as a file.',
      });
    }
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(await content.bytes());
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw new UsageError('bad-draft', `The draft ${this.path} is not valid UTF-8.`, {
        hint: 'Save it as UTF-8.',
      });
    }
  }

  /** Replaces the content in one step: whatever happens, the old one or the new one is there. */
  async write(content: string): Promise<void> {
    const folder = dirname(this.path);
    const fresh = join(folder, `.${randomBytes(8).toString('hex')}.part`);
    await guarded(`write ${this.path}`, async () => {
      const file = await open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
      try {
        await file.writeFile(content);
        await file.sync();
        await file.close();
        await rename(fresh, this.path);
      } catch (error) {
        await file.close().catch(() => undefined);
        await removeLeftover(fresh);
        throw error;
      }
    });
    await syncFolder(folder);
  }

  /** Removes it, where it can be. */
  remove(): Promise<void> {
    return removeLeftover(this.path);
  }
}
