/**
 * Tests that need programs of other people, skipped with a reason where these are not installed.
 *
 * Why: the rest of the suite must pass on any machine, but a skip must not hide that nothing was proved. Where all
 * programs are promised, as in continuous integration, `POSTHORN_INTEROP=required` turns every such skip into a failure.
 */
import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type TestContext, test } from 'node:test';

/** For one test; what hangs fails here by name, before the time limit of the whole file. */
const LIMIT_MS = 240_000;

/** A program to look for in PATH by its name, or whatever else can tell what is missing. */
export type Need = string | { lacking(): string | undefined };

/** Servers give it up for users of their own, which only root can. */
export const ROOT: Need = { lacking: () => (process.getuid?.() === 0 ? undefined : 'the rights of root') };

/** Which of the servers this machine can start. */
export function available(): { dovecot: boolean; postfix: boolean } {
  return { dovecot: missing(['dovecot']).length === 0, postfix: missing(['postfix']).length === 0 };
}

/** Declares a test which runs where everything in `needs` is there, and all else that starting a server takes. */
export function interop(
  name: string,
  needs: readonly Need[],
  run: (context: TestContext) => Promise<void> | void,
): void {
  const lacking = missing(needs);
  const reason = `this machine lacks ${lacking.join(', ')}`;
  if (lacking.length === 0) {
    test(name, { timeout: LIMIT_MS }, run);
  } else if (process.env['POSTHORN_INTEROP'] === 'required') {
    test(name, () => {
      throw new Error(`POSTHORN_INTEROP=required, but ${reason}.`);
    });
  } else {
    test(name, { skip: reason }, run);
  }
}

/** What of all that is not here. Dovecot and Postfix also take openssl and root. */
export function missing(needs: readonly Need[]): string[] {
  const servers = needs.includes('dovecot') || needs.includes('postfix');
  const lacking = (servers ? [...needs, 'openssl', ROOT] : needs).flatMap((need) => {
    if (typeof need === 'string') return isInstalled(need) ? [] : [need];
    return need.lacking() ?? [];
  });
  if (needs.includes('dovecot') && !lacking.includes('dovecot') && !isDovecot23()) lacking.push('Dovecot 2.3');
  return lacking;
}

function isInstalled(program: string): boolean {
  const folders = (process.env['PATH'] ?? '').split(delimiter);
  return folders.some((folder) => {
    try {
      accessSync(join(folder, program), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** From 2.4 on, Dovecot's settings have other names and do not understand the old ones. */
function isDovecot23(): boolean {
  return execFileSync('dovecot', ['--version'], { encoding: 'utf8' }).startsWith('2.3.');
}
