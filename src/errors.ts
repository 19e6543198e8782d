/**
 * The whole error taxonomy, on one page.
 *
 * Why: each class exists because a caller does something different with it: correct the call, read the server's
 * answer, ask for another password, refuse the connection, try later, or ask a person. Within a class, `code` is a
 * stable string that a program may compare; `message` is for people and may change. No error is ever recognised by
 * its text. What this file must never know: exit codes, colours, or any protocol's commands.
 */

export interface ErrorDetails {
  /** What was being done: `connect`, `greeting`, `starttls`, `auth`, or the verb of a command in lower case. */
  phase?: string | undefined;
  /** What the person can do next, one sentence. */
  hint?: string | undefined;
  cause?: unknown;
  /** The last lines of the conversation, secrets and bodies already masked. */
  transcript?: readonly string[] | undefined;
  /** Seconds after which the same call may succeed, where that is known. */
  retryAfter?: number | undefined;
}

/** The common ancestor: `catch (e) { if (e instanceof PosthornError) … }` covers everything thrown on purpose. */
export abstract class PosthornError extends Error {
  /** Stable and documented, in kebab case: `tls-untrusted`, `disk-full`. */
  readonly code: string;
  phase: string | undefined;
  hint: string | undefined;
  transcript: readonly string[];
  /** Seconds after which the same call may succeed, where that is known. */
  retryAfter: number | undefined;

  constructor(code: string, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.phase = details.phase;
    this.hint = details.hint;
    this.transcript = details.transcript ?? [];
    this.retryAfter = details.retryAfter;
  }

  /** Whether the same call may succeed later without anything being changed. */
  get temporary(): boolean {
    return false;
  }
}

/** Our side's mistake: a bad argument, address, file or setting. Nothing was sent. */
export class UsageError extends PosthornError {}

/** The configuration cannot be used as it is written. Nothing was sent. */
export class ConfigError extends UsageError {}

/** The server answered, politely: no. */
export abstract class ReplyError extends PosthornError {}

/** An SMTP reply of 4xx or 5xx (RFC 5321 §4.2), with its enhanced status code where one was given (RFC 3463). */
export class SmtpReplyError extends ReplyError {
  readonly replyCode: number;
  /** Such as `5.7.1`. */
  readonly enhanced: string | undefined;

  constructor(reply: { code: number; enhanced?: string | undefined }, message: string, details?: ErrorDetails) {
    super('smtp-reply', message, details);
    this.replyCode = reply.code;
    this.enhanced = reply.enhanced;
  }

  override get temporary(): boolean {
    return this.replyCode < 500;
  }
}

/** A POP3 `-ERR` (RFC 1939 §3), with its response code where one was given (RFC 2449 §8, RFC 3206). */
export class Pop3ReplyError extends ReplyError {
  /** Such as `IN-USE` or `SYS/TEMP`, in upper case and without brackets. */
  readonly respCode: string | undefined;

  constructor(respCode: string | undefined, message: string, details?: ErrorDetails) {
    super('pop3-reply', message, details);
    this.respCode = respCode;
  }

  override get temporary(): boolean {
    return this.means('IN-USE') || this.means('LOGIN-DELAY') || this.means('SYS/TEMP');
  }

  /** Whether the response code is this one, or a closer description of it (RFC 2449 §8: `SYS/TEMP/DISK`). */
  means(code: string): boolean {
    return this.respCode === code || (this.respCode?.startsWith(`${code}/`) ?? false);
  }
}

/** The credentials were refused, or no permitted way of proving them exists. */
export class AuthError extends PosthornError {
  readonly #temporary: boolean;

  constructor(code: string, message: string, details?: ErrorDetails & { temporary?: boolean }) {
    super(code, message, details);
    this.#temporary = details?.temporary ?? false;
  }

  override get temporary(): boolean {
    return this.#temporary;
  }
}

/** The peer broke the grammar. The channel is destroyed: nothing after such a byte can be trusted. */
export class ProtocolError extends PosthornError {}

/** The peer went past one of our bounds: a line, a reply, a listing, a body. The channel is destroyed. */
export class LimitError extends PosthornError {}

/** No verified TLS. There is no downgrade: the connection is given up. */
export class TlsError extends PosthornError {}

/** No connection came about: the name is unknown, the host refused, nobody answered. */
export class ConnectError extends PosthornError {
  override get temporary(): boolean {
    return true;
  }
}

/** The peer was silent, or slower than we can accept, for longer than the stated time. */
export class TimeoutError extends PosthornError {
  override get temporary(): boolean {
    return true;
  }
}

/** The caller stopped the work (an `AbortSignal`, Ctrl-C); the cause is the signal's reason. */
export class AbortedError extends PosthornError {}

/** What became of a message for one of its recipients, when its connection broke. */
export interface RecipientFate {
  readonly address: string;
  readonly fate: 'sent' | 'refused' | 'unknown';
}

/**
 * The connection ended in the middle. `outcome` says whether the request can have taken effect: `not-sent` is safe to
 * repeat, `unknown` is not, because the peer may have acted on it before the line broke (RFC 1047).
 */
export class ConnectionLostError extends PosthornError {
  outcome: 'not-sent' | 'unknown';
  /** What is known all the same where each recipient has an answer of its own (LMTP); otherwise empty. */
  readonly recipients: readonly RecipientFate[];

  constructor(
    outcome: 'not-sent' | 'unknown',
    message: string,
    details?: ErrorDetails & { recipients?: readonly RecipientFate[] },
  ) {
    super('connection-lost', message, details);
    this.outcome = outcome;
    this.recipients = details?.recipients ?? [];
  }

  override get temporary(): boolean {
    return this.outcome === 'not-sent';
  }
}

/** The disk or the mailbox: full, not permitted, damaged, in use by another process. */
export class StoreError extends PosthornError {
  override get temporary(): boolean {
    return this.code === 'disk-full' || this.code === 'mailbox-busy';
  }
}

/** A fault of ours, or of the code we were given to call: its cause says which. */
export class InternalError extends PosthornError {}
