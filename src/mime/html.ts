/**
 * HTML to plain text, for reading a message that has no better text.
 *
 * Why: the converter is loaded only when such a message is read, and is never let loose on what a stranger wrote without
 * limits on length, depth and breadth: it recurses. What comes out has line ends and TABs but no other control character.
 * Nothing is ever fetched: links are shown, images are left out.
 */

/** In characters; what is beyond is left out. */
const MAX_HTML = 2 * 1024 * 1024;

const MAX_NESTING = 500;

const VOID = new Set('area base br col embed hr img input link meta param source track wbr'.split(' '));

/** Elements that end by themselves where the key begins. */
const IMPLIED_ENDS = new Map(
  Object.entries({
    p: 'p',
    li: 'li',
    td: 'td th',
    th: 'td th',
    tr: 'tr td th',
    dt: 'dt dd',
    dd: 'dt dd',
    option: 'option',
  }),
);

const OPTIONS = {
  wordwrap: false,
  limits: { maxInputLength: MAX_HTML, maxDepth: 128, maxChildNodes: 20_000, maxBaseElements: 16, ellipsis: '…' },
  selectors: [
    { selector: 'a', options: { hideLinkHrefIfSameAsText: true, ignoreHref: false, noAnchorUrl: true } },
    { selector: 'img', format: 'skip' },
    { selector: 'tr', format: 'block', options: { leadingLineBreaks: 1, trailingLineBreaks: 1 } },
    ...['td', 'th'].map((selector) => ({ selector, format: 'inlineSurround', options: { suffix: ' ' } })),
    ...['h1', 'h2', 'h3', 'h4', 'h5', 'h6'].map((selector) => ({ selector, options: { uppercase: false } })),
  ],
};

/** @returns the text of an HTML document, of any quality; never throws. */
export async function htmlToText(html: string): Promise<string> {
  const { convert } = await import('html-to-text');
  const input = html.slice(0, MAX_HTML);
  return (isTooDeep(input) ? withoutTags(input) : convert(input, OPTIONS))
    .replace(/\r\n?|[\u0085\u2028\u2029]/g, '\n')
    .replace(/[^\P{Cc}\n\t]/gu, '')
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n')
    .trimEnd();
}

/**
 * Whether elements are nested deeper than in any real document: the converter's time grows with the square of the depth,
 * so such a document must never get there. This keeps the same stack of open elements, and stops when it is full.
 */
function isTooDeep(html: string): boolean {
  const stack: string[] = [];
  for (const [, slash, tag = ''] of html.matchAll(/<(\/?)([a-z][a-z0-9]{0,20})/gi)) {
    const name = tag.toLowerCase();
    if (VOID.has(name)) continue;
    if (slash === '/') {
      const open = stack.lastIndexOf(name);
      if (open >= 0) stack.length = open;
      continue;
    }
    const ended = IMPLIED_ENDS.get(name)?.split(' ') ?? [];
    while (ended.includes(stack.at(-1) ?? '')) stack.pop();
    if (stack.push(name) > MAX_NESTING) return true;
  }
  return false;
}

/** What is left when the document would defeat the converter: everything but the tags. */
function withoutTags(html: string): string {
  return html.replace(/<[^<>]*>/g, ' ').replace(/\s+/g, (space) => (space.includes('\n') ? '\n' : ' '));
}
