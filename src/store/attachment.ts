/**
 * Files on their way into a message: checked before anything is sent, then read as a stream.
 *
 * Why: a folder, a pipe or a file without permission must be one clear sentence at once, not a failure in the middle of
 * a transfer. What this file must never know: MIME types and encodings.
 */
import { constants } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { PosthornError, UsageError } from '../errors.ts';
import { errnoOf } from './fault.ts';
import { readChunks } from './reader.ts';

/** A file that can be attached. */
export interface AttachmentFile {
  /** The last component of its path. */
  readonly name: string;
  /** In bytes; `open` yields exactly as many. */
  readonly size: number;
  /** The content from its start, in large chunks and constant memory; may be called again. */
  open(): AsyncGenerator<Uint8Array, void, undefined>;
}

/**
 * Checks a file that is to be attached; a link to a file is followed.
 *
 * @throws UsageError `attachment-missing`, `attachment-is-folder`, `attachment-not-a-file`, `attachment-unreadable`;
 *   while reading, `attachment-changed` when the file became shorter meanwhile.
 */
export async function openAttachment(path: string): Promise<AttachmentFile> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) {
      throw new UsageError('attachment-is-folder', `Cannot attach ${path}: it is a folder.`, {
        hint: 'Pack it first, for instance with zip or tar, and attach the archive.',
      });
    }
    if (!found.isFile())
      throw new UsageError('attachment-not-a-file', `Cannot attach ${path}: it is a pipe or a device, not a file.`, {
        hint: 'Write its content to a file first, and attach that.',
      });
    await (await openFile(path)).close();
    return { name: basename(path), size: found.size, open: () => readExactly(path, found.size) };
  } catch (error) {
    throw attachmentFault(error, path);
  }
}

async function* readExactly(path: string, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    let left = size;
    for await (const chunk of readChunks(await openFile(path), path, size)) {
      left -= chunk.length;
      yield chunk;
    }
    if (left > 0)
      throw new UsageError('attachment-changed', `Cannot attach ${path}: it became shorter while it was being read.`, {
        hint: 'Nothing was sent; try again when nobody is writing to the file.',
      });
  } catch (error) {
    throw attachmentFault(error, path);
  }
}

/** Non-blocking, in case a pipe took the file's place since it was checked. */
function openFile(path: string): ReturnType<typeof open> {
  return open(path, constants.O_RDONLY | constants.O_NONBLOCK);
}

function attachmentFault(error: unknown, path: string): unknown {
  const errno = errnoOf(error);
  if (errno === 'ENOENT' || errno === 'ENOTDIR') {
    return new UsageError('attachment-missing', `Cannot attach ${path || '""'}: there is no such file.`, {
      hint: 'Check the name of the file to attach.',
      cause: error,
    });
  }
  if (error instanceof PosthornError || errno === undefined) return error;
  const forbidden = errno === 'EACCES' || errno === 'EPERM';
  const reason = forbidden ? 'you may not read it' : `the system reports ${errno}`;
  return new UsageError('attachment-unreadable', `Cannot attach ${path}: ${reason}.`, {
    hint: forbidden ? 'Check who may read it with ls -l, or attach a copy.' : 'Attach a copy of it.',
    cause: error,
  });
}
