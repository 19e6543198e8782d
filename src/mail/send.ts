/**
 * Sends one message, composed or raw, and says what became of it (RFC 5321 §3.3, RFC 6409).
 *
 * Everything that can be wrong on this side is found before a connection is opened.
 */
import type { SendResult } from '../smtp/transaction.ts';
import type { Account, Surroundings } from './account.ts';
import { openSmtp, type Say } from './session.ts';

/** A message ready to leave, whoever made it. */
export interface Sendable {
  readonly envelope: { readonly from: string; readonly recipients: readonly string[] };
  readonly messageId: string | undefined;
  readonly size: number | undefined;
  readonly needsUtf8: boolean;
  readonly has8bit: boolean;
  /** Its line ends are exact. */
  readonly exactLines: boolean;
  chunks(): AsyncIterable<Uint8Array>;
}

export interface SendHooks {
  readonly say: Say;
  readonly progress: (octets: number) => void;
}

/**
 * Opens a session, sends the message and takes leave. By default either every recipient is accepted or nobody gets it.
 *
 * @returns also for refused recipients; see `SendResult.outcome`.
 * @throws whatever a session or a transaction throws; ConnectionLostError `unknown` when nobody can say.
 */
export async function sendMessage(
  message: Sendable,
  account: Account,
  surroundings: Surroundings,
  hooks: SendHooks,
  options: { partial?: boolean | undefined } = {},
): Promise<SendResult> {
  const client = await openSmtp(account, surroundings, hooks.say);
  try {
    const { size, has8bit, needsUtf8, exactLines } = message;
    const outgoing = { chunks: message.chunks(), size, eightBit: has8bit, utf8: needsUtf8, exactLines };
    const result = await client.send(message.envelope, outgoing, {
      partial: options.partial,
      progress: hooks.progress,
    });
    await client.quit();
    return result;
  } catch (error) {
    await client.quit();
    throw error;
  }
}
