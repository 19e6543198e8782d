/** What a POP3 server is given: where its mail and its users are, and what it is to offer. */
import type { ServerIdentity } from '../net/listen.ts';
import type { Verifier } from '../sasl/mechanism.ts';
import type { Maildrop } from './maildrop.ts';

export interface Pop3Backend extends Verifier {
  /** @throws Pop3ReplyError `IN-USE` when another session has it, `LOGIN-DELAY` when the user comes too early. */
  open(user: string): Promise<Maildrop>;
}

export interface Pop3ServerOptions {
  readonly backend: Pop3Backend;
  /** With an identity STLS is offered, unless the channel is under TLS already. */
  readonly identity?: ServerIdentity | undefined;
  /** Lets users log in without TLS. */
  readonly insecure?: boolean | undefined;
  /** Milliseconds of silence before the session ends; at least ten minutes outside of tests (RFC 1939 §3). */
  readonly autologout?: number | undefined;
  /** Greets with a timestamp and takes APOP, for clients that know nothing better (RFC 1939 §7). Off by default. */
  readonly apop?: boolean | undefined;
  /** Announces for how many days mail is kept at least; 0 says that what was fetched may be erased (RFC 2449 §6.7). */
  readonly expire?: number | 'never' | undefined;
  /** Announces the least seconds between two logins; it is the backend that refuses (RFC 2449 §6.5). */
  readonly loginDelay?: number | undefined;
  /** Told what the backend throws that is no refusal: a client learns only of temporary trouble. */
  readonly fault?: ((error: unknown) => void) | undefined;
}
