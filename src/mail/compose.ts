/**
 * From flags to a message that is ready to be sent: addresses parsed, files opened and checked, nothing connected yet.
 */
import { UsageError } from '../errors.ts';
import type { Address } from '../mime/address.ts';
import { parseRecipient, parseRecipients } from '../mime/recipient.ts';
import { type ComposedMessage, compose } from '../mime/compose.ts';
import type { Attachment, Draft } from '../mime/draft.ts';
import { checkMessageId } from '../mime/header.ts';
import { inspectAttachment } from '../mime/inspect.ts';
import { openAttachment } from '../store/attachment.ts';

export interface MessageRequest {
  readonly from?: string | undefined;
  /** As typed, or parsed already. */
  readonly to?: readonly (string | Address)[];
  readonly cc?: readonly (string | Address)[];
  readonly bcc?: readonly string[];
  readonly replyTo?: string | undefined;
  readonly subject?: string | undefined;
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  /** The text may be wrapped anew by its reader (RFC 3676). */
  readonly flowed?: boolean | undefined;
  /** An iCalendar object: an invitation, or its answer. */
  readonly calendar?: string | undefined;
  /** Paths of files. */
  readonly attach?: readonly string[];
  /** Paths of files that the HTML shows by `cid:NAME`. */
  readonly inline?: readonly string[];
  /** `Name: value`. */
  readonly headers?: readonly string[];
  /** Attachments that are no files of a person's. */
  readonly attachments?: readonly Attachment[];
  /** The ids of the messages before it in its thread. */
  readonly inReplyTo?: string | undefined;
  readonly references?: readonly string[];
}

/** @throws UsageError for a malformed address, a file that cannot be attached, a header that is not one, no recipient. */
export async function composeMessage(
  request: MessageRequest,
  defaultFrom: string | undefined,
): Promise<ComposedMessage> {
  const from = request.from ?? defaultFrom;
  if (from === undefined) {
    throw new UsageError('no-sender', 'The message has no sender.', {
      hint: 'Give one with --from, or set from in the account.',
    });
  }
  const draft: Draft = {
    from: at('--from', from, parseRecipient),
    to: addresses('--to', request.to),
    cc: addresses('--cc', request.cc),
    bcc: addresses('--bcc', request.bcc),
    replyTo: request.replyTo === undefined ? undefined : at('--reply-to', request.replyTo, parseRecipient),
    subject: request.subject,
    text: request.text,
    html: request.html,
    calendar: request.calendar,
    flowed: request.flowed === true,
    headers: (request.headers ?? []).map(splitHeader),
    attachments: await attachments(request),
    inReplyTo: request.inReplyTo,
    references: request.references,
  };
  const message = compose(draft);
  if (message.envelope.recipients.length === 0) {
    throw new UsageError('no-recipient', 'The message has no recipient.', { hint: 'Give one with --to.' });
  }
  return message;
}

function addresses(option: string, given: readonly (string | Address)[] = []): Address[] {
  return given.flatMap((one) => {
    return typeof one === 'string' ? at(option, one, (text) => parseRecipients(text)) : [one];
  });
}

/** Where one of many texts is wrong, the error says which: it names the place and repeats the text, shortened. */
export function at<T>(place: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
    const { code, message, hint } = error;
    throw new UsageError(code, `${place} ${shown}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`, { hint });
  }
}

function splitHeader(text: string): [name: string, value: string] {
  const colon = text.indexOf(':');
  if (colon > 0) return [withoutSpaces(text.slice(0, colon)), withoutSpaces(text.slice(colon + 1))];
  throw new UsageError('bad-header', 'A header is written as Name: value.', {
    hint: 'For example: --header "X-Priority: 1"',
  });
}

/** Spaces only: a line break at either end is a mistake to be refused, not to be passed over. */
function withoutSpaces(text: string): string {
  let [start, end] = [0, text.length];
  while (text[start] === ' ') start += 1;
  while (end > start && text[end - 1] === ' ') end -= 1;
  return text.slice(start, end);
}

async function attachments({
  attachments: given = [],
  attach = [],
  inline = [],
}: MessageRequest): Promise<Attachment[]> {
  // Of what is there already only a message has to be looked at, once: the others have their type.
  const ready = given.map((each) =>
    each.type === 'message/rfc822' && each.lines === undefined ? inspectAttachment(each) : each,
  );
  const attached = await Promise.all([...ready, ...attach.map(openFile)]);
  const shown = await Promise.all(inline.map(openFile));
  return [...attached, ...shown.map(shownInline)];
}

async function openFile(path: string): Promise<Attachment> {
  return inspectAttachment(await openAttachment(path));
}

/** The HTML names it by its file name, which must therefore be one that an id can hold. */
function shownInline(file: Attachment): Attachment {
  at('--inline', file.name, (name) => checkMessageId('the name', name));
  return { ...file, inline: true, contentId: file.name };
}
