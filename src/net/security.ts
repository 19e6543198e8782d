/**
 * How a connection is protected, in one word, which a person chooses and no server can change (RFC 8314 §3, §5).
 *
 * `implicit`: TLS from the first octet. `required`: TLS after STLS or STARTTLS, or nothing. `opportunistic`: that where
 * the server offers it, else plain text, over which no credentials are sent. `none`: plain text, with whatever is asked
 * for. Wherever TLS is started it is verified, and where that fails nothing is tried without it.
 */
import { UsageError } from '../errors.ts';

export type Security = 'implicit' | 'required' | 'opportunistic' | 'none';

const WORDS: readonly string[] = ['implicit', 'required', 'opportunistic', 'none'] satisfies Security[];

/**
 * Programs without types say `tls`, or nothing, and are not to find out by plain text that this is no policy.
 *
 * @throws UsageError `bad-security`.
 */
export function checkSecurity(security: Security): void {
  if (WORDS.includes(security)) return;
  throw new UsageError('bad-security', `${JSON.stringify(security)} does not say how the connection is protected.`, {
    hint: `Set security to one of ${WORDS.join(', ')}; nothing was sent.`,
  });
}

/** Whether STLS or STARTTLS comes next. `offered`: the server announces it. @throws as `checkSecurity`. */
export function wantsTls(security: Security, offered: boolean): boolean {
  checkSecurity(security);
  return security === 'required' || (security === 'opportunistic' && offered);
}
