/**
 * Parts that belong to another part: what a multipart/related holds beside its root (RFC 2387 §3.2), and the images that
 * the HTML shows (RFC 2392).
 *
 * Why: the root is what is read, wherever it stands; and an image in the text is no attachment to be counted and saved. Only
 * images are taken for that: whatever else the HTML refers to stays in sight as an attachment.
 */

import type { Part } from './part.ts';
import { percentDecoded } from './percent.ts';
import { messageIds } from './summary.ts';

/** The parts beside a root, and all that is in them. @param parts of a message, in their order. */
export function besideRoot(parts: readonly Part[]): ReadonlySet<Part> {
  const roots = new Map<Part, Part>();
  for (const part of parts) {
    const { parent } = part;
    if (parent?.type !== 'multipart/related') continue;
    // Without a start parameter, and where no part has that id, the first one is the root.
    if (!roots.has(parent) || isStart(part, parent)) roots.set(parent, part);
  }
  const beside = new Set<Part>();
  if (roots.size === 0) return beside;
  for (const part of parts) {
    const { parent } = part;
    if (parent === undefined) continue;
    const root = roots.get(parent);
    if (beside.has(parent) || (root !== undefined && root !== part)) beside.add(part);
  }
  return beside;
}

function isStart(part: Part, { params }: Part): boolean {
  const start = params.get('start')?.trim().replace(/^<|>$/g, '');
  return start !== undefined && start !== '' && messageIds(part.headers.raw('content-id') ?? '')[0] === `<${start}>`;
}

/** The Content-IDs, with angle brackets, that HTML refers to by `cid:` URLs. */
export function referredIds(html: string): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const [, id = ''] of html.matchAll(/\bcid:([^\s"'<>()]{1,900})/gi)) {
    ids.add(`<${percentDecoded(id.replaceAll('&amp;', '&')) ?? id}>`);
  }
  return ids;
}
