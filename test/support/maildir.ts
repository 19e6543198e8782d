/** A mailbox whose messages another program delivered: they are files, and nothing was ever fetched. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Mailbox } from '../../src/store/mailbox.ts';
import type { Home } from './program.ts';

/** Puts messages into the only mailbox of a home; they are numbered from 1 in this order. Lines may end in LF. */
export async function putMessages(home: Home, messages: readonly (string | Uint8Array)[]): Promise<void> {
  const mailbox = join(home.folder, 'data/posthorn/ann@example.org');
  for (const name of ['tmp', 'new', 'cur']) mkdirSync(join(mailbox, name), { recursive: true });
  for (const [index, message] of messages.entries()) {
    const octets = typeof message === 'string' ? Buffer.from(message.replace(/\r?\n/g, '\r\n')) : message;
    writeFileSync(join(mailbox, 'new', `${1_700_000_000 + index}.${index}.test`), octets);
  }
  const state = join(home.folder, 'state/posthorn/ann@example.org');
  await (await Mailbox.open({ maildir: mailbox, state })).close();
}
