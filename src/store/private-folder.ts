/** A folder of one run's own (0700, unpredictable name), gone at its end: for files that other programs are to read. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guarded } from './fault.ts';

export class PrivateFolder {
  readonly path: string;

  private constructor(path: string) {
    this.path = path;
  }

  static async create(): Promise<PrivateFolder> {
    return new PrivateFolder(await guarded('create a temporary folder', () => mkdtemp(join(tmpdir(), 'posthorn-'))));
  }

  /** Writes a file (0600) and returns its path. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = join(this.path, name);
    await guarded(`write ${path}`, () => writeFile(path, content, { mode: 0o600, flag: 'wx' }));
    return path;
  }

  async remove(): Promise<void> {
    await guarded(`remove ${this.path}`, () => rm(this.path, { recursive: true, force: true }));
  }
}
