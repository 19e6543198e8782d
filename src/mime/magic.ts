/**
 * Media types by the first octets of a file, for files whose names say nothing.
 *
 * Why: a picture that is called `scan` should open as one. What this says goes into a header and nowhere else: it decides
 * nothing of what is shown or run here. This file must never know names.
 */

import { latin1 } from '../wire/bytes.ts';

/** As many octets as are worth looking at: an archive names its first entries in them. */
export const HEAD = 4096;

export interface Judged {
  readonly type: string;
  /** Of text. */
  readonly charset?: string;
}

/** The octets at a place in the file, as Latin-1, and what they mean. The first row that fits counts. */
const MAGIC: readonly (readonly [at: number, octets: string, type: string])[] = [
  [0, '%PDF-', 'application/pdf'],
  [0, '\x89PNG\r\n\x1a\n', 'image/png'],
  [0, '\xff\xd8\xff', 'image/jpeg'],
  [0, 'GIF87a', 'image/gif'],
  [0, 'GIF89a', 'image/gif'],
  [8, 'WEBP', 'image/webp'],
  [8, 'WAVE', 'audio/wav'],
  [0, 'II*\0', 'image/tiff'],
  [0, 'MM\0*', 'image/tiff'],
  [4, 'ftypM4A', 'audio/mp4'],
  [4, 'ftypavif', 'image/avif'],
  [4, 'ftypheic', 'image/heic'],
  [4, 'ftypqt', 'video/quicktime'],
  [4, 'ftyp', 'video/mp4'],
  [0, '\x1aE\xdf\xa3', 'video/webm'],
  [0, 'ID3', 'audio/mpeg'],
  [0, '\xff\xfb', 'audio/mpeg'],
  [0, 'OggS', 'audio/ogg'],
  [0, 'fLaC', 'audio/flac'],
  [0, '\x1f\x8b', 'application/gzip'],
  [0, 'BZh', 'application/x-bzip2'],
  [0, '\xfd7zXZ\0', 'application/x-xz'],
  [0, '\x28\xb5\x2f\xfd', 'application/zstd'],
  [0, '7z\xbc\xaf\x27\x1c', 'application/x-7z-compressed'],
  [257, 'ustar', 'application/x-tar'],
  [0, '%!PS', 'application/postscript'],
  [0, '{\\rtf', 'application/rtf'],
];

const OFFICE = 'application/vnd.openxmlformats-officedocument';
/** What an archive holds, by the name of one of its first entries. */
const ARCHIVES: readonly (readonly [entry: string, type: string])[] = [
  ['word/', `${OFFICE}.wordprocessingml.document`],
  ['xl/', `${OFFICE}.spreadsheetml.sheet`],
  ['ppt/', `${OFFICE}.presentationml.presentation`],
];

/** @param head the first octets of a file, at least `HEAD` of them where there are so many. */
export function judge(head: Uint8Array): Judged {
  const beginning = head.subarray(0, HEAD);
  const text = latin1(beginning);
  if (text.startsWith('PK\x03\x04')) return { type: archiveType(text) };
  const found = MAGIC.find(([at, octets]) => text.startsWith(octets, at));
  if (found !== undefined) return { type: found[2] };
  return textOf(beginning) ?? { type: 'application/octet-stream' };
}

/** ODF and EPUB say in their first entry what they are, uncompressed. */
function archiveType(head: string): string {
  const [, said] = /^.{30}mimetype(application\/[a-z0-9.+-]{1,80}?)(?=PK|$)/s.exec(head) ?? [];
  if (said !== undefined) return said;
  if (!head.includes('[Content_Types].xml')) return 'application/zip';
  return ARCHIVES.find(([entry]) => head.includes(entry))?.[1] ?? 'application/zip';
}

/** Text is UTF-8 without the control characters that text does not have, or says by its first octets that it is UTF-16. */
function textOf(head: Uint8Array): Judged | undefined {
  const [first, second] = head;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff)) {
    return { type: 'text/plain', charset: 'utf-16' };
  }
  try {
    // Where more follows, a character may be cut at the end.
    const text = new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: head.length === HEAD });
    if (text === '' || /[\0-\x08\x0e-\x1a\x1c-\x1f\x7f]/.test(text)) return undefined;
    // ASCII may be the beginning of a text in any charset.
    const isKnown = text.length < head.length || head.length < HEAD;
    return { type: 'text/plain', ...(isKnown ? { charset: 'utf-8' } : {}) };
  } catch {
    return undefined;
  }
}
