/**
 * Reading address lists as they stand in mail (RFC 5322 §3.4 and §4.4).
 *
 * Why: the scanner goes over the text once, never recurses, and notes everything doubtful as a defect; what people type is
 * read by it too, and judged by those defects (recipient.ts). Encoded-words are decoded only after the structure is known.
 */

import { type Address, makeAddress } from './address.ts';
import { type Defect, note } from './defect.ts';
import { decodeWords } from './encoded-word.ts';
import { oneLine } from './plain-text.ts';

/** The most characters of one field that are read, and the most addresses: no letter has more readers. */
const MAX_TEXT = 512 * 1024;
export const MAX_ADDRESSES = 10_000;
/** How deep groups are told apart; what is deeper belongs to the last of these. */
const MAX_GROUPS = 50;

interface Token {
  readonly kind: 'atom' | 'quoted' | 'literal' | 'at';
  readonly text: string;
  /** White space or a comment stood before it. */
  readonly spaced: boolean;
}

export interface AddressList {
  readonly addresses: readonly Address[];
  readonly defects: readonly Defect[];
}

/** The value of an address field, unfolded or not. Never throws; what cannot be read as an address has an empty one. */
export function parseAddressList(text: string): AddressList {
  return parsePlain(text) ?? new Scanner(text).run();
}

/** Longer lists are not worth a guess. */
const MAX_PLAIN = 1000;
/** `ann@example.org`, `Ann Example <ann@example.org>` or `"Example, Ann" <ann@example.org>`, up to a comma or the end. */
const PLAIN_ADDRESS =
  /\s*(?:(?:"([^"\\]*)"|([^\s()<>[\]:;@,"]+(?: [^\s()<>[\]:;@,"]+)*))? ?<([\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*)@([\w.-]+)>|([\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*)@([\w.-]+))\s*(?:,|$)/y;

/** The forms nearly all programs write, in a tenth of the time: without comments, groups, escapes and doubt. */
function parsePlain(text: string): AddressList | undefined {
  if (text.length > MAX_PLAIN) return undefined;
  const addresses: Address[] = [];
  for (let at = 0; at < text.length; at = PLAIN_ADDRESS.lastIndex) {
    PLAIN_ADDRESS.lastIndex = at;
    const match = PLAIN_ADDRESS.exec(text);
    if (match === null) return undefined;
    const name = match[1] ?? match[2];
    const [local, domain] = [match[3] ?? match[5] ?? '', match[4] ?? match[6] ?? ''];
    const address = `${local}@${domain}`;
    addresses.push({ name: name === undefined ? '' : cleanName(name), local, domain, address });
  }
  return { addresses, defects: NONE };
}

const NONE: readonly Defect[] = [];

const SPECIAL = /[\s()<>[\]:;@,"]/g;
const QUOTE_END = /["\\]/g;
const COMMENT_END = /[()\\]/g;

class Scanner {
  readonly #text: string;
  readonly #addresses: Address[] = [];
  readonly #defects: Defect[] = [];
  #at = 0;
  #spaced = false;
  #phrase: Token[] = [];
  /** Whether an `@` is in the phrase. */
  #hasAt = false;
  #angle: Token[] | undefined;
  #angleOpen = false;
  #comment = '';
  /** Of the groups that are open, the innermost last. */
  readonly #groups: string[] = [];
  /** Groups that were opened deeper than they are followed. */
  #deeper = 0;

  constructor(text: string) {
    this.#text = text.slice(0, MAX_TEXT);
    if (text.length > MAX_TEXT) this.#defect('too-many-addresses');
  }

  run(): AddressList {
    while (this.#at < this.#text.length && this.#addresses.length < MAX_ADDRESSES) {
      this.#step(this.#text[this.#at] as string);
    }
    if (this.#at < this.#text.length) this.#defect('too-many-addresses');
    this.#flush();
    return { addresses: this.#addresses, defects: this.#defects };
  }

  #step(character: string): void {
    switch (character) {
      case '(':
        return this.#takeComment();
      case '"':
        return this.#take('quoted', this.#takeQuoted());
      case '[':
        return this.#take('literal', this.#takeLiteral());
      case '@':
        this.#at += 1;
        return this.#take('at', '@');
      case '<':
      case '>':
        this.#at += 1;
        return character === '<' ? this.#openAngle() : this.#closeAngle();
      case ',':
      case ';':
      case ':':
        this.#at += 1;
        return this.#separate(character);
      case ')':
      case ']':
        this.#at += 1;
        return this.#defect('stray-bracket');
      default:
        if (character.trim() === '') {
          this.#spaced = true;
          this.#at += 1;
        } else this.#take('atom', this.#takeAtom());
    }
  }

  #take(kind: Token['kind'], text: string): void {
    const token = { kind, text, spaced: this.#spaced };
    this.#spaced = false;
    if (this.#angle === undefined) {
      this.#phrase.push(token);
      this.#hasAt ||= kind === 'at';
    } else if (this.#angleOpen) this.#angle.push(token);
    else this.#defect('text-after-angle');
  }

  #takeAtom(): string {
    SPECIAL.lastIndex = this.#at;
    // `test` makes no object of what it finds, of which there may be a million.
    const end = SPECIAL.test(this.#text) ? SPECIAL.lastIndex - 1 : this.#text.length;
    const atom = this.#text.slice(this.#at, end);
    this.#at = end;
    return atom;
  }

  #takeQuoted(): string {
    const pieces: string[] = [];
    let start = this.#at + 1;
    QUOTE_END.lastIndex = start;
    while (QUOTE_END.test(this.#text)) {
      const end = QUOTE_END.lastIndex - 1;
      pieces.push(this.#text.slice(start, end));
      if (this.#text[end] === '"') {
        this.#at = end + 1;
        return pieces.join('');
      }
      pieces.push(this.#text.slice(end + 1, end + 2));
      start = end + 2;
      QUOTE_END.lastIndex = start;
    }
    this.#defect('unclosed-quote');
    this.#at = this.#text.length;
    pieces.push(this.#text.slice(start));
    return pieces.join('');
  }

  #takeLiteral(): string {
    const close = this.#text.indexOf(']', this.#at);
    const end = close < 0 ? this.#text.length : close + 1;
    if (close < 0) this.#defect('unclosed-literal');
    const literal = this.#text.slice(this.#at, end);
    this.#at = end;
    return literal;
  }

  #takeComment(): void {
    const start = this.#at + 1;
    let depth = 1;
    COMMENT_END.lastIndex = start;
    while (depth > 0) {
      if (!COMMENT_END.test(this.#text)) break;
      const found = this.#text[COMMENT_END.lastIndex - 1];
      if (found === '\\') COMMENT_END.lastIndex += 1;
      else depth += found === '(' ? 1 : -1;
    }
    this.#at = depth === 0 ? COMMENT_END.lastIndex : this.#text.length;
    this.#comment = this.#text.slice(start, depth === 0 ? this.#at - 1 : this.#at);
    this.#spaced = true;
    this.#defect('address-comment');
  }

  #openAngle(): void {
    if (this.#angle !== undefined) this.#defect('stray-angle');
    else [this.#angle, this.#angleOpen, this.#spaced] = [[], true, false];
  }

  #closeAngle(): void {
    if (!this.#angleOpen) this.#defect('stray-angle');
    this.#angleOpen = false;
  }

  #separate(character: string): void {
    const inRoute = this.#angleOpen && this.#angle?.[0]?.kind === 'at';
    if (inRoute && character !== ';') {
      this.#defect('source-route');
      if (character === ':') this.#angle = [];
      return;
    }
    if (character === ':' && this.#angle === undefined && !this.#hasAt) {
      this.#openGroup(decodeWords(phraseText(this.#phrase)).trim());
      this.#phrase = [];
      return;
    }
    if (character === ':') return this.#defect('stray-colon');
    this.#flush();
    if (character === ';') this.#closeGroup();
  }

  /** RFC 5322 has no groups in groups; what is in one belongs to the innermost. */
  #openGroup(name: string): void {
    if (this.#groups.length > 0) this.#defect('nested-group');
    if (this.#groups.length < MAX_GROUPS) this.#groups.push(name);
    else this.#deeper += 1;
  }

  #closeGroup(): void {
    if (this.#groups.length === 0) this.#defect('stray-semicolon');
    if (this.#deeper > 0) this.#deeper -= 1;
    else this.#groups.pop();
  }

  #flush(): void {
    const [phrase, hasAt, angle, comment] = [this.#phrase, this.#hasAt, this.#angle, this.#comment];
    if (this.#angleOpen) this.#defect('unclosed-angle');
    [this.#phrase, this.#hasAt, this.#angle, this.#angleOpen] = [[], false, undefined, false];
    [this.#comment, this.#spaced] = ['', false];
    if (angle !== undefined) {
      if (hasAt || phrase.some((token) => token.kind === 'literal')) this.#defect('phrase-special');
      this.#add(phraseText(phrase) || comment, angle);
    } else if (hasAt || phrase.length === 1) {
      this.#add(comment, phrase);
    } else if (phrase.length > 0) {
      this.#defect('no-domain');
      this.#addresses.push(makeAddress(cleanName(phraseText(phrase)), '', '', this.#groups.at(-1)));
    }
  }

  /** Several `@` can be read in several ways; the last one is taken. */
  #add(name: string, tokens: readonly Token[]): void {
    const at = tokens.findLastIndex((token) => token.kind === 'at');
    const local = tokens.slice(0, at < 0 ? tokens.length : at);
    const domain = at < 0 ? [] : tokens.slice(at + 1);
    if (local.some((token) => token.kind === 'at')) this.#defect('several-at');
    if (domain.length === 0) this.#defect('no-domain');
    if (local.some((token, index) => index > 0 && !joins(local[index - 1], token))) this.#defect('address-space');
    if (domain.length > 1) this.#defect('address-space');
    const quotedParts = local.length > 1 && local.some((token) => token.kind === 'quoted');
    if (
      quotedParts ||
      local.some((token) => token.kind === 'literal') ||
      domain.some((token) => token.kind === 'quoted')
    ) {
      this.#defect('obsolete-address');
    }
    const [left, right] = [local, domain].map((list) => list.map((token) => token.text).join(''));
    this.#addresses.push(makeAddress(cleanName(name), left ?? '', right ?? '', this.#groups.at(-1)));
  }

  #defect(code: string): void {
    note(this.#defects, { code, offset: this.#at });
  }
}

/** Two words of a local part belong together when only a dot, not a space, is between them. */
function joins(before: Token | undefined, token: Token): boolean {
  return !token.spaced && (before?.text.endsWith('.') === true || token.text.startsWith('.'));
}

function phraseText(tokens: readonly Token[]): string {
  const pieces: string[] = [];
  for (const { text, spaced } of tokens) {
    if (spaced && pieces.length > 0) pieces.push(' ');
    pieces.push(text);
  }
  return pieces.join('');
}

/** Decoding can bring out control characters that the header did not show; they never leave this file. */
function cleanName(name: string): string {
  return oneLine(decodeWords(name));
}
