/**
 * The four messages of SCRAM and their attribute grammar (RFC 5802 §5.1 and §7).
 *
 * Why apart: this is all the text there is; the exchange sees values. Order and names of the attributes are fixed by the
 * RFC, so a message is read by position. A reader returns undefined, or the reason as a string where a person will want
 * to know it. This file must never know a password or a key.
 */

import type { ChannelBinding } from './binding.ts';
import { base64, readBase64, readUtf8, utf8 } from './text.ts';

/** In bytes: the longest AUTH line that RFC 4954 §4 foresees. */
export const MAX_SCRAM_MESSAGE = 12_288;
/** In bytes; servers use 16 to 64. */
export const MAX_SALT = 1024;
/** RFC 7677 §4: fewer make a stolen exchange cheap to search. */
export const MIN_ITERATIONS = 4096;
/** Some seconds of one core: more is a server that spends our time. */
export const MAX_ITERATIONS = 5_000_000;

export interface ServerFirst {
  readonly nonce: string;
  readonly salt: Uint8Array;
  readonly iterations: number;
}

export interface ClientFirst {
  /** The GS2 header, which the client repeats in its final message. */
  readonly header: string;
  /** `n`, `y`, or `p=` with the type of channel binding. */
  readonly flag: string;
  readonly bare: string;
  readonly user: string;
  readonly authzid: string;
  readonly nonce: string;
}

export interface ClientFinal {
  /** The base64 of the GS2 header and of what binds to the channel. */
  readonly binding: string;
  readonly nonce: string;
  readonly withoutProof: string;
  readonly proof: Uint8Array;
}

/** The text of a message, or undefined when it is too long or not UTF-8. */
export function readMessage(bytes: Uint8Array): string | undefined {
  return bytes.length > MAX_SCRAM_MESSAGE ? undefined : readUtf8(bytes);
}

/** Reads the values of a message that must begin with exactly these attributes, `r=…,s=…,i=…`; more may follow. */
function valuesOf(text: string, names: string): string[] | undefined {
  const parts = text.split(',');
  const values = [...names].map((name, i) => (parts[i]?.startsWith(`${name}=`) ? parts[i].slice(2) : undefined));
  return values.every((value) => value !== undefined) ? values : undefined;
}

/** `m=` announces an extension that must be understood; we understand none (RFC 5802 §5.1). */
function demandsExtension(text: string): boolean {
  return text.split(',').some((part) => part.startsWith('m='));
}

/** Reads `r=nonce,s=salt,i=iterations`, or says what is wrong with it. */
export function readServerFirst(text: string, clientNonce: string): ServerFirst | string {
  if (demandsExtension(text)) return 'it demands an unknown extension';
  const [nonce, salt64, count] = valuesOf(text, 'rsi') ?? [];
  if (nonce === undefined || salt64 === undefined || count === undefined)
    return 'nonce, salt or iterations are missing';
  if (!nonce.startsWith(clientNonce) || nonce.length === clientNonce.length || !isNonce(nonce)) {
    return 'its nonce does not extend ours';
  }
  const salt = readBase64(salt64);
  if (salt === undefined || salt.length === 0) return 'its salt is not base64';
  if (salt.length > MAX_SALT) return `its salt is longer than ${MAX_SALT} bytes`;
  const iterations = /^[1-9][0-9]{0,9}$/.test(count) ? Number(count) : Number.NaN;
  if (!(iterations >= MIN_ITERATIONS && iterations <= MAX_ITERATIONS)) {
    return `its iteration count is not a number from ${MIN_ITERATIONS} to ${MAX_ITERATIONS}`;
  }
  return { nonce, salt, iterations };
}

/** Reads `v=signature` or `e=error`; the signature is undefined when it is not base64. */
export function readServerFinal(
  text: string,
): { readonly signature: Uint8Array | undefined } | { readonly error: string } | undefined {
  const [error] = valuesOf(text, 'e') ?? [];
  if (error !== undefined) return { error };
  const [signature] = valuesOf(text, 'v') ?? [];
  return signature === undefined || demandsExtension(text) ? undefined : { signature: readBase64(signature) };
}

/** Reads `flag,[a=authzid],n=user,r=nonce`, where the flag is `n`, `y` or `p=type` (RFC 5801 §4). */
export function readClientFirst(text: string): ClientFirst | undefined {
  const [flag, authz] = text.split(',', 2);
  if (flag === undefined || !/^(?:n|y|p=[A-Za-z0-9.-]{1,60})$/.test(flag) || authz === undefined) return undefined;
  if (authz !== '' && !authz.startsWith('a=')) return undefined;
  const header = `${flag},${authz},`;
  const bare = text.slice(header.length);
  const [name, nonce] = valuesOf(bare, 'nr') ?? [];
  if (name === undefined || nonce === undefined || !isNonce(nonce) || demandsExtension(bare)) return undefined;
  const user = unescapeName(name);
  const authzid = unescapeName(authz.slice(2));
  return user === undefined || authzid === undefined ? undefined : { header, flag, bare, user, authzid, nonce };
}

/** Reads `c=binding,r=nonce,p=proof`, the proof last. */
export function readClientFinal(text: string): ClientFinal | undefined {
  const end = text.lastIndexOf(',p=');
  const proof = end < 0 ? undefined : readBase64(text.slice(end + 3));
  const withoutProof = text.slice(0, Math.max(end, 0));
  const [binding, nonce] = valuesOf(withoutProof, 'cr') ?? [];
  if (proof === undefined || binding === undefined || nonce === undefined) return undefined;
  return demandsExtension(withoutProof) ? undefined : { binding, nonce, withoutProof, proof };
}

/** The flag of a client that binds to the channel, could have if that had been offered, or cannot (RFC 5802 §6). */
export function bindingFlag(binding: ChannelBinding | 'unoffered' | 'none'): string {
  if (typeof binding !== 'string') return `p=${binding.type}`;
  return binding === 'unoffered' ? 'y' : 'n';
}

/** The GS2 header (RFC 5801 §4). */
export function gs2Header(flag: string, authzid = ''): string {
  return authzid === '' ? `${flag},,` : `${flag},a=${escapeName(authzid)},`;
}

/** The base64 of the GS2 header and of the channel's own value, as `c=` carries it. */
export function bindingOf(header: string, data: Uint8Array = new Uint8Array()): string {
  return base64(Buffer.concat([utf8(header), data]));
}

/** A `saslname`: the two characters that have a meaning in the grammar become `=2C` and `=3D`. */
export function escapeName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}

/** What a `saslname` stands for, or undefined when it is none. */
export function unescapeName(name: string): string | undefined {
  if (/=(?!2C|3D)/.test(name)) return undefined;
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

/** Printable ASCII without the comma (RFC 5802 §7). */
function isNonce(text: string): boolean {
  return /^[!-+\--~]+$/.test(text);
}
