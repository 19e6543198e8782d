/**
 * Domain names that are not ASCII: both their forms, and whether they can be taken for another name (UTS #39 §5).
 *
 * Why: `раураl.com` with Cyrillic letters is another domain than `paypal.com`. A label passes that keeps to one script, or
 * to scripts that are written together (§5.2, "highly restrictive"); and one whose every letter looks Latin is suspected
 * all the same. Patterns over Unicode's properties are made when the first such name is met. Pure.
 */

import { domainToASCII, domainToUnicode } from 'node:url';

export interface DomainForms {
  /** With A-labels, `xn--…`. */
  readonly ascii: string;
  /** With U-labels. */
  readonly unicode: string;
}

/** Both forms of a domain that has an internationalized label; undefined for one that is plain ASCII, or no domain. */
export function domainForms(domain: string): DomainForms | undefined {
  if (/^[ -~]*$/.test(domain) && !/(?:^|\.)xn--/i.test(domain)) return undefined;
  const ascii = domainToASCII(domain);
  const unicode = domainToUnicode(ascii);
  return ascii === '' || unicode === '' || ascii === unicode ? undefined : { ascii, unicode };
}

const SCRIPTS =
  'Latn Cyrl Grek Armn Geor Hebr Arab Syrc Thaa Ethi Deva Beng Guru Gujr Orya Taml Telu Knda Mlym Sinh Thai Laoo Tibt Mymr Khmr Mong Hani Hang Cher Cans Tfng Nkoo';
/** Scripts that are written together. */
const TOGETHER = ['Latn Hani Hira Kana', 'Latn Hani Bopo', 'Latn Hani Hang'];

let whole: RegExp[] | undefined;

function oneScript(label: string): boolean {
  whole ??= [...SCRIPTS.split(' '), ...TOGETHER].map((scripts) => {
    const properties = scripts.split(' ').map((script) => `\\p{scx=${script}}`);
    return new RegExp(`^[${properties.join('')}\\p{scx=Zyyy}\\p{scx=Zinh}]+$`, 'v');
  });
  return whole.some((pattern) => pattern.test(label));
}

/** Letters of Cyrillic, Greek and Armenian that are drawn like Latin ones (UTS #39, confusables.txt). */
const LOOKS_LATIN = /^[асԁеһіјӏорԛѕԝхуүѵкмтвнгьпαοορνυικτχωγϲօսոհց\d-]+$/u;

/** Why a domain may be taken for another one; undefined where nothing speaks for it. */
export function homograph(domain: string): 'mixed-scripts' | 'looks-latin' | undefined {
  const forms = domainForms(domain);
  if (forms === undefined) return undefined;
  const labels = forms.unicode.split('.');
  if (labels.some((label) => !oneScript(label))) return 'mixed-scripts';
  const foreign = labels.filter((label) => /[^\0-\x7f]/.test(label));
  return foreign.some((label) => !/[a-z]/.test(label) && LOOKS_LATIN.test(label)) ? 'looks-latin' : undefined;
}
