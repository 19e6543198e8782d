/** A message of the mailbox as an attachment of a new one: read from where it lies while the new one is written. */
import type { Attachment } from '../mime/draft.ts';
import { inspectMessage } from '../mime/inspect.ts';
import { safeFileName } from '../store/safe-name.ts';
import type { OpenMessage } from './read.ts';

/** In characters, of the subject. */
const MAX_NAME = 60;

/** Under its subject, and without its Bcc (RFC 5322 §3.6.3). */
export function messageAttachment(message: OpenMessage, subject: string): Promise<Attachment> {
  const name = safeFileName(`${subject.slice(0, MAX_NAME).trim() || 'message'}.eml`);
  return inspectMessage({ name, type: 'message/rfc822', open: () => message.chunks() });
}
