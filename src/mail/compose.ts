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
    from: inOption('--from', from, parseRecipient),
    to: addresses('--to', request.to),
    cc: addresses('--cc', request.cc),
    bcc: addresses('--bcc', request.bcc),
    ...(request.replyTo === undefined ? {} : { replyTo: inOption('--reply-to', request.replyTo, parseRecipient) }),
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

function addresses(option: string, texts: readonly string[] = []) {
  return texts.flatMap((text) => inOption(option, text, parseRecipients));
}

/** Where one of many addresses is wrong, the error says which: it repeats the text, shortened. */
function inOption<T>(option: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const shown = JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
    const { code, message, hint } = error;
    throw new UsageError(code, `${option} ${shown}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`, { hint });
  }
}

function splitHeader(text: string): [name: string, value: string] {
  const colon = text.indexOf(':');
  // Spaces only: a line break at either end is a mistake to be refused, not to be passed over.
  if (colon > 0) return [text.slice(0, colon).replace(/ +$/, ''), text.slice(colon + 1).replace(/^ +| +$/g, '')];
  throw new UsageError('bad-header', 'A header is written as Name: value.', {
    hint: 'For example: --header "X-Priority: 1"',
  });
}

async function attachments({ attach = [], inline = [] }: MessageRequest): Promise<Attachment[]> {
  const attached = await Promise.all(attach.map(openAttachment));
  const shown = await Promise.all(inline.map(openAttachment));
  return [...attached, ...shown.map((file) => ({ ...file, inline: true, contentId: file.name }))];
}
