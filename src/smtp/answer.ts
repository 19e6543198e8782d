/** One reply of the server: the counterpart of `ask.ts`. */
import { PosthornError, SmtpReplyError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import { formatReply } from './reply.ts';

/** Writes a reply of one line, or of several; `enhanced` stands in each (RFC 2034 §4). */
export function answer(
  channel: Channel,
  code: number,
  text: string | readonly string[],
  enhanced?: string,
): Promise<void> {
  const lines = formatReply(code, text, enhanced);
  return channel.write(Buffer.from(`${lines}\r\n`), lines);
}

/** A no of our own, to be thrown; what backends throw for theirs is the same error. */
export function refused(code: number, enhanced: string, words: string): SmtpReplyError {
  return new SmtpReplyError({ code, enhanced }, words);
}

const TROUBLE = refused(451, '4.3.0', 'this server has trouble, try again later');

/**
 * Says no. A backend refuses with the error a client would get from the wire; its own trouble is told as temporary, and
 * to `fault` as it is.
 *
 * @throws why the connection has failed, once it has.
 */
export function refuse(channel: Channel, error: unknown, fault?: (error: unknown) => void): Promise<void> {
  const { failure } = channel;
  if (!(error instanceof (failure === undefined ? SmtpReplyError : PosthornError))) fault?.(error);
  if (failure !== undefined) throw failure;
  const { replyCode, message, enhanced } = error instanceof SmtpReplyError ? error : TROUBLE;
  return answer(channel, replyCode, message, enhanced);
}
