/** Files a person names as input: the text of a message, a raw message. Opened at once, so that a mistake shows early. */
import { type FileHandle, open } from 'node:fs/promises';
import { AbortedError, UsageError } from '../errors.ts';

/** The most octets of a text that is typed or piped: what is larger should be an attachment. */
const MAX_TEXT = 64 * 1024 * 1024;

/** Opens a file for reading. @throws UsageError `input-missing` with what is wrong. */
export async function openInput(path: string): Promise<AsyncIterable<Uint8Array>> {
  const bad = (why: string) =>
    new UsageError('input-missing', `Cannot read ${path || '""'}: ${why}.`, { hint: 'Check the name of the file.' });
  try {
    const file = await open(path, 'r');
    if (!(await file.stat()).isDirectory()) return chunksOf(file, bad);
    await file.close();
  } catch (error) {
    throw bad(whyNot(error));
  }
  throw bad('it is a folder');
}

async function* chunksOf(file: FileHandle, bad: (why: string) => UsageError): AsyncGenerator<Uint8Array> {
  try {
    yield* file.createReadStream();
  } catch (error) {
    throw bad(whyNot(error));
  }
}

/** What `work` resolves to, unless it is stopped first: nothing can end the opening of a named pipe. @throws AbortedError. */
export function unlessStopped<T>(signal: AbortSignal | undefined, work: Promise<T>): Promise<T> {
  if (signal === undefined) return work;
  const { promise, reject } = Promise.withResolvers<never>();
  const stopped = () => reject(new AbortedError('aborted', 'Stopped; nothing was sent.'));
  if (signal.aborted) stopped();
  signal.addEventListener('abort', stopped, { once: true });
  return Promise.race([work, promise]).finally(() => signal.removeEventListener('abort', stopped));
}

/** The chunks of a source, until the work is stopped. @throws AbortedError. */
export async function* untilStopped<T>(signal: AbortSignal | undefined, source: AsyncIterable<T>): AsyncGenerator<T> {
  const chunks = source[Symbol.asyncIterator]();
  for (;;) {
    const next = await unlessStopped(signal, chunks.next());
    if (next.done === true) return;
    yield next.value;
  }
}

/** Why a file cannot be opened, as the end of a sentence. */
export function whyNot(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (code === 'ENOENT' || code === 'ENOTDIR') return 'there is no such file';
  if (code === 'EISDIR') return 'it is a folder';
  return code === 'EACCES' ? 'you have no permission' : `the system reports ${code}`;
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
