/** A message as the index shows it. */
import { join } from 'node:path';
import { folderName } from './folder-name.ts';
import type { MessageHeader } from '../mime/describe.ts';
import { UnsealedIndex } from './index-fault.ts';
import { pathOf } from './index-scan.ts';
import type { MaildirPart } from './maildir.ts';
import type { StoredMessage } from './stored-message.ts';

export interface IndexedMessage extends StoredMessage, MessageHeader {
  /** How many files are attached. */
  readonly attachments: number;
  readonly tags: readonly string[];
  /** The lowest number of its thread; its own where it answers nothing and nothing answers it. */
  readonly thread: number;
}

/** One message by its number. */
export const ROW = `
SELECT m.number, base, folder, part, name, flags, size, files, thread, uidl, sha256, stored, header,
  (SELECT json_group_array(tag) FROM (SELECT tag FROM tags WHERE number = m.number ORDER BY tag)) AS tags
FROM messages m JOIN places ON places.id = place JOIN known ON known.number = m.number
LEFT JOIN headers ON headers.number = m.number WHERE m.number = ?`;

interface Row {
  readonly number: number;
  readonly base: string;
  readonly folder: string;
  readonly part: MaildirPart;
  readonly name: string;
  readonly flags: string;
  readonly size: number;
  readonly files: number;
  readonly thread: number | null;
  readonly uidl: string | null;
  readonly sha256: string | null;
  readonly stored: number | null;
  readonly header: string | null;
  readonly tags: string;
}

/** What is not known of a message that could not be read. */
const EMPTY: MessageHeader = { subject: '', from: [], to: [], cc: [], references: [] };

export function messageOf(values: Record<string, unknown>, maildir: string): IndexedMessage {
  const row = values as unknown as Row;
  const header = row.header === null ? EMPTY : parsed<MessageHeader>(row.header);
  const { number, base, flags, size } = row;
  return {
    ...header,
    number,
    base,
    folder: folderName(row.folder),
    path: join(maildir, pathOf(row), row.name),
    size,
    flags,
    seen: flags.includes('S'),
    uidl: row.uidl ?? undefined,
    sha256: row.sha256 ?? undefined,
    storedAt: row.stored ?? undefined,
    attachments: row.files,
    tags: parsed<string[]>(row.tags),
    thread: row.thread ?? number,
  };
}

function parsed<T>(json: string): T {
  try {
    return JSON.parse(json) as T;
  } catch {
    throw new UnsealedIndex('A row of it is spoilt.');
  }
}
