/**
 * Modified UTF-7 (RFC 3501 §5.1.3): names of folders in ASCII, as Dovecot writes them by default. Pure.
 */

/** Any text as ASCII: `Entwürfe` is `Entw&APw-rfe`. */
export function encodeModifiedUtf7(text: string): string {
  return text.replaceAll('&', '&-').replaceAll(/[^ -~]+/g, (run) => `&${base64Of(run)}-`);
}

/** The text again; `undefined` for what `encodeModifiedUtf7` never writes, so that no two names stand for one text. */
export function decodeModifiedUtf7(name: string): string | undefined {
  const text = name.replaceAll(/&([^-]*)-/g, (_, run: string) => (run === '' ? '&' : textOf(run)));
  return encodeModifiedUtf7(text) === name ? text : undefined;
}

function base64Of(run: string): string {
  const octets = Buffer.from(run, 'utf16le').swap16();
  return octets.toString('base64').replaceAll('/', ',').replaceAll('=', '');
}

function textOf(run: string): string {
  const octets = Buffer.from(run.replaceAll(',', '/'), 'base64');
  return octets.length % 2 === 0 ? octets.swap16().toString('utf16le') : '';
}
