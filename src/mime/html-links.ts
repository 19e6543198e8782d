/**
 * The links of an HTML document, numbered in the text and listed at its end.
 *
 * Why: where a link leads must be seen before it is followed, and a text that names another host than its link is said to.
 * Only what opens as a page or a letter is listed (http, https, mailto); everything else is shown as text.
 */

const LISTED = /^(?:https?:\/\/|mailto:)/i;
const SCHEME = /^[a-z][a-z0-9+.-]{0,30}:|^[\\/]{2}/i;
/** In characters: what is longer is of no use to a reader. */
const MAX_URL = 2000;
const MAX_SHOWN = 60;

export class Links {
  readonly #numbers = new Map<string, number>();

  /**
   * What stands behind the text of a link: its number, and the host where the text names another one; the target itself
   * where it cannot be listed; nothing where the text is the target already.
   */
  mark(href: string, text: string): string {
    const url = clean(href);
    if (!SCHEME.test(url)) return '';
    if (!LISTED.test(url)) return ` (${cut(url, MAX_SHOWN)})`;
    if (text.trim() === '') return '';
    if (sameTarget(url, text.trim())) return '';
    const number = this.#numbers.get(url) ?? this.#numbers.size + 1;
    this.#numbers.set(url, number);
    const elsewhere = hostElsewhere(url, text.trim());
    return ` [${number}${elsewhere === undefined ? '' : `: leads to ${cut(elsewhere, MAX_SHOWN)}`}]`;
  }

  /** The list, a line each; empty when there is nothing to list. */
  list(): string[] {
    return [...this.#numbers].map(([url, number]) => `[${number}] ${cut(url, MAX_URL)}`);
  }
}

/** As browsers read an address: without white space around it, and without line ends and TABs in it. */
function clean(href: string): string {
  return href
    .replace(/[\t\r\n]/g, '')
    .trim()
    .replace(/[\p{Cc}\s]/gu, (character) => encodeURIComponent(character));
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length)}…` : text;
}

function sameTarget(url: string, text: string): boolean {
  const plain = (address: string) => address.replace(/^mailto:|\/$/gi, '');
  return plain(url) === plain(text);
}

/** The host a link leads to, where its text looks like the address of another one. */
function hostElsewhere(url: string, text: string): string | undefined {
  const [, named] =
    /^(?:https?:\/\/)?((?:[\p{L}\p{N}-]{1,63}\.)+\p{L}{2,24})(?:[/:?#]\S*)?$/iu.exec(text.slice(0, 300)) ?? [];
  const host = hostOf(url);
  if (named === undefined || host === undefined) return undefined;
  const shown = hostOf(`http://${named}`);
  const within = (inner: string, outer: string) => inner === outer || inner.endsWith(`.${outer}`);
  const bare = (name: string) => name.replace(/^www\./, '');
  if (shown === undefined || within(bare(host), bare(shown)) || within(bare(shown), bare(host))) return undefined;
  return host;
}

function hostOf(url: string): string | undefined {
  if (!/^https?:/i.test(url) || !URL.canParse(url)) return undefined;
  return new URL(url).hostname;
}
