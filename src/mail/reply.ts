/**
 * From a stored message to the beginning of an answer to it, or of a message that passes it on: recipients, subject,
 * place in the thread, quoted text, attachments carried along. What is sent then is composed as everything else is.
 */
import { UsageError } from '../errors.ts';
import { type Address, formatAddress } from '../mime/address.ts';
import { parseAddressList } from '../mime/address-list.ts';
import { readableText } from '../mime/bodies.ts';
import type { Message } from '../mime/message.ts';
import type { PartInfo } from '../mime/part-info.ts';
import { forwarded, quote } from '../mime/reply-quote.ts';
import { type ReplyMode, type ReplyRecipients, replyRecipients } from '../mime/reply-recipients.ts';
import { forwardSubject, replySubject } from '../mime/reply-subject.ts';
import { threadingOf } from '../mime/reply-threading.ts';
import type { Account } from './account.ts';
import { carryParts } from './carried.ts';
import type { MessageRequest } from './compose.ts';
import { messageAttachment } from './message-attachment.ts';
import { type OpenMessage, readOpened } from './read.ts';

/** What a message is begun with. */
export interface Beginning {
  readonly request: MessageRequest;
  /** Puts what a person writes and what there is already together. */
  around(text: string): string;
  aroundHtml(html: string): string;
  /** Gives back what is held open for attachments. */
  close(): Promise<void>;
}

export interface Reply extends Beginning {
  readonly recipients: ReplyRecipients;
}

export interface ReplyWishes {
  readonly mode: ReplyMode;
  readonly ignoreReplyTo: boolean;
  readonly quote: boolean;
}

/** The beginning of an answer. @throws UsageError `no-list` where an answer to the list was asked for and there is none. */
export async function beginReply(message: OpenMessage, account: Account, wishes: ReplyWishes): Promise<Reply> {
  const opened = await readOpened(message);
  const own = ownAddresses(account);
  const recipients = replyRecipients(opened, { ...wishes, own });
  if (wishes.mode === 'list' && recipients.to.length === 0) {
    throw new UsageError('no-list', 'The message names no mailing list that takes letters (List-Post).', {
      hint: 'Answer the author, or everybody with --all.',
    });
  }
  const quoted = wishes.quote ? quote(opened, await readableText(opened)) : '';
  return {
    recipients,
    request: {
      from: writtenTo(opened, own),
      to: recipients.to,
      cc: recipients.cc,
      subject: replySubject(opened.subject),
      ...threadingOf(opened),
    },
    around: (text) => (quoted === '' ? text : `${quoted}\n${text}`),
    aroundHtml: (html) => preformatted(quoted) + html,
    close: async () => undefined,
  };
}

/** Text within HTML, exactly. */
function preformatted(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  return text === '' ? '' : `<pre style="white-space: pre-wrap">${escaped}</pre>\n`;
}

export interface ForwardWishes {
  /** The whole message is an attachment, as it was received but for its Bcc (RFC 5322 §3.6.3). */
  readonly asAttachment: boolean;
  /** Its attachments go along. */
  readonly attachments: boolean;
}

/** The beginning of a message that passes another one on. */
export async function beginForward(message: OpenMessage, account: Account, wishes: ForwardWishes): Promise<Beginning> {
  const opened = await readOpened(message);
  const subject = forwardSubject(opened.subject);
  const request = { from: writtenTo(opened, ownAddresses(account)), subject };
  if (wishes.asAttachment) {
    const whole = await messageAttachment(message, opened.subject);
    const alone = { around: (text: string) => text, aroundHtml: (html: string) => html };
    return { request: { ...request, attachments: [whole] }, ...alone, close: async () => undefined };
  }
  const { attachments, close } = await carryParts(message, wishes.attachments ? goingAlong(opened) : []);
  const below = forwarded(opened, await readableText(opened));
  return {
    request: { ...request, attachments },
    around: (text) => (text === '' ? below : `${text.trimEnd()}\n\n${below}`),
    aroundHtml: (html) => html + preformatted(below),
    close,
  };
}

/** The attachments, and the images of HTML that goes on as text, in the order of the message. */
function goingAlong({ parts, attachments, inline }: Message): PartInfo[] {
  const numbers = new Set([...attachments, ...inline].map(({ number }) => number));
  return parts.filter(({ number }) => numbers.has(number));
}

/** Who we are: the account's sender, its aliases, and the logins that are addresses. */
function ownAddresses({ from, aliases, smtp, pop3 }: Account): Address[] {
  const texts = [from, ...aliases, smtp?.user, pop3?.user];
  return texts.flatMap((text) => parseAddressList(text ?? '').addresses).filter(({ domain }) => domain !== '');
}

/** Which of our addresses the message was written to, where that is not the first: an answer comes from the same one. */
function writtenTo({ to, cc }: Message, own: readonly Address[]): string | undefined {
  const named = new Set([...to, ...cc].map(({ address }) => address.toLowerCase()));
  const [usual] = own;
  const at = own.find(({ address }) => named.has(address.toLowerCase()));
  if (usual === undefined || at === undefined || at.address.toLowerCase() === usual.address.toLowerCase())
    return undefined;
  return formatAddress({ ...at, name: at.name || usual.name });
}
