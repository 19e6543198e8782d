/** What the index wants to know of a message. Who knows MIME says it; see `DescribeMessage`. */

export interface Person {
  /** Empty when there is none. */
  readonly name: string;
  /** `local@domain`. */
  readonly address: string;
}

/** What a list shows of a message. */
export interface MessageHeader {
  readonly subject: string;
  readonly from: readonly Person[];
  readonly to: readonly Person[];
  readonly cc: readonly Person[];
  /** In milliseconds since 1970; absent where the message says none that can be understood. */
  readonly date?: number | undefined;
  /** With angle brackets. */
  readonly messageId?: string | undefined;
  /** The Message-IDs of those that it answers, oldest first: the last is its parent. */
  readonly references: readonly string[];
}

export interface MessageContent extends MessageHeader {
  /** To be searched; not more than is worth it. */
  readonly text: string;
  /** The names of its attachments, where they have one. */
  readonly files: readonly string[];
  /** How many there are. */
  readonly attachments: number;
}

/** Says what is in a message, of any quality. @throws only what the source throws. */
export type DescribeMessage = (source: Uint8Array | AsyncIterable<Uint8Array>) => Promise<MessageContent>;
