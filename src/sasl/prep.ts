/**
 * SASLprep (RFC 4013): one spelling for a name or a password, whichever keyboard it was typed on.
 *
 * Why here: most names and passwords are printable ASCII, which the profile leaves as it is. The Unicode tables are
 * therefore loaded when the first other character appears, and not before.
 */

import { UsageError } from '../errors.ts';
import { MAX_CREDENTIAL_LENGTH } from './credentials.ts';

/**
 * The prepared form of `text`, or undefined when the profile prohibits it, nothing is left of it, or it is longer than
 * MAX_CREDENTIAL_LENGTH.
 *
 * QUIRK: RFC 5802 §2.2 prepares a password as a "stored string", in which code points unknown to Unicode 3.2 are
 * prohibited. That refuses every emoji, though servers take them; so all text is prepared as a "query string", in which
 * such code points are allowed.
 */
export async function prepare(text: string): Promise<string | undefined> {
  if (text === '' || text.length > MAX_CREDENTIAL_LENGTH) return undefined;
  if (/^[ -~]+$/.test(text)) return text;
  const { saslprep } = await import('@mongodb-js/saslprep');
  try {
    return saslprep(text, { allowUnassigned: true }) || undefined;
  } catch {
    return undefined; // The package throws for every prohibited string, and for one of which nothing is left.
  }
}

/**
 * The prepared form of our own name or password.
 *
 * @throws UsageError `bad-credentials` when it has none; `field` names it, its content is not shown.
 */
export async function prepareOwn(field: string, text: string): Promise<string> {
  const prepared = await prepare(text);
  if (prepared !== undefined) return prepared;
  throw new UsageError('bad-credentials', `The ${field} contains characters that SASLprep (RFC 4013) prohibits.`, {
    phase: 'auth',
    hint: 'Ask for the mechanism PLAIN by name: it sends the characters as they are.',
  });
}
