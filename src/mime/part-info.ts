/**
 * A part as it is listed and named to people (RFC 2183).
 *
 * Why: a listing and an extraction must say the same of a part. The file name is text from a stranger; making a path of
 * it is the store's business.
 */

import type { Part } from './part.ts';
import { oneLine } from './plain-text.ts';
import { messageIds } from './summary.ts';

export interface PartInfo {
  /** What `extractPart` takes: `1`, `2.1`. */
  readonly number: string;
  readonly type: string;
  readonly charset: string | undefined;
  /** `attachment`, `inline`, or what else the sender wrote. */
  readonly disposition: string | undefined;
  /** As the sender wrote it, on one line. Never to be used as a path. */
  readonly fileName: string | undefined;
  /** Of the content, decoded, in octets; of an embedded message, as it stands. */
  readonly size: number;
  /** With angle brackets. */
  readonly contentId: string | undefined;
}

/** The file name of a part, from where RFC 2183 puts it or from where older programs did. */
export function fileName({ disposition, params }: Part): string | undefined {
  const name = disposition?.params.get('filename') ?? params.get('name');
  return name === undefined ? undefined : oneLine(name).toWellFormed();
}

/** @param size of the decoded content, in octets. */
export function partInfo(part: Part, size: number): PartInfo {
  return {
    number: part.number,
    type: part.type,
    charset: part.params.get('charset')?.toLowerCase(),
    disposition: part.disposition?.value,
    fileName: fileName(part),
    size,
    contentId: messageIds(part.headers.raw('content-id') ?? '')[0],
  };
}
