/**
 * How a parameter of MAIL or RCPT carries any text: xtext (RFC 3461 §4), and for addresses that are not ASCII
 * utf-8-addr-xtext (RFC 6533 §3). Pure, and strict when reading: a value that is not well formed is none.
 */

/** The text with everything but printable ASCII, and with `+` and `=`, as `+HH` for each octet of its UTF-8. */
export function encodeXtext(text: string): string {
  return [...Buffer.from(text, 'utf8')]
    .map((octet) => (isPlain(octet) ? String.fromCharCode(octet) : `+${hex(octet)}`))
    .join('');
}

/** The text, or undefined when `xtext` is none or its octets are no UTF-8. */
export function decodeXtext(xtext: string): string | undefined {
  if (!/^(?:[!-*,-<>-~]|\+[0-9A-F]{2})*$/.test(xtext)) return undefined;
  const octets = xtext.replace(/\+(..)/g, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16)));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(octets, 'latin1'));
  } catch {
    return undefined;
  }
}

/** An address in ASCII alone, each other character as `\x{HEX}`: fit for a server without SMTPUTF8. */
export function encodeUtf8Address(address: string): string {
  return [...address]
    .map((character) => {
      const point = character.codePointAt(0) ?? 0;
      return isPlain(point) && character !== '\\' ? character : `\\x{${hex(point)}}`;
    })
    .join('');
}

/** The address, or undefined when `text` is none. What is not ASCII may also stand for itself (utf-8-addr-unitext). */
export function decodeUtf8Address(text: string): string | undefined {
  if (!/^(?:[!-*,-<>-[\]-~\u0080-\u{10ffff}]|\\x\{[0-9A-F]{2,6}\})+$/u.test(text)) return undefined;
  const points = [...text.matchAll(/\\x\{([0-9A-F]+)\}/g)].map(([, digits = '']) => Number.parseInt(digits, 16));
  if (points.some((point) => point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))) return undefined;
  return text.replace(/\\x\{([0-9A-F]+)\}/g, (_, digits: string) => String.fromCodePoint(Number.parseInt(digits, 16)));
}

/** Printable ASCII that stands for itself in both. */
function isPlain(point: number): boolean {
  return point > 0x20 && point < 0x7f && point !== 0x2b && point !== 0x3d;
}

function hex(value: number): string {
  return value.toString(16).toUpperCase().padStart(2, '0');
}
