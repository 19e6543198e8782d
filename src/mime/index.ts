/** Messages: composing, parsing and reading them. The public surface of `posthorn/mime`. */

export { type Address, formatAddress, makeAddress, needsUtf8, wireAddress } from './address.ts';
export { type AddressList, parseAddressList } from './address-list.ts';
export { attachmentMention } from './attachment-mention.ts';
export { type Body, readableText } from './bodies.ts';
export type { Calendar, CalendarEvent, CalendarPerson, CalendarTime } from './calendar.ts';
export { type Bodies, markdownBodies } from './compose-markdown.ts';
export { type ComposedMessage, compose, type Envelope } from './compose.ts';
export { formatDate, parseDate } from './date.ts';
export type { Defect } from './defect.ts';
export { withoutBinary } from './downgrade.ts';
export {
  type DescribeMessage,
  describeMessage,
  type MessageContent,
  type MessageHeader,
  type Person,
} from './describe.ts';
export type { Attachment, Draft } from './draft.ts';
export { extractPart, type PartSink } from './extract.ts';
export { type HeaderField, Headers } from './header-fields.ts';
export { type HtmlTextOptions, htmlToText } from './html.ts';
export { inspectAttachment } from './inspect.ts';
export type { DataKind } from './lines.ts';
export { type Mailto, parseMailto } from './mailto.ts';
export { type MailingList, mailingList } from './mailing-list.ts';
export { type Message, type ReadOptions, readMessage } from './message.ts';
export type { EmbeddedMessage, Notices } from './notices.ts';
export { type Originators, originators, type Resending } from './originators.ts';
export type { ParameterizedValue } from './params.ts';
export { MessageParser, type ParseOptions, type PartHandlers } from './parse.ts';
export type { Part, PartKind } from './part.ts';
export type { PartInfo } from './part-info.ts';
export { parseRecipient, parseRecipients } from './recipient.ts';
export type { DeliveryReport, DispositionReport, RecipientReport, Report } from './report.ts';
export type { MessageSource } from './source.ts';
export { forwarded, quote } from './reply-quote.ts';
export { type ReplyMode, type ReplyOptions, type ReplyRecipients, replyRecipients } from './reply-recipients.ts';
export { forwardSubject, replySubject } from './reply-subject.ts';
export { type Threading, threadingOf } from './reply-threading.ts';
export { type Sign, type SignOptions, signs } from './signs.ts';
export { readHeaders, type Summary } from './summary.ts';
export { type ThreadIds, threadIds } from './thread.ts';
export { guessType } from './types.ts';
