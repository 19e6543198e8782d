/** One reply of the server: the counterpart of `ask.ts`. */
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
