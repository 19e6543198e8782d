/** Reads a message of so many megabytes, which comes in chunks and is nowhere whole, and takes its attachment out. */
import { extractPart } from '../../src/mime/extract.ts';
import { readMessage } from '../../src/mime/message.ts';
import { withAttachment } from './messages.ts';

const octets = Number(process.argv[2]) * 1e6;
const small = withAttachment(570_000);
const start = small.indexOf('base64\r\n') + 'base64\r\n'.length;
const body = small.indexOf('\r\n\r\n', start) + 4;
const end = small.indexOf('--b--');

async function* chunks(): AsyncGenerator<Buffer> {
  yield small.subarray(0, body);
  for (let sent = 0; sent < octets; sent += end - body) {
    for (let at = body; at < end; at += 65_536) yield small.subarray(at, Math.min(end, at + 65_536));
  }
  yield small.subarray(end);
}

const [attachment] = (await readMessage(chunks())).attachments;
const { size } = await extractPart(chunks(), '2', () => undefined);
if (attachment?.size !== size || size < octets / 2) throw new Error('it was not read as it should');
