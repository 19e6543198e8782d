/**
 * What stands in the mailbox for a message of which only the header came: the header as it was sent, and a text that
 * says so and how to get the rest.
 *
 * The fields that describe the body would be lies about that text, so they get other names. Pure.
 */
import { Buffer } from 'node:buffer';

/** Of a header nobody needs more to know the message by. Octets. */
export const MAX_HEADER = 256 * 1024;

const OF_THE_BODY = /^(?:content-[!-9;-~]*|mime-version)[ \t]*:/i;

/**
 * @param header what TOP gave, the empty line included or not.
 * @param size of the whole message, as the server lists it.
 */
export function composeStub(header: Uint8Array, size: number, number: number): Buffer {
  const lines = Buffer.from(header).toString('latin1').split(/\r?\n/);
  const end = lines.indexOf('');
  const fields = (end < 0 ? lines.slice(0, -1) : lines.slice(0, end)).map((line) =>
    OF_THE_BODY.test(line) ? `X-Original-${line}` : line,
  );
  const text = [
    ...fields,
    `X-Posthorn-Stub: ${size}`,
    'MIME-Version: 1.0',
    'Content-Type: text/plain; charset=us-ascii',
    '',
    `This is only the header of a message of ${inWords(size)}, which is larger than was to be`,
    'fetched. The message itself is on the server. To fetch it whole:',
    '',
    `    posthorn fetch --message ${number}`,
    '',
  ];
  return Buffer.from(text.join('\r\n'), 'latin1');
}

function inWords(size: number): string {
  return size < 1e6 ? `${Math.ceil(size / 1e3)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}
