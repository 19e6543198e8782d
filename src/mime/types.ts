/**
 * Media types by file name (RFC 2046, and the registry it founded).
 *
 * Why: a short table of what people attach to mail is enough: everything else is judged by its content (magic.ts), or is
 * `application/octet-stream`, which every program saves correctly.
 */

const TYPES = new Map<string, string>(
  Object.entries({
    '7z': 'application/x-7z-compressed',
    avif: 'image/avif',
    bmp: 'image/bmp',
    bz2: 'application/x-bzip2',
    css: 'text/css',
    csv: 'text/csv',
    doc: 'application/msword',
    docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
    eml: 'message/rfc822',
    epub: 'application/epub+zip',
    flac: 'audio/flac',
    gif: 'image/gif',
    gz: 'application/gzip',
    heic: 'image/heic',
    htm: 'text/html',
    html: 'text/html',
    ics: 'text/calendar',
    jpeg: 'image/jpeg',
    jpg: 'image/jpeg',
    js: 'text/javascript',
    json: 'application/json',
    log: 'text/plain',
    m4a: 'audio/mp4',
    md: 'text/markdown',
    mov: 'video/quicktime',
    mp3: 'audio/mpeg',
    mp4: 'video/mp4',
    odp: 'application/vnd.oasis.opendocument.presentation',
    ods: 'application/vnd.oasis.opendocument.spreadsheet',
    odt: 'application/vnd.oasis.opendocument.text',
    ogg: 'audio/ogg',
    p7s: 'application/pkcs7-signature',
    pdf: 'application/pdf',
    png: 'image/png',
    ppt: 'application/vnd.ms-powerpoint',
    pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
    ps: 'application/postscript',
    rtf: 'application/rtf',
    svg: 'image/svg+xml',
    tar: 'application/x-tar',
    tgz: 'application/gzip',
    tif: 'image/tiff',
    tiff: 'image/tiff',
    txt: 'text/plain',
    vcf: 'text/vcard',
    wav: 'audio/wav',
    webm: 'video/webm',
    webp: 'image/webp',
    xls: 'application/vnd.ms-excel',
    xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
    xml: 'application/xml',
    xz: 'application/x-xz',
    zip: 'application/zip',
    zst: 'application/zstd',
  }),
);

/** @returns the media type that the name of a file says, if it says one. */
export function knownType(fileName: string): string | undefined {
  return TYPES.get(fileName.slice(fileName.lastIndexOf('.') + 1).toLowerCase());
}

/** @returns the media type for a file of this name; `application/octet-stream` when the table does not know it. */
export function guessType(fileName: string): string {
  return knownType(fileName) ?? 'application/octet-stream';
}
