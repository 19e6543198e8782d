/**
 * Whether a message with some content is in a mailbox, in whichever folder.
 *
 * Of what we stored the journal knows the SHA-256. What other programs delivered is read when a size gives reason to,
 * and once. What this file must never know: where the new messages come from.
 */
import type { Mailbox, StoredMessage } from './mailbox.ts';

export class KnownContent {
  readonly #mailbox: Mailbox;
  readonly #hashes = new Set<string>();
  /** Those whose content is not known, by their size. */
  readonly #unread: Map<number, StoredMessage[]>;

  constructor(mailbox: Mailbox) {
    this.#mailbox = mailbox;
    const messages = mailbox.messages();
    for (const { sha256 } of messages) if (sha256 !== undefined) this.#hashes.add(sha256);
    this.#unread = Map.groupBy(
      messages.filter(({ sha256 }) => sha256 === undefined),
      ({ size }) => size,
    );
  }

  add(sha256: string): void {
    this.#hashes.add(sha256);
  }

  async has(sha256: string, size: number): Promise<boolean> {
    const unread = this.#unread.get(size) ?? [];
    this.#unread.delete(size);
    for (const { number } of unread) this.#hashes.add(await (await this.#mailbox.read(number)).sha256());
    return this.#hashes.has(sha256);
  }
}
