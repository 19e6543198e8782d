/**
 * How a connection is protected, in one word, which a person chooses and no server can change (RFC 8314 §3, §5).
 *
 * `implicit`: TLS from the first octet. `required`: TLS after STLS or STARTTLS, or nothing. `opportunistic`: that where
 * the server offers it, else plain text, over which no credentials are sent. `none`: plain text, with whatever is asked
 * for. Wherever TLS is started it is verified, and where that fails nothing is tried without it.
 */
export type Security = 'implicit' | 'required' | 'opportunistic' | 'none';

/** Whether STLS or STARTTLS comes next. `offered`: the server announces it. */
export function wantsTls(security: Security, offered: boolean): boolean {
  return security === 'required' || (security === 'opportunistic' && offered);
}
