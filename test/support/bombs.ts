/**
 * Messages made to hurt a program that reads them, at the size they were seen or are feared at, and at any fraction of it.
 * Their content is harmless: what hurts is how much there is of it.
 */

export interface Bomb {
  readonly name: string;
  /** A defect that tells of a bound that was reached, where one must be. */
  readonly defect?: string;
  /** @param scale 1 for the whole, 0.5 for half of it. */
  make(scale: number): Buffer;
}

const CRLF = '\r\n';

/** `count` pieces at scale 1, each by its number. */
const many = (scale: number, count: number, piece: (at: number) => string): string =>
  Array.from({ length: Math.ceil(count * scale) }, (_, at) => piece(at)).join('');

const field = (name: string, value: string): string => `${name}: ${value}${CRLF}`;
const body = (text: string, fields = ''): Buffer => Buffer.from(`${fields}${CRLF}${text}`, 'latin1');
const multipart = (boundary: string): string => field('Content-Type', `multipart/mixed; boundary="${boundary}"`);
const EMBEDDED = field('Content-Type', 'message/rfc822');

function level(at: number): string {
  return `${multipart(`b${at}`)}${CRLF}--b${at}${CRLF}`;
}

function wrapped(depth: number): Buffer {
  let message = `Subject: innermost${CRLF}${CRLF}text`;
  for (let at = 0; at < depth; at++) {
    const lines = Buffer.from(message).toString('base64').replace(/.{76}/g, `$&${CRLF}`);
    message = `${EMBEDDED}Content-Transfer-Encoding: base64${CRLF}${CRLF}${lines}`;
  }
  return Buffer.from(message);
}

const STRUCTURE: readonly Bomb[] = [
  {
    name: '10,000 multiparts in one another',
    defect: 'too-deep',
    make: (scale) => body('', many(scale, 10_000, level)),
  },
  {
    name: '10,000 messages in one another',
    defect: 'too-deep',
    make: (scale) =>
      body(
        'text',
        many(scale, 10_000, () => `${EMBEDDED}${CRLF}`),
      ),
  },
  {
    name: 'multiparts and messages in one another',
    defect: 'too-deep',
    make: (scale) =>
      body(
        '',
        many(scale, 5000, (at) => `${level(at)}${EMBEDDED}${CRLF}`),
      ),
  },
  {
    name: 'messages in base64 in one another',
    defect: 'encoded-container',
    make: (scale) => wrapped(40 + Math.log(scale) / Math.log(4 / 3)),
  },
  {
    name: '1,000,000 empty parts',
    defect: 'too-many-parts',
    make: (scale) =>
      body(
        many(scale, 1e6, () => `--b${CRLF}${CRLF}`),
        multipart('b'),
      ),
  },
  {
    name: '100,000 parts with a header',
    defect: 'too-many-parts',
    make: (scale) =>
      body(
        many(scale, 1e5, (at) => `--b${CRLF}Content-Type: text/plain; name=${at}${CRLF}${CRLF}`),
        multipart('b'),
      ),
  },
  {
    name: 'a boundary of 64 KB',
    make: (scale) =>
      body(
        many(scale, 200, () => `--${'b'.repeat(65_536)}${CRLF}${CRLF}`),
        multipart('b'.repeat(65_536)),
      ),
  },
  {
    name: 'near misses of a boundary',
    make: (scale) =>
      body(
        many(scale, 1e6, () => `--boundary-${CRLF}`),
        multipart('boundary'),
      ),
  },
  {
    name: 'boundaries that begin alike, at every level',
    make: (scale) =>
      body(
        many(scale, 2e5, (at) => `--${'b'.repeat(at % 99)}x${CRLF}`),
        many(1, 90, () => level(0)),
      ),
  },
];

const HEADERS: readonly Bomb[] = [
  {
    name: '1,000,000 fields',
    defect: 'too-many-fields',
    make: (scale) =>
      body(
        '',
        many(scale, 1e6, (at) => field('X', `${at}`)),
      ),
  },
  {
    name: 'one field of 50 MB',
    defect: 'header-too-long',
    make: (scale) => body('', field('Subject', 'x'.repeat(50e6 * scale))),
  },
  {
    name: 'headers of 60 MB in fields of 1 MB',
    defect: 'headers-too-long',
    make: (scale) =>
      body(
        '',
        many(Math.max(1, scale), 60, () => field('X', 'x'.repeat(1e6 * scale))),
      ),
  },
  { name: '1,000,000 folds', make: (scale) => body('', `Subject: x${CRLF}${many(scale, 1e6, () => ` x${CRLF}`)}`) },
  {
    name: '3,000,000 empty folds',
    make: (scale) => body('', `Subject: x${CRLF}${many(scale, 3e6, () => ` ${CRLF}`)}`),
  },
  { name: 'no line behind the header', make: (scale) => Buffer.from(many(scale, 1e6, () => 'X: y')) },
  {
    name: 'no colon',
    defect: 'missing-header-end',
    make: (scale) => Buffer.from(many(scale, 1e6, () => `xyz${CRLF}`)),
  },
  {
    name: '100,000 Received',
    make: (scale) =>
      body(
        '',
        many(scale, 1e5, (at) => field('Received', `from ${at}; x`)),
      ),
  },
];

/** What one field is made of, repeated. */
const FIELDS: readonly [name: string, start: string, piece: string, count: number, defect?: string][] = [
  ['To', '', ';', 1e6],
  ['To', '', '@', 1e6],
  ['To', '', ',', 1e6],
  ['To', '', '(', 1e6],
  ['To', '', '()', 1e6],
  ['To', '"', '\\', 1e6],
  ['To', '', '<', 1e6],
  ['To', '', '[', 1e6],
  ['To', '', 'a.', 1e6],
  ['To', '', 'a ', 1e6],
  ['To', '', 'g: ', 1e5, 'nested-group'],
  ['To', '', 'ann@example.org, ', 1e5, 'too-many-addresses'],
  ['To', '', '=?utf-8?q?a?= <a@example.org>, ', 1e5, 'too-many-addresses'],
  ['Content-Type', 'a/b', '; name*0*=x', 1e5],
  ['Content-Type', 'a/b', '; x=1', 1e5, 'too-many-parameters'],
  ['Content-Type', "a/b; name*=utf-8''", '%', 1e6],
  ['Content-Type', "a/b; name*=utf-8''", '%zz', 1e6],
  ['Content-Type', 'a/b; name="', 'x', 1e6],
  ['Content-Type', 'a/b; name="', '\\"', 1e6],
  ['Content-Type', 'a/b', ';', 1e6],
  ['Content-Type', 'a/b; x=', '(', 1e6],
  ['Subject', '', '=?utf-8?q?=C3?= ', 1e6],
  ['Subject', '', '=?utf-8?q?x', 1e6],
  ['Subject', '', '=?utf-8?b?', 1e6],
  ['Subject', '', '=?=?=?=?', 1e6],
  ['Subject', '=?utf-8?q?', '=ZZ', 1e6],
  ['Subject', '=?', 'x', 2e6],
  ['Subject', '=?x?q?', ' ', 2e6],
  ['Message-ID', '', '<', 2e6],
  ['References', '', '<a@b> ', 5e5],
  ['Date', '', '(', 1e6],
  ['Date', '', '1 ', 1e6],
  ['Content-Disposition', 'attachment', '; filename*0=x', 1e5],
];

const shown = (text: string): string => (text.length > 24 ? `${text.slice(0, 24)}…` : text);

const REPEATED: readonly Bomb[] = FIELDS.map(([name, start, piece, count, defect]) => ({
  name: `${name}: ${shown(start)} and ${count.toLocaleString('en')} times ${shown(piece)}`,
  ...(defect === undefined ? {} : { defect }),
  make: (scale) => body('', field(name, start + piece.repeat(count * scale))),
}));

const NUMBERED: readonly Bomb[] = [
  {
    name: '100,000 continued parameters',
    defect: 'too-many-parameters',
    make: (scale) => body('', field('Content-Type', `a/b${many(scale, 1e5, (at) => `; name*${at}*=x`)}`)),
  },
  {
    name: '20,000 words of unknown charsets',
    make: (scale) =>
      body(
        '',
        field(
          'Subject',
          many(scale, 2e4, (at) => `=?x-${at}?q?x?= `),
        ),
      ),
  },
];

const encoded = (encoding: string, type = 'text/plain'): string =>
  `${field('Content-Type', type)}${field('Content-Transfer-Encoding', encoding)}`;

const BODIES: readonly Bomb[] = [
  { name: 'soft line breaks alone', make: (scale) => body('=\n'.repeat(5e6 * scale), encoded('quoted-printable')) },
  { name: 'escapes cut short', make: (scale) => body('=4'.repeat(5e6 * scale), encoded('quoted-printable')) },
  {
    name: 'white space in quoted-printable',
    make: (scale) => body(' '.repeat(1e7 * scale), encoded('quoted-printable')),
  },
  {
    name: 'almost soft line breaks',
    make: (scale) => body(`=${' '.repeat(999)}x`.repeat(1e4 * scale), encoded('quoted-printable')),
  },
  { name: 'padding in base64', make: (scale) => body('='.repeat(1e7 * scale), encoded('base64')) },
  { name: 'junk in base64', make: (scale) => body('QQ==!%\n'.repeat(2e6 * scale), encoded('base64')) },
  {
    name: 'files in uuencode',
    defect: 'too-many-parts',
    make: (scale) => body('begin 644 x\n#0V%T\n`\nend\n'.repeat(2e5 * scale)),
  },
  { name: 'wrong lengths in uuencode', make: (scale) => body(`begin 644 x\n${'M#\n~~~~\n'.repeat(5e5 * scale)}`) },
  {
    name: 'shifts in ISO-2022-JP',
    make: (scale) => body('\x1b$B\x1b(B'.repeat(1e6 * scale), encoded('7bit', 'text/plain; charset=iso-2022-jp')),
  },
  {
    name: 'shifts in ISO-2022-KR',
    make: (scale) => body('\x1b$)C\x0e!\x0f'.repeat(1e6 * scale), encoded('7bit', 'text/plain; charset=iso-2022-kr')),
  },
  { name: 'UTF-7', make: (scale) => body('+AGE-+'.repeat(1e6 * scale), encoded('7bit', 'text/plain; charset=utf-7')) },
  {
    name: 'UTF-8 cut short',
    defect: 'bad-charset',
    make: (scale) => body('\xe2\x82'.repeat(2e6 * scale), encoded('8bit', 'text/plain; charset=utf-8')),
  },
  { name: 'blank lines', make: (scale) => body('\r\n'.repeat(4e6 * scale)) },
  {
    name: 'flowed text',
    make: (scale) => body('> \r\n>> x \r\n'.repeat(5e5 * scale), encoded('7bit', 'text/plain; format=flowed')),
  },
];

/** Pieces of HTML, repeated. */
const MARKUP: readonly [piece: string, count: number][] = [
  ['<div>', 1e6],
  ['<b>', 1e6],
  ['</p>', 1e6],
  ['&amp;', 1e6],
  ['&', 2e6],
  ['<', 2e6],
  ['<a href="http://example.org/', 1e5],
  ['http://', 3e5],
  ['.', 1e6],
  ['@', 1e6],
  ['<table><tr><td>', 1e5],
  ['<ul><li>', 1e5],
  ['<blockquote>', 1e5],
  ['<!--', 5e5],
  ['<img src="cid:x">', 1e5],
];

const HTML: readonly Bomb[] = MARKUP.map(([piece, count]) => ({
  name: `HTML: ${count.toLocaleString('en')} times ${piece}`,
  make: (scale) => body(piece.repeat(count * scale), field('Content-Type', 'text/html')),
}));

export const BOMBS: readonly Bomb[] = [...STRUCTURE, ...HEADERS, ...REPEATED, ...NUMBERED, ...BODIES, ...HTML];
