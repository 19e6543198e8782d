/**
 * One part of a message: what its header says about its body (RFC 2045 §5, §6; RFC 2046).
 *
 * Why: how a body is to be read is decided here once, from the header alone, before an octet of the body is seen. Numbers
 * are those of RFC 3501 §6.4.5, because people know them from other programs.
 */

import { type Defect, note } from './defect.ts';
import type { Headers } from './header-fields.ts';
import { type ParameterizedValue, parseParameterized } from './params.ts';
import { isUuencode } from './uuencode.ts';

export type PartKind = 'leaf' | 'multipart' | 'message';

export interface Part {
  /**
   * `1`, `2.1`: empty for a multipart that is the whole message. A multipart that is the whole of an embedded message has
   * the number of the part that embeds it.
   */
  readonly number: string;
  readonly parent: Part | undefined;
  /** 0 for the message itself. */
  readonly depth: number;
  readonly headers: Headers;
  /** In lower case; `text/plain` where the header does not say, `message/rfc822` in a digest. */
  readonly type: string;
  readonly params: ReadonlyMap<string, string>;
  /** The transfer encoding in lower case; `7bit` where the header does not say. */
  readonly encoding: string;
  readonly kind: PartKind;
  /** Of the Content-Disposition field, if there is one. */
  readonly disposition: ParameterizedValue | undefined;
  /** Where the header and the body begin and end, in octets of the message; the ends are known at the part's end. */
  readonly start: number;
  readonly bodyStart: number;
  bodyEnd: number;
}

const UNENCODED = new Set(['7bit', '8bit', 'binary']);

/** Where a part stands, which its header cannot say. */
export interface Place {
  readonly parent: Part | undefined;
  /** Among the parts of its parent, from 1. */
  readonly index: number;
  readonly start: number;
  readonly bodyStart: number;
  /** Deeper than containers are followed. */
  readonly tooDeep: boolean;
  /** The header was too long, and ended before its end. */
  readonly cut: boolean;
}

/** @returns the part that a header block describes; what was wrong with the block is added to `defects`. */
export function makePart(headers: Headers, place: Place, defects: Defect[]): Part {
  const { parent, start, bodyStart } = place;
  const { type, params } = contentType(headers, parent, defects);
  const encoding = transferEncoding(headers, defects);
  const kind = kindOf(type, params, encoding, place, defects);
  const disposition = contentDisposition(headers, defects);
  const number = partNumber(kind, place);
  const depth = parent === undefined ? 0 : parent.depth + 1;
  const content = { type, params, encoding, kind, disposition };
  return { number, parent, depth, headers, ...content, start, bodyStart, bodyEnd: bodyStart };
}

function contentType(headers: Headers, parent: Part | undefined, defects: Defect[]) {
  const fallback = parent?.type === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
  const values = headers.rawAll('content-type');
  if (values.length > 1) note(defects, { code: 'duplicate-content-type' });
  const first = parseParameterized(values[0] ?? fallback);
  for (const defect of first.defects) note(defects, defect);
  if (/^[^\s/]+\/[^\s/]+$/.test(first.value)) return { type: first.value, params: first.params };
  note(defects, { code: 'bad-content-type' });
  return { type: fallback, params: first.params };
}

function transferEncoding(headers: Headers, defects: Defect[]): string {
  const values = headers.rawAll('content-transfer-encoding');
  if (values.length > 1) note(defects, { code: 'duplicate-transfer-encoding' });
  const encoding = values[0] === undefined ? '7bit' : parseParameterized(values[0]).value || '7bit';
  if (!UNENCODED.has(encoding) && encoding !== 'base64' && encoding !== 'quoted-printable' && !isUuencode(encoding)) {
    note(defects, { code: 'unknown-transfer-encoding' });
  }
  return encoding;
}

function contentDisposition(headers: Headers, defects: Defect[]): ParameterizedValue | undefined {
  const values = headers.rawAll('content-disposition');
  if (values[0] === undefined) return undefined;
  if (values.length > 1) note(defects, { code: 'duplicate-disposition' });
  const first = parseParameterized(values[0]);
  for (const defect of first.defects) note(defects, defect);
  return first;
}

function kindOf(
  type: string,
  params: ReadonlyMap<string, string>,
  encoding: string,
  place: Place,
  defects: Defect[],
): PartKind {
  const multipart = type.startsWith('multipart/');
  const message = type === 'message/rfc822' || type === 'message/global';
  if ((!multipart && !message) || place.cut) return 'leaf';
  if (place.tooDeep) {
    note(defects, { code: 'too-deep' });
    return 'leaf';
  }
  if (message && UNENCODED.has(encoding)) return 'message';
  if (!UNENCODED.has(encoding)) note(defects, { code: 'encoded-container' });
  if (message) return 'leaf';
  if ((params.get('boundary') ?? '').trim() !== '') return 'multipart';
  note(defects, { code: 'missing-boundary' });
  return 'leaf';
}

function partNumber(kind: PartKind, { parent, index }: Place): string {
  if (parent === undefined) return kind === 'multipart' ? '' : '1';
  if (parent.kind === 'message') return kind === 'multipart' ? parent.number : `${parent.number}.1`;
  return parent.number === '' ? String(index) : `${parent.number}.${index}`;
}
