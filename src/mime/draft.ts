/**
 * What a person wants to send, before it is a message.
 *
 * Why: plain values, so that a draft can come from flags, a script or an editor alike. Attachments are opened only while
 * the message is being sent; this file, like all of mime, knows no files.
 */

import type { Address } from './address.ts';

/** A file to go with the message. `open` is called at every iteration of the message's bytes. */
export interface Attachment {
  /** The name the reader sees: no folders. */
  readonly name: string;
  /** `image/png`; by default guessed from the name. Of any `message/*` or `multipart/*`, see `Draft.attachments`. */
  readonly type?: string | undefined;
  /** Of text, where it is known: `utf-8`. */
  readonly charset?: string | undefined;
  /**
   * All of it is lines of ASCII, or of any octets, each at most 998 long and ended by CRLF: it may go as it is. Looked at
   * for messages only; `inspectAttachment` finds it out.
   */
  readonly lines?: '7bit' | '8bit' | undefined;
  /** In octets, when known. */
  readonly size?: number | undefined;
  open(): AsyncIterable<Uint8Array>;
  /** Shown in its place, not listed: with `contentId`, as the image that `cid:…` in the HTML names. */
  readonly inline?: boolean | undefined;
  readonly contentId?: string | undefined;
}

export interface Draft {
  readonly from: Address | readonly Address[];
  /** Who really sends it; by default the first of `from`, written only when `from` has several. */
  readonly sender?: Address | undefined;
  readonly to?: readonly Address[] | undefined;
  readonly cc?: readonly Address[] | undefined;
  /** In the envelope only: no byte of the message tells of them. */
  readonly bcc?: readonly Address[] | undefined;
  readonly replyTo?: Address | readonly Address[] | undefined;
  readonly subject?: string | undefined;
  /** Any line ends; a last line without one gets one. */
  readonly text?: string | undefined;
  /** The text may be wrapped anew by its reader, and is wrapped for those that do not (RFC 3676). */
  readonly flowed?: boolean | undefined;
  readonly html?: string | undefined;
  /** An iCalendar object; with a METHOD it is an invitation, which readers can answer (RFC 5545, RFC 6047). */
  readonly calendar?: string | undefined;
  /**
   * Sent in base64, or as they are where the way takes that. RFC 2046 §5.2.1 forbids to encode `message/rfc822`, so a
   * message goes as one where its `lines` are known and the way takes them. All other `message/*` and `multipart/*` are
   * sent as `application/octet-stream` under their name.
   */
  readonly attachments?: readonly Attachment[] | undefined;
  /** More fields, as text: what is not ASCII is encoded. Those that have a place of their own here are refused. */
  readonly headers?: readonly (readonly [name: string, value: string])[] | undefined;
  readonly inReplyTo?: string | undefined;
  readonly references?: readonly string[] | undefined;
  readonly date?: Date | undefined;
  /** With or without angle brackets; by default 128 random bits at the domain of the first author. */
  readonly messageId?: string | undefined;
}
