/**
 * Signs of danger in a message, in words: what its sender may have written to be taken for somebody else.
 *
 * Why: the address that counts is always shown, but nobody compares it with everything else each time. A sign says what is
 * odd and why it matters; it is no verdict. One list of checks, pure, the same for a person and for a program.
 */

import type { Address } from './address.ts';
import { parseAddressList } from './address-list.ts';
import { type AuthenticationResult, authentication } from './authentication.ts';
import type { Defect } from './defect.ts';
import { decodeWords } from './encoded-word.ts';
import { programSign } from './file-signs.ts';
import { hiddenIn } from './hidden.ts';
import { domainForms, homograph } from './homograph.ts';
import type { PartInfo } from './part-info.ts';
import type { Summary } from './summary.ts';

export interface Sign {
  /** Stable, in kebab case. */
  readonly code: string;
  /** A sentence for a person. It repeats what strangers wrote: to be made safe like everything else. */
  readonly text: string;
}

export interface SignOptions {
  /** The authserv-ids of receiving servers whose word is taken (RFC 8601). */
  readonly trusted?: readonly string[] | undefined;
}

type Subject = Summary & { readonly attachments?: readonly PartInfo[]; readonly defects?: readonly Defect[] };
type Check = (message: Subject, options: SignOptions) => readonly Sign[];

/** More of them would hide the first ones. */
const MAX_SIGNS = 20;

const CHECKS: readonly Check[] = [
  fromSigns,
  nameSigns,
  domainSigns,
  replySigns,
  (message, { trusted = [] }) => authenticationSigns(authentication(message.headers, trusted)),
  hiddenSigns,
  fileSigns,
  structureSigns,
];

/** The signs of a message, the gravest kind first; none for nearly every message. */
export function signs(message: Subject, options: SignOptions = {}): Sign[] {
  return CHECKS.flatMap((check) => check(message, options)).slice(0, MAX_SIGNS);
}

function fromSigns({ headers, from }: Subject): Sign[] {
  const fields = headers.rawAll('from');
  const real = from.filter(({ domain }) => domain !== '');
  const found: Sign[] = [];
  if (fields.length === 0) found.push(sign('from-missing', 'There is no From: nobody says who wrote this.'));
  else if (real.length === 0)
    found.push(sign('from-missing', 'There is no address in From: nobody says who wrote this.'));
  if (fields.length > 1) {
    found.push(sign('from-several', `There are ${fields.length} From fields: programs differ in whom they show.`));
  } else if (real.length > 1) {
    found.push(sign('from-several', `From names ${real.length} senders; many programs show only the first.`));
  }
  if (fields.some(isAmbiguous) || from.some(({ local }) => local.includes('=?'))) {
    found.push(sign('from-ambiguous', 'From is written so that programs read different senders in it.'));
  }
  if (fields.some((value) => CONTROL.test(decodeWords(value)))) {
    found.push(sign('from-control', 'From hides control characters, which end the name early in some programs.'));
  }
  return found;
}

/** Comments are an old way to give a name, and a name with an `@` in it has a sign of its own. */
const ORDINARY = new Set(['address-comment', 'no-domain', 'phrase-special']);

function isAmbiguous(value: string): boolean {
  return parseAddressList(value).defects.some(({ code }) => !ORDINARY.has(code));
}

const CONTROL = /[^\P{Cc}\t]/u;

function nameSigns({ from, replyTo }: Subject): Sign[] {
  return [...from, ...replyTo].flatMap(({ name, address }) => {
    const [other] = name.normalize('NFKC').match(/[^\s<>"'“”(),;:@]{1,64}@[^\s<>"'“”(),;:@]{1,255}/u) ?? [];
    if (other === undefined || other.toLowerCase() === address.toLowerCase()) return [];
    return [
      sign(
        'name-address',
        `The name of the sender looks like the address ${other}; the real one is ${address || 'missing'}.`,
      ),
    ];
  });
}

function domainSigns({ from, replyTo }: Subject): Sign[] {
  const domains = new Set([...from, ...replyTo].map(({ domain }) => domain));
  return [...domains].flatMap((domain) => {
    const reason = homograph(domain);
    const forms = domainForms(domain);
    if (reason === undefined || forms === undefined) return [];
    const why =
      reason === 'mixed-scripts'
        ? 'mixes letters of several scripts'
        : 'is written in letters that look like Latin ones';
    return [sign('domain-lookalike', `The domain ${forms.unicode} ${why}; it really is ${forms.ascii}.`)];
  });
}

function replySigns({ from, replyTo }: Subject): Sign[] {
  const senders = from.map(hostOf).filter(Boolean);
  if (senders.length === 0) return [];
  const elsewhere = replyTo.filter(
    (address) => address.domain !== '' && !senders.some((host) => related(host, hostOf(address))),
  );
  const [first] = elsewhere;
  if (first === undefined) return [];
  return [sign('reply-elsewhere', `An answer would go to ${first.address}, not to anybody at ${senders[0]}.`)];
}

function hostOf({ domain }: Address): string {
  return (domainForms(domain)?.ascii ?? domain).toLowerCase();
}

function related(one: string, other: string): boolean {
  return one === other || one.endsWith(`.${other}`) || other.endsWith(`.${one}`);
}

function authenticationSigns(results: readonly AuthenticationResult[]): Sign[] {
  const failed = results.filter(({ method, result }) => METHODS.has(method) && FAILED.has(result));
  const passed = new Set(results.filter(({ result }) => result === 'pass').map(({ method }) => method));
  // DMARC is the verdict on the other two: one of them may fail for a forwarded letter that is genuine.
  if (passed.has('dmarc')) return [];
  return failed
    .filter(({ method }) => !passed.has(method))
    .map(({ server, method, result }) =>
      sign('authentication-failed', `${server} could not confirm the sender: ${method.toUpperCase()} says ${result}.`),
    );
}

const METHODS = new Set(['spf', 'dkim', 'dmarc']);
const FAILED = new Set(['fail', 'softfail', 'policy', 'permerror']);

function hiddenSigns({ headers, from, replyTo, subject, attachments = [] }: Subject): Sign[] {
  const texts: [what: string, text: string][] = [
    ['The subject', subject],
    ...[...from, ...replyTo].map(({ name, address }): [string, string] => ['A name', `${name} ${address}`]),
    ...attachments.map(({ fileName = '' }): [string, string] => ['The name of an attachment', fileName]),
  ];
  const found = texts.flatMap(([what, text]) => hiddenIn(text).map((hidden) => `${what} contains ${hidden}.`));
  if (CONTROL.test(decodeWords(headers.raw('subject') ?? ''))) found.push('The subject contains control characters.');
  return [...new Set(found)].map((text) => sign('hidden-text', text));
}

function fileSigns({ attachments = [] }: Subject): Sign[] {
  return attachments.flatMap((part) => {
    const kind = programSign(part);
    if (kind === undefined) return [];
    const name = `Attachment ${part.number}`;
    if (kind === 'disguised')
      return [sign('file-disguised', `${name} is a program that pretends to be something else.`)];
    return [sign('file-program', `${name} is a program: opening it runs it.`)];
  });
}

/** What says two things of itself, and what goes beyond a bound (docs/mime.md). */
const AMBIGUOUS = /^duplicate-/;
const CUT = /^(?:too-(?:deep|many-parts|many-fields)|headers?-too-long|text-truncated)$/;

function structureSigns({ defects = [] }: Subject): Sign[] {
  const some = (codes: RegExp) => defects.some(({ code }) => codes.test(code));
  const found: Sign[] = [];
  if (some(AMBIGUOUS))
    found.push(sign('structure-ambiguous', 'A part says two things of itself: programs differ in what they show.'));
  if (some(CUT))
    found.push(sign('not-all-shown', 'The message is larger or deeper than any real one: not all of it is shown.'));
  return found;
}

function sign(code: string, text: string): Sign {
  return { code, text };
}
