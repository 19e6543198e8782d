/**
 * Names in a Maildir: `<seconds>.<unique>.<tag>:2,<flags>`.
 *
 * Why: the part before the colon names a message for ever, the letters behind it change as it is read. Ours carry
 * random hex digits where the Maildir format has the host name and the process id, so that a copied mailbox tells
 * nobody where it was made. Pure: time and randomness are given.
 */

/** A file name of `new/` or `cur/`, taken apart. */
export interface MaildirName {
  /** The part that never changes. */
  readonly base: string;
  /** Letters in ASCII order, each once: D draft, F flagged, P passed, R replied, S seen, T trashed; a-z are keywords. */
  readonly flags: string;
}

/** How many random bytes `uniqueBase` wants. */
export const RANDOM_BYTES = 12;

/** A base name from the time in whole seconds and `RANDOM_BYTES` random bytes. */
export function uniqueBase(seconds: number, random: Uint8Array): string {
  const hex = Buffer.from(random).toString('hex');
  return `${Math.trunc(seconds)}.R${hex.slice(0, 16)}.${hex.slice(16)}`;
}

/** Whether `uniqueBase` made this name. */
export function isUnique(name: string): boolean {
  return /^\d+\.R[0-9a-f]{16}\.[0-9a-f]{8}$/.test(name);
}

/** Whether a name can be a base name: one component, not hidden, without an info part. */
export function isBase(name: string): boolean {
  return name !== '' && !name.startsWith('.') && !/[/:\0]/.test(name) && Buffer.byteLength(name) <= 255;
}

/** What names the message in a file name, if that is a message's; `isBase` says whether it can be. */
export function baseOf(fileName: string): string {
  const colon = fileName.indexOf(':');
  return colon === -1 ? fileName : fileName.slice(0, colon);
}

/** Takes a file name apart; `undefined` when it is no message's name. Flags of another info version are ignored. */
export function parseName(fileName: string): MaildirName | undefined {
  const base = baseOf(fileName);
  if (!isBase(base)) return undefined;
  const info = fileName.slice(base.length + 1);
  return { base, flags: info.startsWith('2,') ? sortFlags(info.slice(2)) : '' };
}

/** The file name in `cur/`. */
export function formatName({ base, flags }: MaildirName): string {
  return `${base}:2,${sortFlags(flags)}`;
}

/** Letters only, each once, in ASCII order, as the Maildir format asks. */
export function sortFlags(flags: string): string {
  return [...new Set(flags.match(/[A-Za-z]/g))].sort().join('');
}

/** The delivery time in a base name, in seconds; 0 when it has none. */
export function secondsOf(base: string): number {
  return Number(/^\d{1,15}(?=\.)/.exec(base)?.[0] ?? 0);
}
