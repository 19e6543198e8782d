/**
 * The top header of a composed message, without its MIME fields (RFC 5322 §3.6).
 *
 * Why: the fields stand in one fixed order, each checked and folded; and by default they reveal neither host, user, path
 * nor program. Bcc is not written here, and must never be.
 */

import { randomUUID } from 'node:crypto';
import { UsageError } from '../errors.ts';
import { type Address, addressPieces, wireAddress } from './address.ts';
import { formatDate } from './date.ts';
import type { Draft } from './draft.ts';
import { checkFieldName, checkMessageId, checkText, foldField, textPieces } from './header.ts';

export interface ComposedHeader {
  /** The fields, each with its CRLF. */
  readonly fields: string;
  readonly messageId: string;
  readonly sender: Address;
  /** Of To, Cc and Bcc. */
  readonly recipients: readonly Address[];
}

/** Fields a draft sets by other means, those that would leak or forge, and all of Content-*. */
const RESERVED = new Set(
  'bcc cc date from in-reply-to message-id mime-version received references reply-to resent-bcc return-path sender subject to'.split(
    ' ',
  ),
);

/** @throws UsageError `bad-address` or `bad-header`. */
export function topHeader(draft: Draft): ComposedHeader {
  const from = listOf(draft.from);
  const sender = draft.sender ?? from[0];
  if (sender === undefined) throw new UsageError('bad-address', 'The message has no author: From is empty.');
  const { to = [], cc = [], bcc = [] } = draft;
  const messageId = checkMessageId('the message id', draft.messageId ?? newMessageId(from[0] ?? sender));
  const fields = [
    foldField('Date', [formatDate(draft.date ?? new Date())]),
    addressField('From', from),
    draft.sender !== undefined || from.length > 1 ? addressField('Sender', [sender]) : '',
    addressField('Reply-To', listOf(draft.replyTo)),
    addressField('To', to),
    addressField('Cc', cc),
    textField('Subject', draft.subject),
    foldField('Message-ID', [messageId]),
    idField('In-Reply-To', draft.inReplyTo === undefined ? [] : [draft.inReplyTo]),
    idField('References', draft.references ?? []),
    ...(draft.headers ?? []).map(([name, value]) => customField(name, value)),
    'MIME-Version: 1.0\r\n',
  ];
  return { fields: fields.join(''), messageId, sender, recipients: [...to, ...cc, ...bcc] };
}

function listOf(addresses: Address | readonly Address[] | undefined): readonly Address[] {
  if (addresses === undefined) return [];
  return Array.isArray(addresses) ? addresses : [addresses as Address];
}

function newMessageId(author: Address): string {
  const wire = wireAddress(author);
  const domain = wire.slice(wire.lastIndexOf('@') + 1);
  // Of these the platform draws many at a time.
  return `<${randomUUID().replaceAll('-', '')}@${domain}>`;
}

function addressField(name: string, addresses: readonly Address[]): string {
  return addresses.length === 0 ? '' : foldField(name, addressPieces(name, addresses));
}

function idField(name: string, ids: readonly string[]): string {
  const checked = ids.map((id) => checkMessageId(name, id));
  return checked.length === 0 ? '' : foldField(name, checked);
}

function textField(name: string, text: string | undefined): string {
  if (text === undefined || text === '') return '';
  const line = typeof text === 'string' ? text.replaceAll('\t', ' ') : text;
  return foldField(name, textPieces(name, checkText(`the header ${name}`, line)));
}

function customField(name: string, value: string): string {
  const lower = checkFieldName(name).toLowerCase();
  if (RESERVED.has(lower) || lower.startsWith('content-')) {
    throw new UsageError('bad-header', `The header ${name} cannot be set directly.`, {
      hint: 'It is written from the recipients, the subject and the other parts of the message.',
    });
  }
  return textField(name, value);
}
