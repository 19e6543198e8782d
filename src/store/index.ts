/**
 * The mailbox on disk, for programs: `import { Maildir } from 'posthorn/store'`. Re-exports only.
 */
export { type AttachmentFile, openAttachment } from './attachment.ts';
export type { Delivered, Delivery } from './delivery.ts';
export { Journal, type JournalMark, type JournalTail, type RecordReader } from './journal.ts';
export type { Surveyed } from './ledger.ts';
export type { Listed } from './ledger-record.ts';
export { Lock } from './lock.ts';
export { type Found, type FoundThreads, MailIndex, type Selection } from './mail-index.ts';
export type { Ignored, IgnoredKind } from './index-places.ts';
export type { ReadingOptions } from './index-reading.ts';
export type { IndexedMessage } from './index-row.ts';
export type { MailboxView } from './mailbox-view.ts';
export { Mailbox, type MailboxPaths, type OpenOptions, type Planned, type StoredMessage } from './mailbox.ts';
export { type FlagChange, Maildir, type MaildirEntry, type MaildirListing, type MaildirPlace } from './maildir.ts';
export { formatName, type MaildirName, parseName } from './name.ts';
export { parseQuery, type Query } from './query.ts';
export type { StoredContent } from './reader.ts';
export { safeFileName } from './safe-name.ts';
export { type FileSink, type SavedFile, saveFile } from './save.ts';
export { Spool, type Spooled, type SpoolSink } from './spool.ts';
export { type IndexOptions, withIndex } from './with-index.ts';
