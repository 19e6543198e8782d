/**
 * One address as a value, and how it is written: in a header (RFC 5322 §3.4, RFC 6532) and in an envelope (RFC 5321
 * §4.1.2, RFC 6531).
 *
 * Why: header and envelope are both written from this one value, so they can never name different people. Everything here
 * is strict; reading what others wrote is the business of address-list.ts.
 */

import { domainToASCII } from 'node:url';
import { UsageError } from '../errors.ts';
import { encodeWords } from './encoded-word.ts';
import { checkText } from './header.ts';
import { isOneLine } from './plain-text.ts';

export interface Address {
  /** The display name, decoded; empty when there is none. */
  readonly name: string;
  /** The part before the `@`, without quotes. */
  readonly local: string;
  /** The part after the `@`, as it was written: a U-label stays one. */
  readonly domain: string;
  /** `local@domain`, with quotes where the local part needs them. */
  readonly address: string;
  /** The group the address was listed in, if any. */
  readonly group?: string;
}

/** RFC 5321 §4.5.3.1: octets in a local part, and in a path without its angle brackets. */
const MAX_LOCAL = 64;
const MAX_ADDRESS = 254;
const DOT_ATOM = /^[\w!#$%&'*+/=?^`{|}~\u0080-\u{10FFFF}-]+(?:\.[\w!#$%&'*+/=?^`{|}~\u0080-\u{10FFFF}-]+)*$/u;
const ATOMS = /^[\w!#$%&'*+/=?^`{|}~-]+(?: [\w!#$%&'*+/=?^`{|}~-]+)*$/;
const HOST = /^[A-Za-z0-9_](?:[\w-]{0,61}[A-Za-z0-9_])?(?:\.[A-Za-z0-9_](?:[\w-]{0,61}[A-Za-z0-9_])?)*$/;
const LITERAL = /^\[[!-Z^-~]+\]$/;

/** Builds an address from its parts; checks nothing. */
export function makeAddress(name: string, local: string, domain: string, group?: string): Address {
  const address = domain === '' ? local : `${quoteLocal(local)}@${domain}`;
  return group === undefined ? { name, local, domain, address } : { name, local, domain, address, group };
}

/**
 * The address as an envelope and a header carry it: a checked local part, `@`, and the domain as A-labels.
 *
 * @throws UsageError `bad-address` with what is wrong.
 */
export function wireAddress(address: Pick<Address, 'local' | 'domain'>): string {
  const { local, domain } = address;
  if (typeof local !== 'string' || typeof domain !== 'string') throw bad('it has no local part or no domain');
  if (local === '') throw bad('there is nothing before the @');
  if (domain === '') throw bad('there is no @ and domain');
  if (!isOneLine(local + domain) || !local.isWellFormed()) throw bad('it contains a control character');
  if (local.startsWith('-')) throw bad('it begins with a hyphen, which other programs take for an option');
  if (local.includes('=?')) throw bad('it contains an encoded-word, which programs read in different ways');
  if (Buffer.byteLength(local) > MAX_LOCAL) throw bad(`the part before the @ is longer than ${MAX_LOCAL} octets`);
  const wire = `${quoteLocal(local)}@${asciiDomain(domain)}`;
  if (Buffer.byteLength(wire) > MAX_ADDRESS) throw bad(`it is longer than ${MAX_ADDRESS} octets`);
  return wire;
}

/** The envelope forms of these addresses, each once: of a domain, the case of its letters means nothing. @throws as `wireAddress`. */
export function distinctAddresses(addresses: readonly Address[]): string[] {
  const distinct = new Map<string, string>();
  for (const address of addresses) {
    const wire = wireAddress(address);
    const at = wire.lastIndexOf('@');
    const key = wire.slice(0, at) + wire.slice(at).toLowerCase();
    if (!distinct.has(key)) distinct.set(key, wire);
  }
  return [...distinct.values()];
}

function asciiDomain(domain: string): string {
  if (HOST.test(domain) || LITERAL.test(domain)) return domain;
  const ascii = /^[ -~]*$/.test(domain) ? '' : domainToASCII(domain);
  if (!HOST.test(ascii) || /^[\d.]+$/.test(ascii)) throw bad('the part after the @ is not a domain name');
  return ascii;
}

/** @returns the error for an address that cannot be used; the address itself is not repeated, as it may be hostile. */
export function bad(reason: string): UsageError {
  return new UsageError('bad-address', `The address cannot be used: ${reason}.`, {
    hint: 'Write an address as name@example.org or "Full Name" <name@example.org>.',
  });
}

/** Whether the local part needs SMTPUTF8 (RFC 6531). */
export function needsUtf8(address: Address): boolean {
  return !/^[\0-\x7f]*$/.test(address.local);
}

function quoteLocal(local: string): string {
  return DOT_ATOM.test(local) ? local : `"${local.replace(/["\\]/g, '\\$&')}"`;
}

/**
 * The pieces of an address list for `foldField`. Groups are not written: their members are.
 *
 * @throws UsageError `bad-address` or `bad-header`.
 */
export function addressPieces(field: string, addresses: readonly Address[]): string[] {
  const pieces: string[] = [];
  for (const [index, address] of addresses.entries()) {
    const wire = wireAddress(address);
    const name = namePieces(checkText('a display name', address.name), index === 0 ? field.length + 2 : 1);
    const comma = index < addresses.length - 1 ? ',' : '';
    pieces.push(...name, `${name.length === 0 ? wire : `<${wire}>`}${comma}`);
  }
  return pieces;
}

function namePieces(name: string, column: number): string[] {
  if (name.includes('=?') || name.length > 200 || !/^[ -~]*$/.test(name)) return encodeWords(name, column);
  if (name === '' || ATOMS.test(name)) return name.split(' ').filter(Boolean);
  return [`"${name.replace(/["\\]/g, '\\$&')}"`];
}

/** `Ann Example <ann@example.org>`, for people: readable Unicode, with quotes where they are needed to read it back. */
export function formatAddress(address: Address): string {
  if (address.name === '') return address.address;
  const plain = /^[\w !#$%&'*+/=?^`{|}~\u0080-\u{10FFFF}-]+$/u.test(address.name) && !/\s\s|[^\S ]/.test(address.name);
  const name = plain ? address.name : `"${address.name.replace(/["\\]/g, '\\$&')}"`;
  return address.address === '' ? name : `${name} <${address.address}>`;
}
