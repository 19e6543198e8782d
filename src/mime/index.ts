/** Messages: composing, parsing and reading them. The public surface of `posthorn/mime`. */

export { type Address, formatAddress, makeAddress, needsUtf8, wireAddress } from './address.ts';
export { type AddressList, parseAddressList, parseRecipient, parseRecipients } from './address-list.ts';
export { attachmentMention } from './attachment-mention.ts';
export { type Body, readableText } from './bodies.ts';
export type { Calendar, CalendarEvent, CalendarPerson, CalendarTime } from './calendar.ts';
export { type Bodies, markdownBodies } from './compose-markdown.ts';
export { type ComposedMessage, compose, type Envelope } from './compose.ts';
export { formatDate, parseDate } from './date.ts';
export type { Defect } from './defect.ts';
export { withoutBinary } from './downgrade.ts';
export type { Attachment, Draft } from './draft.ts';
export { extractPart, type PartSink } from './extract.ts';
export { type HeaderField, Headers } from './header-reader.ts';
export { htmlToText } from './html.ts';
export { inspectAttachment } from './inspect.ts';
export type { DataKind } from './lines.ts';
export { type Mailto, parseMailto } from './mailto.ts';
export { type Message, type ReadOptions, readMessage } from './message.ts';
export type { EmbeddedMessage, Notices } from './notices.ts';
export { MessageParser, type ParseOptions, type PartHandlers } from './parse.ts';
export type { Part, PartKind } from './part.ts';
export type { PartInfo } from './part-info.ts';
export type { DeliveryReport, DispositionReport, RecipientReport, Report } from './report.ts';
export type { MessageSource } from './source.ts';
export { readHeaders, type Summary } from './summary.ts';
export { guessType } from './types.ts';
