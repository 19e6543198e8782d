/**
 * The parameters of MAIL and RCPT as data: one row each, for client and server (RFC 5321 §4.1.1.11).
 *
 * A row says to which extension a parameter belongs, how it is written and read, and what of the extension's announcement
 * bounds it. Pure; what is done with the values is not known here.
 */
import type { Capabilities } from '../wire/capabilities.ts';
import { parseDecimal } from '../wire/decimal.ts';
import { formatTime, parseTime, sizeLimit } from './capabilities.ts';
import type { BodyKind, DeliverBy, DeliveryEvent, MailRequests, RecipientRequests } from './envelope.ts';
import { decodeUtf8Address, decodeXtext, encodeUtf8Address, encodeXtext } from './xtext.ts';

/** All that MAIL can say. */
export interface MailParameters extends MailRequests {
  readonly size?: number | undefined;
  readonly body?: BodyKind | undefined;
  readonly utf8?: boolean | undefined;
}

export interface Parameter<T> {
  readonly keyword: string;
  /** The capability without which it means nothing. */
  readonly extension: string;
  /** A word for what is asked, to complete "which is needed for …". */
  readonly purpose: string;
  /** Left out without a word where the extension is missing: it is no more than a kindness. */
  readonly optional?: true;
  /** The value; empty for a keyword that has none; undefined where there is nothing to say. */
  write(asked: T): string | undefined;
  /** What a value says, or undefined when it is malformed. */
  read(value: string): T | undefined;
  /** What is wrong with a request in view of what the server announced. */
  excess?(asked: T, announced: Capabilities): string | undefined;
}

export const MAIL_PARAMETERS: readonly Parameter<MailParameters>[] = [
  {
    keyword: 'SIZE', // RFC 1870 §5
    extension: 'SIZE',
    purpose: 'announcing a size',
    optional: true,
    write: ({ size }) => size?.toString(),
    // Beyond what a number holds exactly it is only compared: too large is too large.
    read: (value) => known('size', /^\d{1,20}$/.test(value) ? Number(value) : undefined),
    excess: ({ size = 0 }, announced) => {
      const limit = sizeLimit(announced);
      if (limit === undefined || size <= limit) return undefined;
      return `the message has ${size} octets; the server takes at most ${limit}`;
    },
  },
  {
    keyword: 'BODY', // RFC 6152 §3
    extension: '8BITMIME',
    purpose: 'a message with octets above 127',
    write: ({ body }) => (body === '8bit' ? '8BITMIME' : undefined),
    read: (value) => known('body', ({ '7BIT': '7bit', '8BITMIME': '8bit' } as const)[value.toUpperCase()]),
  },
  {
    keyword: 'BODY', // RFC 3030 §3
    extension: 'BINARYMIME',
    purpose: 'a message that is not made of lines',
    write: ({ body }) => (body === 'binary' ? 'BINARYMIME' : undefined),
    read: (value) => known('body', ({ BINARYMIME: 'binary' } as const)[value.toUpperCase()]),
  },
  {
    keyword: 'SMTPUTF8', // RFC 6531 §3.4
    extension: 'SMTPUTF8',
    purpose: 'an address or a header that is not ASCII',
    write: ({ utf8 }) => (utf8 ? '' : undefined),
    read: (value) => known('utf8', value === '' || undefined),
  },
  {
    keyword: 'AUTH', // RFC 4954 §5
    extension: 'AUTH',
    purpose: 'naming who submitted the message',
    write: ({ submitter }) => (submitter === '' ? '<>' : submitter && encodeXtext(submitter)),
    read: (value) => known('submitter', value === '<>' ? '' : decodeXtext(value) || undefined),
  },
  {
    keyword: 'RET', // RFC 3461 §4.3
    extension: 'DSN',
    purpose: 'delivery reports',
    write: ({ return: part }) => part && { full: 'FULL', headers: 'HDRS' }[part],
    read: (value) => known('return', ({ FULL: 'full', HDRS: 'headers' } as const)[value.toUpperCase()]),
  },
  {
    keyword: 'ENVID', // RFC 3461 §4.4
    extension: 'DSN',
    purpose: 'delivery reports',
    write: ({ envelopeId }) => envelopeId && encodeXtext(envelopeId),
    read: (value) => {
      const id = value.length > 100 ? undefined : decodeXtext(value);
      return known('envelopeId', id !== undefined && /^[ -~]+$/.test(id) ? id : undefined);
    },
  },
  {
    keyword: 'REQUIRETLS', // RFC 8689 §2
    extension: 'REQUIRETLS',
    purpose: 'insisting on TLS for the whole way',
    write: ({ requireTls }) => (requireTls ? '' : undefined),
    read: (value) => known('requireTls', value === '' || undefined),
  },
  {
    keyword: 'HOLDFOR', // RFC 4865 §3
    extension: 'FUTURERELEASE',
    purpose: 'holding a message back',
    write: ({ hold }) => (hold !== undefined && 'seconds' in hold ? String(hold.seconds) : undefined),
    read: (value) => {
      const seconds = parseDecimal(value, 999_999_999);
      return seconds ? { hold: { seconds } } : undefined;
    },
    excess: ({ hold }, announced) => {
      const most = parseDecimal(announced.get('FUTURERELEASE')?.[0] ?? '');
      if (most === undefined || hold === undefined || !('seconds' in hold) || hold.seconds <= most) return undefined;
      return `the server holds a message for at most ${most} seconds, and ${hold.seconds} are asked for`;
    },
  },
  {
    keyword: 'HOLDUNTIL',
    extension: 'FUTURERELEASE',
    purpose: 'holding a message back',
    write: ({ hold }) => (hold !== undefined && 'until' in hold ? formatTime(hold.until) : undefined),
    read: (value) => {
      const until = parseTime(value);
      return until && { hold: { until } };
    },
    excess: ({ hold }, announced) => {
      if (hold === undefined || !('until' in hold)) return undefined;
      const latest = parseTime(announced.get('FUTURERELEASE')?.[1] ?? '');
      if (hold.until.getTime() <= Date.now()) return `${formatTime(hold.until)} is past`;
      if (latest === undefined || hold.until <= latest) return undefined;
      return `the server holds a message until ${formatTime(latest)} at the latest`;
    },
  },
  {
    keyword: 'BY', // RFC 2852 §4
    extension: 'DELIVERBY',
    purpose: 'delivery in time',
    write: ({ deliverBy }) => {
      if (deliverBy === undefined) return undefined;
      const { seconds, late, trace } = deliverBy;
      return `${seconds};${late === 'return' ? 'R' : 'N'}${trace ? 'T' : ''}`;
    },
    read: (value) => known('deliverBy', parseDeliverBy(value)),
    excess: ({ deliverBy }, announced) => {
      const least = parseDecimal(announced.get('DELIVERBY')?.[0] ?? '');
      if (least === undefined || deliverBy?.late !== 'return' || deliverBy.seconds >= least) return undefined;
      return `the server needs at least ${least} seconds to deliver, and ${deliverBy.seconds} are asked for`;
    },
  },
  {
    keyword: 'MT-PRIORITY', // RFC 6710 §4
    extension: 'MT-PRIORITY',
    purpose: 'a priority',
    write: ({ priority }) => priority?.toString(),
    read: (value) => known('priority', /^(?:\d|-[1-9])$/.test(value) ? Number(value) : undefined),
  },
];

export const RCPT_PARAMETERS: readonly Parameter<RecipientRequests>[] = [
  {
    keyword: 'NOTIFY', // RFC 3461 §4.1
    extension: 'DSN',
    purpose: 'delivery reports',
    write: ({ notify }) => (typeof notify === 'string' ? 'NEVER' : notify?.join(',').toUpperCase()),
    read: (value) => known('notify', parseNotify(value)),
  },
  {
    keyword: 'ORCPT', // RFC 3461 §4.2, RFC 6533 §3
    extension: 'DSN',
    purpose: 'delivery reports',
    write: ({ originalRecipient: original }) =>
      original && `${original.type};${codeOf(original.type).encode(original.address)}`,
    read: (value) => {
      const [, type = '', text = ''] = /^([A-Za-z\d-]+);(.+)$/s.exec(value) ?? [];
      const address = value.length > 500 ? undefined : codeOf(type).decode(text) || undefined;
      return address === undefined ? undefined : { originalRecipient: { type: type.toLowerCase(), address } };
    },
  },
];

function known<K extends string, V>(name: K, value: V | undefined): { readonly [name in K]: V } | undefined {
  return value === undefined ? undefined : ({ [name]: value } as { readonly [name in K]: V });
}

function codeOf(type: string): { encode(text: string): string; decode(text: string): string | undefined } {
  return type.toLowerCase() === 'utf-8'
    ? { encode: encodeUtf8Address, decode: decodeUtf8Address }
    : { encode: encodeXtext, decode: decodeXtext };
}

function parseNotify(value: string): 'never' | DeliveryEvent[] | undefined {
  const words = value.toLowerCase().split(',');
  if (words.length === 1 && words[0] === 'never') return 'never';
  const distinct = new Set(words).size === words.length;
  return distinct && words.every(isDeliveryEvent) ? words : undefined;
}

function isDeliveryEvent(word: string): word is DeliveryEvent {
  return word === 'success' || word === 'failure' || word === 'delay';
}

/** RFC 2852 §4: to have a message returned at once makes no sense, and is malformed. */
function parseDeliverBy(value: string): DeliverBy | undefined {
  const [matched, sign, digits = '', mode = '', trace] = /^(-?)(\d{1,9});([NR])(T?)$/i.exec(value) ?? [];
  const seconds = Number(`${sign}${digits}`);
  const late = mode.toUpperCase() === 'R' ? 'return' : 'notify';
  if (matched === undefined || (late === 'return' && seconds <= 0)) return undefined;
  return { seconds, late, trace: trace !== '' };
}
