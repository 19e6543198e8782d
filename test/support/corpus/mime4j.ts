/** The corpus of Apache mime4j: for each `.msg` a tree in `_decoded.xml`, with the decoded bodies in files beside it. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type Expectation, type Tree, treeFacets } from './facets.ts';

export function mime4j(corpus: string): Expectation[] {
  const folder = join(corpus, 'mime4j');
  if (!existsSync(folder)) return [];
  const messages = readdirSync(folder).filter((name) => name.endsWith('.msg'));
  return messages.map((message) => {
    const name = basename(message, '.msg');
    const elements = [...readFileSync(join(folder, `${name}_decoded.xml`), 'latin1').matchAll(ELEMENT)];
    const { structure = [], bodies = [] } = treeFacets(readTree(elements, folder));
    return { name: `mime4j/${name}`, octets: readFileSync(join(folder, message)), facets: { structure, bodies } };
  });
}

const ELEMENT = /<(?<close>\/?)(?<tag>[a-z-]+)(?: name="(?<name>[^"]*)")?(?<empty>\/?)>(?<text>[^<]*)/g;

interface Open {
  type: string;
  readonly children: Tree[];
  body?: Uint8Array;
}

/** The elements of a part: `message` and `body-part` hold a header, then a body, a `multipart` or a `message`. */
function readTree(elements: readonly RegExpMatchArray[], folder: string): Tree {
  const whole: Open = { type: '', children: [] };
  const open: Open[] = [whole];
  for (const { groups = {} } of elements) {
    const { tag = '', close, name, text = '' } = groups;
    const part = open.at(-1) as Open;
    if (tag === 'message' || tag === 'body-part') {
      if (close === '') {
        const fallback = part.type === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
        open.push({ type: fallback, children: [] });
      } else {
        open.pop();
        open.at(-1)?.children.push(finished(part));
      }
    } else if (tag === 'field' && close === '') {
      const type = /^\s*content-type\s*:\s*([\w.+-]+\/[\w.+-]+)/i.exec(text)?.[1];
      if (type !== undefined) part.type = type.toLowerCase();
    } else if (tag.endsWith('-body')) part.body = readFileSync(join(folder, name ?? ''));
  }
  return whole.children[0] as Tree;
}

function finished({ type, children, body }: Open): Tree {
  if (body !== undefined) return { type, body };
  return { type, children };
}
