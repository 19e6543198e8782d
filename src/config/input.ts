/** Files a person names as input: the text of a message, a raw message. Opened at once, so that a mistake shows early. */
import { open } from 'node:fs/promises';
import { UsageError } from '../errors.ts';

/** The most octets of a text that is typed or piped: what is larger should be an attachment. */
const MAX_TEXT = 64 * 1024 * 1024;

/** Opens a file for reading. @throws UsageError `input-missing` with what is wrong. */
export async function openInput(path: string): Promise<AsyncIterable<Uint8Array>> {
  const bad = (why: string) =>
    new UsageError('input-missing', `${path} ${why}.`, { hint: 'Check the name of the file.' });
  try {
    const file = await open(path, 'r');
    if (!(await file.stat()).isDirectory()) return file.createReadStream();
    await file.close();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw bad(code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`);
  }
  throw bad('is a folder');
}

/** Reads a text whole, as UTF-8. @throws UsageError `input-missing` for what is not text, or is too long. */
export async function readText(source: AsyncIterable<Uint8Array | string>, name: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let octets = 0;
  for await (const chunk of source) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    octets += bytes.length;
    if (octets > MAX_TEXT)
      throw new UsageError('input-missing', `The text in ${name} is longer than 64 MiB.`, {
        hint: 'Attach it as a file.',
      });
    chunks.push(bytes);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new UsageError('input-missing', `The text in ${name} is not valid UTF-8.`, {
      hint: 'Convert it, for instance with iconv, or attach it as a file.',
    });
  }
}
