/** The options every command shares, and the readers of numbers and sizes. */
import { Command } from 'commander';
import { parseSize } from '../config/size.ts';
import { UsageError } from '../errors.ts';
import type { MessageRange } from '../mail/selection.ts';
import type { GlobalOptions } from './context.ts';

/** What can be said before or behind any command. */
function globals(): Command {
  return new Command()
    .option('-a, --account <name>', 'use this account of the configuration, or this mailbox')
    .option('-c, --config <file>', 'read this configuration file')
    .option(
      '--pop3 <url>',
      'POP3 server: pop3s://user@host, pop3:// (STLS required), pop3+insecure://, pop3+unix:///path',
    )
    .option(
      '--smtp <url>',
      'SMTP server: smtps://user@host, smtp:// (STARTTLS required), smtp+opportunistic://, smtp+insecure://, smtp+unix:///path',
    )
    .option('--passwordeval <command>', 'take the password from the first line a command prints')
    .option('--ca-file <file>', 'trust the authorities in this PEM file as well')
    .option('--tls-fingerprint <sha256>', 'accept the server certificate with this SHA-256, and no other')
    .option('--tls-certificate <file>', 'show the server this certificate of our own, in PEM')
    .option('--tls-key <file>', 'the key of that certificate, in PEM')
    .option('--auth <mechanism>', 'log in with this mechanism, or not at all')
    .option('--proxy <url>', 'connect through a proxy: socks5://host:1080, http://user@host:3128, or none')
    .option('--source-address <address>', 'connect from this address of this machine')
    .option('--timeout <time>', 'wait so long for each answer, such as 30s')
    .option('--json', 'print JSON, for programs')
    .option('--trace', 'show the conversation with the server on standard error, secrets masked')
    .option('-q, --quiet', 'say nothing but errors')
    .option('-v, --verbose', 'say more; show the last lines of the conversation with an error')
    .option('--no-input', 'never ask anything')
    .option('--no-color', 'no colours (also: NO_COLOR=1)');
}

/** Adds the options every command shares. Behind a command they are understood, and its help says where they are explained. */
export function addGlobalOptions(command: Command, place: 'before' | 'behind' = 'before'): void {
  for (const option of globals().options) command.addOption(place === 'behind' ? option.hideHelp() : option);
  if (place === 'behind')
    command.addHelpText('after', '\nposthorn --help explains the options that every command has, such as --account.');
}

/** What was said of them, before and behind the command; behind it counts. */
export function globalOptions(command: Command): GlobalOptions {
  const names = globals().options.map((option) => option.attributeName());
  const said: Record<string, unknown> = {};
  for (let at: Command | null = command; at !== null; at = at.parent) {
    for (const name of names) if (at.getOptionValueSource(name) === 'cli') said[name] ??= at.getOptionValue(name);
  }
  return said;
}

/** A message number. @throws UsageError. */
export function readNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new UsageError('bad-number', `${JSON.stringify(text)} is not a message number.`, {
    hint: 'See the numbers with posthorn list.',
  });
}

/** A message number, or two with a hyphen between them. @throws UsageError. */
export function readRange(text: string): MessageRange {
  const [matched, from, to = from] = /^([1-9]\d{0,8})(?:-([1-9]\d{0,8}))?$/.exec(text) ?? [];
  if (matched !== undefined && Number(from) <= Number(to)) return { from: Number(from), to: Number(to) };
  throw new UsageError('bad-number', `${JSON.stringify(text)} is no message number, nor a range of them.`, {
    hint: 'Write for example 3, or 3-7. See the numbers with posthorn list.',
  });
}

/** Which one, from 1 on. @throws UsageError. */
export function readPositive(text: string): number {
  const number = readCount(text);
  if (number > 0) return number;
  throw new UsageError('bad-number', `${JSON.stringify(text)} is none: they are counted from 1.`);
}

/** How many. @throws UsageError. */
export function readCount(text: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError('bad-number', `${JSON.stringify(text)} is not a whole number.`, {
    hint: 'Write for example 10.',
  });
}

/** Octets. @throws UsageError. */
export const readSize = parseSize;

/** Collects an option that may come several times. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}

/** Of these options only one makes sense. @throws UsageError `conflicting-options`, which names the first two that were given. */
export function refuseBoth<Name extends string>(
  options: Readonly<Partial<Record<Name, unknown>>>,
  names: readonly Name[],
): void {
  const [one, another] = names.filter((name) => options[name] !== undefined);
  if (one === undefined || another === undefined) return;
  throw new UsageError('conflicting-options', `${flag(one)} and ${flag(another)} cannot both be given.`);
}

/** As it is written on the command line: `bodyFile` is `--body-file`. */
export function flag(name: string): string {
  return `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
