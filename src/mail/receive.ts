/** One message from the server into its delivery. What this file must never know: what becomes of it then. */
import { LimitError } from '../errors.ts';
import type { Pop3Client } from '../pop3/client.ts';
import type { Delivery } from '../store/delivery.ts';

/** @param at its number in this session. @throws whatever `retr` throws; of one that is too large, with what to do about it. */
export async function receive(
  client: Pop3Client,
  at: number,
  delivery: Delivery,
  progress: (octets: number) => void,
): Promise<void> {
  try {
    await client.retr(at, (chunk) => {
      progress(chunk.length);
      return delivery.write(chunk);
    });
  } catch (error) {
    if (error instanceof LimitError) error.hint ??= 'Leave large messages on the server with --max-size.';
    throw error;
  }
}
