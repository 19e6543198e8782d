/** Mailboxes for tests of the index: a Maildir, a state and a cache of their own, and the numbers that a query finds. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IndexOptions, withIndex } from '../../src/store/with-index.ts';
import type { MailboxPaths } from '../../src/store/mailbox.ts';
import { parseQuery } from '../../src/store/query.ts';
import type { Scope } from './process.ts';

export interface IndexHome extends MailboxPaths {
  readonly cache: string;
}

/** An empty mailbox, which goes with the scope. */
export function indexHome(scope: Scope): IndexHome {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-index-'));
  scope.after(async () => rmSync(folder, { recursive: true, force: true }));
  const paths = { maildir: join(folder, 'mail'), state: join(folder, 'state'), cache: join(folder, 'cache') };
  for (const part of ['cur', 'new', 'tmp']) mkdirSync(join(paths.maildir, part), { recursive: true, mode: 0o700 });
  return paths;
}

/** Puts a message where another program would, with lines that end in LF. */
export function put({ maildir }: Pick<MailboxPaths, 'maildir'>, name: string, message: string): void {
  writeFileSync(join(maildir, name), message);
}

/** The numbers that a query finds, newest first, in an index that is up to date. */
export function indexed(
  paths: MailboxPaths,
  query: string,
  options: Partial<IndexOptions> = {},
  now = new Date(),
): Promise<number[]> {
  return withIndex(paths, options, async (index) => {
    await index.refresh();
    await index.read();
    const { messages } = await index.list({ query: parseQuery(query, now), limit: 1000 });
    return messages.map(({ number }) => number);
  });
}
