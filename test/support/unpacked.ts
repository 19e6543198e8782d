/**
 * Programs from Debian's packages that are unpacked instead of installed.
 *
 * Why: Debian lets a machine have one mail server of a kind, and Postfix and Dovecot are those. Unpacked into a folder,
 * another one changes nothing of the machine: no service is started, no user is made, nothing is removed. The folder is
 * kept for the next run. What this file must never know: what the programs are for.
 */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LIMIT_MS = 120_000;

/** Programs from packages, and what it takes to run them; a need of `interop`. */
export interface Unpacked {
  /** What is missing, in words; undefined where all is there. */
  lacking(): string | undefined;
  /** The path of a file of the packages. */
  path(name: string): string;
  /** With it in the environment, a program of the packages finds their libraries. */
  libraries(): string;
}

/** Programs of the packages and of what these depend on and this machine lacks. Nothing happens before it is asked for. */
export function unpacked(program: string, packages: readonly string[]): Unpacked {
  let folder: string | undefined;
  let reason: string | undefined;
  const root = (): string => {
    if (folder === undefined) throw new Error(`${packages.join(', ')}: not unpacked.`);
    return folder;
  };
  return {
    lacking: () => {
      if (folder !== undefined || reason !== undefined) return reason;
      try {
        folder = unpackOnce(packages);
      } catch (error) {
        reason = `${program} (from Debian's ${packages.join(', ')}: ${lastLine(error)})`;
      }
      return reason;
    },
    path: (name) => join(root(), name),
    libraries: () => ['usr/lib', 'lib'].flatMap((name) => libraryFolders(join(root(), name))).join(':'),
  };
}

/** Where a program failed, what it said last. */
function lastLine(error: unknown): string {
  const lines = (error instanceof Error ? error.message : String(error)).trim().split('\n');
  return lines.at(-1) ?? '';
}

/** Unpacks into a folder of its own and then gives it its name, so that whoever finds that finds it whole. */
function unpackOnce(packages: readonly string[]): string {
  const folder = join(tmpdir(), `posthorn-unpacked-${process.getuid?.()}-${packages.join('-')}`);
  if (isOurs(folder)) return folder;
  // A plain `npm test` talks to loopback alone; only a run that was promised the programs brings them.
  if (process.env['POSTHORN_INTEROP'] !== 'required') throw new Error('unpacked only under POSTHORN_INTEROP=required');
  const made = mkdtempSync(join(tmpdir(), 'posthorn-unpacking-'));
  try {
    const [downloads, root] = [join(made, 'downloads'), join(made, 'root')];
    mkdirSync(downloads);
    run(['apt-get', 'download', '-qq', ...new Set([...packages, ...missingFor(packages)])], downloads);
    for (const file of readdirSync(downloads)) run(['dpkg', '-x', join(downloads, file), root], made);
    // The servers give up root, and must still reach what they start.
    chmodSync(root, 0o755);
    renameOrFind(root, folder);
    return folder;
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** All who can write to the temporary folder can make any name in it; what is run must be from ourselves. */
function isOurs(folder: string): boolean {
  const stat = statSync(folder, { throwIfNoEntry: false });
  if (stat === undefined) return false;
  if (stat.uid === process.getuid?.() && (stat.mode & 0o022) === 0) return true;
  throw new Error(`${folder} is somebody else's.`);
}

/** Another test file may have been quicker. */
function renameOrFind(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!isOurs(to)) throw error;
  }
}

/** What installing the packages would install. */
function missingFor(packages: readonly string[]): string[] {
  const plan = run(['apt-get', 'install', '--simulate', '-qq', '--no-install-recommends', ...packages], tmpdir());
  return [...plan.matchAll(/^Inst (\S+)/gm)].map(([, name = '']) => name);
}

function run([command = '', ...args]: readonly string[], cwd: string): string {
  return execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: LIMIT_MS });
}

/** Which have a library in them, of a folder itself and those directly below, such as the architecture's. */
function libraryFolders(root: string): string[] {
  // Where the machine has all the libraries already, the packages may bring none.
  if (!existsSync(root)) return [];
  const below = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  const folders = [root, ...below.map(({ name }) => join(root, name))];
  return folders.filter((folder) => readdirSync(folder).some((name) => /\.so(\.|$)/.test(name)));
}
