/**
 * From flags to a message that is ready to be sent: addresses parsed, files opened and checked, nothing connected yet.
 */
import { UsageError } from '../errors.ts';
import { parseRecipient, parseRecipients } from '../mime/address-list.ts';
import { compose, type ComposedMessage } from '../mime/compose.ts';
import type { Attachment, Draft } from '../mime/draft.ts';
import { openAttachment } from '../store/attachment.ts';

export interface MessageRequest {
  readonly from?: string | undefined;
  readonly to?: readonly string[];
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly replyTo?: string | undefined;
  readonly subject?: string | undefined;
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  /** Paths of files. */
  readonly attach?: readonly string[];
  /** Paths of files that the HTML shows by `cid:NAME`. */
  readonly inline?: readonly string[];
  /** `Name: value`. */
  readonly headers?: readonly string[];
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
    from: parseRecipient(from),
    to: addresses(request.to),
    cc: addresses(request.cc),
    bcc: addresses(request.bcc),
    ...(request.replyTo === undefined ? {} : { replyTo: parseRecipient(request.replyTo) }),
    ...(request.subject === undefined ? {} : { subject: request.subject }),
    ...(request.text === undefined ? {} : { text: request.text }),
    ...(request.html === undefined ? {} : { html: request.html }),
    headers: (request.headers ?? []).map(splitHeader),
    attachments: await attachments(request),
  };
  const message = compose(draft);
  if (message.envelope.recipients.length === 0) {
    throw new UsageError('no-recipient', 'The message has no recipient.', { hint: 'Give one with --to.' });
  }
  return message;
}

function addresses(texts: readonly string[] = []) {
  return texts.flatMap((text) => parseRecipients(text));
}

function splitHeader(text: string): [name: string, value: string] {
  const colon = text.indexOf(':');
  if (colon > 0) return [text.slice(0, colon).trim(), text.slice(colon + 1).trim()];
  throw new UsageError('bad-header', 'A header is written as Name: value.', {
    hint: 'For example: --header "X-Priority: 1"',
  });
}

async function attachments({ attach = [], inline = [] }: MessageRequest): Promise<Attachment[]> {
  const attached = await Promise.all(attach.map(openAttachment));
  const shown = await Promise.all(inline.map(openAttachment));
  return [...attached, ...shown.map((file) => ({ ...file, inline: true, contentId: file.name }))];
}
