/**
 * The HTML of a message as a page that a browser can show without harm: nothing runs, nothing is fetched, nothing is sent.
 *
 * Why twice: what is not on the lists below is left out, by a parser and not by patterns; and the page forbids a browser
 * whatever might have passed (`default-src 'none'`). Images that came with the message are in the page itself, everything
 * else an image could be is its description. The letter is drawn inside a frame of its own that it cannot leave, below
 * who sent it. Pure; the library is loaded only here.
 */

import type { Attributes, IOptions, Tag } from 'sanitize-html';
import { TooMuch } from './html-render.ts';
import { percentDecoded } from './percent.ts';

export interface PageOptions {
  /** What stands above the letter: names and texts, not yet escaped. */
  readonly header: readonly (readonly [name: string, text: string])[];
  /** What is odd about the message, in words; not yet escaped. */
  readonly warnings: readonly string[];
  readonly title: string;
  /** The images that came with the message, as `data:` URLs, by their Content-ID without angle brackets. */
  readonly images: ReadonlyMap<string, string>;
}

const words = (text: string): string[] => text.split(' ');

const TAGS = words(
  'a abbr address article aside b bdi bdo big blockquote br caption center cite code col colgroup dd del dfn div dl dt em ' +
    'figcaption figure font footer h1 h2 h3 h4 h5 h6 header hr i img ins kbd li main mark nav ol p pre q s samp section ' +
    'small span strike strong sub sup table tbody td tfoot th thead time tr tt u ul var wbr',
);
/** Elements that are left out with all that is in them. */
const WITH_CONTENT = words(
  'script style title textarea option noscript iframe object embed applet svg math template xmp noembed noframes plaintext select audio video canvas datalist frameset',
);
const ATTRIBUTES = words(
  'align valign dir lang width height color face size border cellpadding cellspacing colspan rowspan start bgcolor style',
);
/** No brackets but those of colours, so no `url()`; no backslash, so nothing that only looks like one of these. */
const VALUE = /^(?:[#%.,\w\s!+-]|rgba?\([\d.,%\s]{1,40}\)){1,200}$/i;
const PROPERTIES = words(
  'background background-color border border-bottom border-bottom-color border-bottom-style border-bottom-width border-collapse ' +
    'border-color border-left border-left-color border-left-style border-left-width border-radius border-right border-right-color ' +
    'border-right-style border-right-width border-spacing border-style border-top border-top-color border-top-style border-top-width ' +
    'border-width clear color direction display float font font-family font-size font-style font-weight height letter-spacing ' +
    'line-height list-style-type margin margin-bottom margin-left margin-right margin-top max-height max-width min-height min-width ' +
    'padding padding-bottom padding-left padding-right padding-top table-layout text-align text-decoration text-indent ' +
    'text-transform vertical-align white-space width word-break word-spacing word-wrap',
);
const LINK = /^(?:https?:\/\/|mailto:)[^\s\\]/i;
/** Pictures that are only picture: SVG can hold anything. */
const PICTURE = /^data:image\/(?:png|jpe?g|gif|webp|bmp);base64,[A-Za-z0-9+/=\s]*$/i;
const MAX_DEPTH = 500;
const CONTROL = /[^\P{Cc}\n\t]/gu;

const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";

const STYLE = `body{margin:1em;font-family:sans-serif;color:#111;background:#fff}
header{border-bottom:1px solid #999;margin-bottom:1em;padding-bottom:.5em}
header p{margin:.2em 0;overflow-wrap:anywhere}.warning{color:#a00;font-weight:bold}
article{contain:content;position:relative;overflow:auto}
article a[href]::after{all:initial;content:" [" attr(href) "]";font:13px sans-serif;color:#555;background:#fff;overflow-wrap:anywhere;direction:ltr;unicode-bidi:isolate-override}
article img{max-width:100%}`;

/** A whole page from HTML, of any quality; each piece is cleaned by itself, so that none can swallow another. */
export async function cleanPage(pieces: readonly string[], options: PageOptions): Promise<string> {
  const { default: sanitize } = await import('sanitize-html');
  const cleaning = cleaningOf(options.images);
  // Control characters mean nothing in a page, and something to a terminal that shows its source.
  const { Parser } = await import('htmlparser2');
  const articles = pieces.map((html) => {
    // What no browser would draw either is shown as it is written: the library's time grows with the square of the depth.
    const harmless = isTooDeep(html, Parser) ? preformatted(html) : sanitize(html, cleaning);
    return `<article>${harmless.replace(CONTROL, '')}</article>`;
  });
  const rows = options.header.map(([name, text]) => `<p><b>${escape(name)}:</b> <bdi>${escape(text)}</bdi></p>`);
  const warnings = options.warnings.map((text) => `<p class="warning">${escape(text)}</p>`);
  return [
    '<!DOCTYPE html>',
    '<html><head><meta charset="utf-8">',
    `<meta http-equiv="Content-Security-Policy" content="${POLICY}">`,
    '<meta name="referrer" content="no-referrer"><meta http-equiv="x-dns-prefetch-control" content="off">',
    `<title>${escape(options.title)}</title><style>${STYLE}</style></head>`,
    `<body><header>${rows.join('')}${warnings.join('')}</header>`,
    ...articles,
    '</body></html>',
    '',
  ].join('\n');
}

function isTooDeep(html: string, Parser: typeof import('htmlparser2').Parser): boolean {
  let depth = 0;
  const parser = new Parser({
    onopentag: () => {
      depth += 1;
      if (depth > MAX_DEPTH) throw new TooMuch();
    },
    onclosetag: () => void (depth -= 1),
  });
  try {
    parser.end(html);
    return false;
  } catch (error) {
    if (error instanceof TooMuch) return true;
    throw error;
  }
}

function cleaningOf(images: ReadonlyMap<string, string>): IOptions {
  const styles = Object.fromEntries(PROPERTIES.map((property) => [property, [VALUE]]));
  return {
    allowedTags: TAGS,
    allowedAttributes: { '*': ATTRIBUTES, a: ['href', 'rel', 'target'], img: ['src', 'alt'] },
    allowedStyles: { '*': styles },
    allowedSchemes: ['http', 'https', 'mailto'],
    allowedSchemesByTag: { img: ['data'] },
    allowProtocolRelative: false,
    nonTextTags: WITH_CONTENT,
    nestingLimit: MAX_DEPTH,
    transformTags: { a: cleanLink, img: (_, attributes) => cleanImage(attributes, images) },
  };
}

/** A link is followed in a page of its own, which learns nothing of this one. */
function cleanLink(_: string, { href = '', ...rest }: Attributes): Tag {
  const url = href.replace(/[\t\r\n]/g, '').trim();
  if (!LINK.test(url)) return { tagName: 'a', attribs: rest };
  return { tagName: 'a', attribs: { ...rest, href: url, rel: 'noreferrer noopener', target: '_blank' } };
}

function cleanImage(attributes: Attributes, images: ReadonlyMap<string, string>): Tag {
  const { src = '', alt = '', ...rest } = attributes;
  const [, id] = /^\s*cid:(.{1,998}?)\s*$/i.exec(src) ?? [];
  // RFC 2392 §2: a Content-ID stands in a URL with what is not allowed there percent-encoded.
  const url = id === undefined ? src : (images.get(percentDecoded(id) ?? id) ?? '');
  if (PICTURE.test(url)) return { tagName: 'img', attribs: { ...rest, src: url, alt } };
  return { tagName: 'span', attribs: {}, ...(alt === '' ? {} : { text: `[image: ${alt}]` }) };
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as HTML; what could turn its direction round is written visibly by whoever gives it. */
function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character).replace(CONTROL, ' ');
}

/** Plain text as HTML, for a message that has no other. */
export function preformatted(text: string): string {
  return `<pre>${escape(text)}</pre>`;
}
