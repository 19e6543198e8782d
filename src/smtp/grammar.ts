/**
 * SMTP as text: commands written and read, paths and their parameters (RFC 5321 §4.1.2, RFC 1870, 6152, 6531).
 *
 * Addresses reach this file as plain `local@domain`. It must never know display names or headers. Pure: no I/O.
 */
import { UsageError } from '../errors.ts';
import { CRLF } from '../wire/bytes.ts';
import { COMMANDS, type Verb } from './commands.ts';

/** RFC 5321 §4.5.3.1.3: a path has at most 256 octets, with its brackets. */
const MAX_ADDRESS = 254;
/** A domain or an address literal, as far as anybody looks (RFC 5321 §4.1.1.1): 255 octets, none of them a space or above 127. */
const NAME = /^[!-~]{1,255}$/;

/** The wire form of a command. @throws UsageError if it holds CR, LF or NUL: they could begin another command. */
export function formatCommand(verb: Verb, argument = ''): Uint8Array {
  if (/[\r\n\0]/.test(argument)) {
    throw new UsageError('bad-argument', `The argument of ${verb} contains a line break or a NUL character.`, {
      phase: verb.toLowerCase(),
    });
  }
  return Buffer.concat([Buffer.from(argument === '' ? verb : `${verb} ${argument}`, 'utf8'), CRLF]);
}

/** Quoted local parts may hold spaces, angle brackets and `@` (RFC 5321 §4.1.2); nothing else may. */
const withoutQuoted = (text: string): string => text.replace(/"(?:[^"\\]|\\.)*"/g, 'q');

/** Whether it is `local@domain` on one line, of valid UTF-8, and nothing that would end a path before its end. */
function isAddress(text: string): boolean {
  if (Buffer.byteLength(text) > MAX_ADDRESS) return false;
  const unquoted = withoutQuoted(text);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
  return /^.+@[^@]+$/s.test(unquoted) && !/[\x00-\x1f\x7f\ufffd]/.test(text) && !/[\s<>",;]/.test(unquoted);
}

/** Whether it is the part before the `@` alone, by the same rules. */
function isLocalPart(text: string): boolean {
  return !withoutQuoted(text).includes('@') && isAddress(`${text}@x`);
}

/**
 * `<address>`, or `<>` for the empty sender.
 *
 * @param bare whether an address may be a local part alone.
 * @throws UsageError for what would end the path or the command early.
 */
export function formatPath(address: string, bare = false): string {
  if (address !== '' && !isAddress(address) && !(bare && isLocalPart(address))) {
    throw new UsageError('bad-address', `${JSON.stringify(address.slice(0, 80))} is not an e-mail address.`, {
      phase: 'envelope',
      hint: 'An address looks like name@example.org.',
    });
  }
  return `<${address}>`;
}

/** The name a client gives itself, as it stands in EHLO. @throws UsageError for what is no name. */
export function formatClientName(name: string): string {
  if (NAME.test(name)) return name;
  throw new UsageError('bad-name', `${JSON.stringify(name.slice(0, 80))} is no name to give in EHLO.`, {
    phase: 'ehlo',
    hint: 'Give a domain name in ASCII, or an address literal such as [127.0.0.1].',
  });
}

/** Whether it needs no SMTPUTF8 (RFC 6531). */
export function isAscii(text: string): boolean {
  return !/[^\x00-\x7f]/.test(text);
}

export type CommandLine =
  | { readonly verb: Verb; readonly argument: string; readonly fault?: undefined }
  | { readonly fault: 'unknown' | 'arguments'; readonly verb?: Verb };

/** Reads a command as a server does, in any case of letters; of MAIL and RCPT the argument begins at the path. */
export function parseCommand(line: string): CommandLine {
  const [, keyword = '', rest = ''] = /^([A-Za-z]{4,8})(?: (.*))?$/s.exec(line.trimEnd()) ?? [];
  const verb = keyword.toUpperCase();
  if (!Object.hasOwn(COMMANDS, verb)) return { fault: 'unknown' };
  const known = verb as Verb;
  const format = COMMANDS[known].argument;
  const wrong = { fault: 'arguments', verb: known } as const;
  switch (format) {
    case 'none':
      return rest === '' ? { verb: known, argument: '' } : wrong;
    case 'name':
      return NAME.test(rest) ? { verb: known, argument: rest } : wrong;
    case 'word':
      return rest === '' ? wrong : { verb: known, argument: rest };
    case 'optional':
      return { verb: known, argument: rest };
  }
  if (rest.slice(0, format.length).toUpperCase() !== format) return wrong;
  // QUIRK: a space behind the colon is against RFC 5321 §3.3 and common, so it is passed over.
  return { verb: known, argument: rest.slice(format.length).trimStart() };
}

export interface Path {
  readonly address: string;
  /** Keywords in upper case with their values, in their order; a keyword without one has the empty value. */
  readonly parameters: readonly (readonly [keyword: string, value: string])[];
}

/** Reads `<address> KEY=VALUE …`; a source route is passed over (RFC 5321 §3.6.1). Undefined when it is none. */
export function parsePath(text: string): Path | undefined {
  const [matched, inner = '', rest = ''] = /^<((?:"(?:[^"\\]|\\.)*"|[^<>"])*)>(?: (.*))?$/s.exec(text) ?? [];
  const address = inner.replace(/^@[^:]*:/, '');
  const whole = address === '' || isAddress(address) || /^postmaster$/i.test(address);
  if (matched === undefined || !whole) return undefined;
  const words = rest.split(' ').filter((word) => word !== '');
  const parameters = words.map((word): [string, string] => {
    const at = word.indexOf('=');
    return at < 0 ? [word.toUpperCase(), ''] : [word.slice(0, at).toUpperCase(), word.slice(at + 1)];
  });
  return { address, parameters };
}
