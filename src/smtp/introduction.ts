/**
 * The arguments of MAIL and of each RCPT for a message: what a client has to say before it may send (RFC 5321 §3.3).
 *
 * Why: whatever the server did not announce is found here, before a byte has left.
 */
import { domainToASCII } from 'node:url';
import { UsageError } from '../errors.ts';
import type { Capabilities } from '../wire/capabilities.ts';
import type { BodyKind, Envelope, Outgoing } from './envelope.ts';
import { formatPath, isAscii } from './grammar.ts';
import { MAIL_PARAMETERS, type Parameter, RCPT_PARAMETERS } from './parameters.ts';

export interface Arguments {
  /** The argument of MAIL. */
  readonly sender: string;
  /** That of each RCPT. */
  readonly recipients: readonly string[];
}

/**
 * @throws UsageError, with nothing sent: `EXTENSION-not-offered` (`dsn-not-offered`) for what the server cannot do,
 *   `message-too-large`, `request-out-of-bounds` for more than it announced, `bad-request` for a value that is none,
 *   `bad-address`, `no-recipient`.
 */
export function introduce(
  { capabilities, tls, lmtp }: { readonly capabilities: Capabilities; readonly tls: boolean; readonly lmtp: boolean },
  envelope: Envelope,
  message: Outgoing,
): Arguments {
  if (envelope.recipients.length === 0) {
    throw new UsageError('no-recipient', 'The message has no recipient.', { phase: 'envelope' });
  }
  // RFC 8689 §2: an offer that came in clear counts for nothing.
  if (envelope.requireTls && !tls) throw notOffered('REQUIRETLS', 'insisting on TLS, over a connection without it');
  // RFC 3030 §3: DATA has no place for what is not made of lines.
  if (message.isBinary && !capabilities.has('CHUNKING')) throw notOffered('CHUNKING', 'a message not made of lines');
  const [from = '', ...recipients] = [envelope.from, ...envelope.recipients].map((address) => {
    return wireAddress(address, capabilities);
  });
  const mail = {
    ...envelope,
    size: message.size,
    body: bodyOf(message),
    utf8: message.needsUtf8 === true || ![from, ...recipients].every(isAscii),
  };
  return {
    sender: `FROM:${formatPath(from)}${format(MAIL_PARAMETERS, mail, capabilities)}`,
    recipients: recipients.map((address, at) => {
      const asked = envelope.requests?.get(envelope.recipients[at] ?? '') ?? {};
      // QUIRK: RFC 2033 leaves addresses as they are in SMTP. Servers that keep mail know users without a domain as well.
      return `TO:${formatPath(address, lmtp)}${format(RCPT_PARAMETERS, asked, capabilities)}`;
    }),
  };
}

/**
 * The message in the form that is shortest, and least changed, of those this server takes (RFC 6152, RFC 3030), up to
 * `most`.
 */
export function writtenFor(capabilities: Capabilities, message: Outgoing, most: BodyKind = 'binary'): Outgoing {
  const binary = capabilities.has('BINARYMIME') && capabilities.has('CHUNKING');
  const taken = binary ? 'binary' : capabilities.has('8BITMIME') ? '8bit' : '7bit';
  return message.encode?.(KINDS.find((kind) => kind === most || kind === taken) ?? '7bit') ?? message;
}

const KINDS: readonly BodyKind[] = ['7bit', '8bit', 'binary'];

function bodyOf({ isBinary, has8bit }: Outgoing): BodyKind {
  return isBinary ? 'binary' : has8bit ? '8bit' : '7bit';
}

/** The parameters with their spaces in front. */
function format<T>(table: readonly Parameter<T>[], asked: T, capabilities: Capabilities): string {
  const words = table.map((parameter) => {
    const { keyword, extension, purpose, optional } = parameter;
    const value = parameter.write(asked);
    if (value === undefined) return '';
    if (parameter.read(value) === undefined) {
      throw new UsageError('bad-request', `${JSON.stringify(value.slice(0, 80))} is no value of ${keyword}.`, {
        phase: 'envelope',
      });
    }
    if (!capabilities.has(extension)) {
      if (optional) return '';
      throw notOffered(extension, purpose);
    }
    const excess = parameter.excess?.(asked, capabilities);
    if (excess !== undefined) throw tooMuch(keyword, excess);
    return value === '' ? ` ${keyword}` : ` ${keyword}=${value}`;
  });
  return words.join('');
}

/** The error for what a server does not announce; `purpose` completes "which is needed for". */
export function notOffered(extension: string, purpose: string): UsageError {
  return new UsageError(
    `${extension.toLowerCase()}-not-offered`,
    `The server does not offer ${extension}, which is needed for ${purpose}.`,
    { phase: 'mail', hint: 'Nothing was sent. Send the message without it, or through another server.' },
  );
}

function tooMuch(keyword: string, excess: string): UsageError {
  const isSize = keyword === 'SIZE';
  return new UsageError(
    isSize ? 'message-too-large' : 'request-out-of-bounds',
    `${excess.charAt(0).toUpperCase()}${excess.slice(1)}.`,
    { phase: 'mail', hint: isSize ? 'Send fewer or smaller attachments.' : 'Nothing was sent. Ask for less.' },
  );
}

/**
 * The address as this server takes it: as it is, or without SMTPUTF8 with its domain as A-labels (RFC 5890 §2.3.2.1). A
 * local part cannot be rewritten: only its own server knows what it means (RFC 6531 §3.1).
 */
function wireAddress(address: string, capabilities: Capabilities): string {
  if (isAscii(address) || capabilities.has('SMTPUTF8')) return address;
  const [, local = address, name = ''] = /^(.*)@(.*)$/s.exec(address) ?? [];
  const domain = asciiDomain(name);
  if (isAscii(local) && domain !== undefined) return `${local}@${domain}`;
  throw notOffered('SMTPUTF8', `the address ${JSON.stringify(address.slice(0, 80))}`);
}

/** A URL's idea of a host goes further than a domain: it also reads `%2E` as a dot, and `１.２` as an IP address. */
function asciiDomain(domain: string): string | undefined {
  const ascii = domain.includes('%') ? '' : domainToASCII(domain);
  return ascii === '' || /^[\d.]+$/.test(ascii) ? undefined : ascii;
}
