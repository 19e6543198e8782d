/**
 * What a message needs to travel, what may be asked of those who carry it, and what became of it (RFC 5321 §2.3.1). Values
 * alone; how they are said is in `parameters.ts`.
 */
import type { Reply } from './reply.ts';

/** What may be asked for a whole message. Each needs an extension of the server. */
export interface MailRequests {
  /** What a report of a failure brings back of the message (DSN, RFC 3461 §4.3). */
  readonly return?: 'full' | 'headers' | undefined;
  /** By which reports name the message: printable ASCII, up to a hundred characters (DSN, RFC 3461 §4.4). */
  readonly envelopeId?: string | undefined;
  /** Never to travel without verified TLS, on the whole way (RFC 8689). */
  readonly requireTls?: boolean | undefined;
  /** Not to be delivered before (FUTURERELEASE, RFC 4865). */
  readonly hold?: { readonly seconds: number } | { readonly until: Date } | undefined;
  /** To be delivered in time (RFC 2852). */
  readonly deliverBy?: DeliverBy | undefined;
  /** From -9 to 9; 0 is usual (MT-PRIORITY, RFC 6710). */
  readonly priority?: number | undefined;
  /**
   * Who handed the message in first, or nothing where that is not known (AUTH, RFC 4954 §5). A server believes it only of
   * a client that it trusts to know.
   */
  readonly submitter?: string | undefined;
}

export interface DeliverBy {
  /** From now; with `notify` they may be over already. */
  readonly seconds: number;
  /** What happens when they are over: the message comes back, or a notice does and it goes on. */
  readonly late: 'return' | 'notify';
  /** Whether each relay reports that it passed the message on. */
  readonly trace?: boolean | undefined;
}

export type DeliveryEvent = 'success' | 'failure' | 'delay';

/** What may be asked for one recipient (DSN, RFC 3461 §4.1, §4.2). */
export interface RecipientRequests {
  /** What is reported to the sender; by default failures and, at the servers' discretion, delays. */
  readonly notify?: 'never' | readonly DeliveryEvent[] | undefined;
  /** The address the sender wrote, where that is another one; `type` is `rfc822`, or `utf-8` for one that is not ASCII. */
  readonly originalRecipient?: { readonly type: string; readonly address: string } | undefined;
}

export interface Envelope extends MailRequests {
  /** The sender to whom failures are reported; empty for none. */
  readonly from: string;
  readonly recipients: readonly string[];
  /** What is asked for some recipients, by their addresses. */
  readonly requests?: ReadonlyMap<string, RecipientRequests> | undefined;
}

/** What the octets of a body may be (RFC 6152, RFC 3030 §3). */
export type BodyKind = '7bit' | '8bit' | 'binary';

/** An envelope as a server gets it, with what was said of the message to come. */
export interface ReceivedEnvelope extends Envelope {
  readonly body: BodyKind;
  /** Addresses or headers may be UTF-8 (RFC 6531). */
  readonly utf8: boolean;
  /** Octets, as announced (RFC 1870); undefined when they were not. */
  readonly size: number | undefined;
}

export interface Outgoing {
  /** The message, in chunks, from its beginning each time. */
  chunks(): AsyncIterable<Uint8Array>;
  /** Octets, where known: announced to the server, and compared with its limit before anything is sent (RFC 1870). */
  readonly size?: number | undefined;
  /** Every line end is known to be CRLF; otherwise bare ones are made so on the way. */
  readonly exactLines?: boolean | undefined;
  /** Octets above 127 in the body: needs 8BITMIME (RFC 6152). */
  readonly has8bit?: boolean | undefined;
  /** Octets that are no lines, bare CR and LF among them: needs BINARYMIME (RFC 3030 §3). */
  readonly isBinary?: boolean | undefined;
  /**
   * The same message written for a server that takes lines of ASCII, lines of any octets, or any octets. Asked for once
   * that is known; without it the message is what it is.
   */
  encode?(most: BodyKind): Outgoing;
  /** UTF-8 in addresses or headers: needs SMTPUTF8 (RFC 6531). */
  readonly needsUtf8?: boolean | undefined;
}

export interface SendOptions {
  /** Send to the recipients that were accepted although others were refused. By default nobody gets it then. */
  readonly partial?: boolean | undefined;
  /** The most that is made of what the server takes, where the message can be written in several forms. */
  readonly most?: BodyKind | undefined;
  /** Called with the octets of each piece of the message as it leaves. */
  readonly progress?: ((octets: number) => void) | undefined;
}

export interface RecipientResult {
  readonly address: string;
  readonly accepted: boolean;
  readonly reply: Reply;
}

/** `sent`: the server took responsibility. `refused`: nobody gets the message, for the reasons of the recipients. */
export interface SendResult {
  readonly outcome: 'sent' | 'refused';
  readonly recipients: readonly RecipientResult[];
  /** The server's answer to the message; its text often names a queue id. */
  readonly reply: Reply | undefined;
}
