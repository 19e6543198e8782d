/**
 * Markdown as the two bodies of a message: HTML, and a text for those who read none.
 *
 * Why: Markdown is made to be read as it is, but for its links and escapes, so the text is the source with those undone.
 * The HTML is cleaned although its writer is ourselves: what is pasted into a text may be a stranger's. Both libraries are
 * loaded only here. Nothing is fetched, and no file is read: an image is one that is inline (`cid:NAME`) or far away.
 */

import type { IOptions } from 'sanitize-html';
import { UsageError } from '../errors.ts';

export interface Bodies {
  readonly text: string;
  /** What stands between `<body>` and `</body>`. */
  readonly html: string;
}

/** @throws UsageError `bad-markdown` where the source is nested deeper than any document. */
export async function markdownBodies(source: string): Promise<Bodies> {
  const [{ Marked }, { default: clean }] = await Promise.all([import('marked'), import('sanitize-html')]);
  return { text: readable(source), html: clean(render(new Marked(), source), ALLOWED) };
}

const ALLOWED: IOptions = {
  allowedTags:
    'a b blockquote br code dd del div dl dt em h1 h2 h3 h4 h5 h6 hr i img li ol p pre s span strong sub sup table tbody td th thead tr u ul'.split(
      ' ',
    ),
  allowedAttributes: {
    a: ['href', 'title'],
    img: ['src', 'alt', 'title', 'width', 'height'],
    ol: ['start'],
    td: ['align'],
    th: ['align'],
  },
  allowedSchemes: ['http', 'https', 'mailto', 'tel'],
  allowedSchemesByTag: { img: ['cid', 'http', 'https'] },
  allowProtocolRelative: false,
};

function render(marked: { parse(source: string, options: { async: false }): string }, source: string): string {
  try {
    return marked.parse(source, { async: false });
  } catch (error) {
    throw new UsageError('bad-markdown', 'The Markdown is nested too deeply.', {
      hint: 'Send it as it is with --body-file, or attach it.',
      cause: error,
    });
  }
}

/** The source line by line; what stands between fences is left alone. */
function readable(source: string): string {
  let fence: string | undefined;
  const lines = source.split(/\r?\n/).map((line) => {
    const [, mark] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
    const inside = fence !== undefined;
    if (mark !== undefined && fence === undefined) fence = mark;
    else if (mark !== undefined && fence !== undefined && mark.startsWith(fence)) fence = undefined;
    return inside || mark !== undefined ? line : readableLine(line);
  });
  return lines.join('\n');
}

/** Code as it is; `![alt](src)`; `[text](url "title")`; a character that is escaped. Each piece has a bound, so time is linear. */
const INLINE =
  /(`{1,3})[^`]{1,1000}\1|(!?)\[([^[\]]{0,1000})\]\(\s{0,9}<?([^()\s<>]{0,2000}(?:\([^()\s<>]{0,200}\))?[^()\s<>]{0,200})>?(?:\s{1,9}"[^"]{0,300}")?\s{0,9}\)|\\([!-/:-@[-`{-~])/g;

function readableLine(line: string): string {
  return line.replace(INLINE, (whole: string, code, image, text: string = '', url: string = '', escaped) => {
    if (code !== undefined) return whole;
    if (escaped !== undefined) return escaped;
    if (image === '!') return text === '' ? '' : `[${text}]`;
    return text === url || text === '' ? url : `${text} <${url.replace(/^mailto:/, '')}>`;
  });
}
