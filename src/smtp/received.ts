/** The parameters of MAIL and RCPT as a server takes them: those it announced, each once, within what it announced. Pure. */
import type { Capabilities } from '../wire/capabilities.ts';
import { refused } from './answer.ts';
import type { Parameter } from './parameters.ts';

/**
 * Reads the parameters of a command by their table.
 *
 * @throws SmtpReplyError 555 for a parameter that was not announced (RFC 5321 §4.1.1.11), 501 for a value that is none, for
 *   what was said already or is out of bounds, 552 for a message that is too large.
 */
export function readParameters<T extends object>(
  table: readonly Parameter<T>[],
  given: readonly (readonly [keyword: string, value: string])[],
  announced: () => Capabilities,
): Partial<T> {
  const said: Partial<T> = {};
  for (const [keyword, value] of given) {
    const asked = readOne(table, keyword, value, announced());
    // HOLDFOR and HOLDUNTIL say the same thing, so that one excludes the other (RFC 4865 §4).
    if (Object.keys(asked).some((name) => name in said)) throw refused(501, '5.5.4', `${keyword} was said already`);
    Object.assign(said, asked);
  }
  return said;
}

/** A keyword may have several rows, each for the values of one extension. */
function readOne<T extends object>(
  table: readonly Parameter<T>[],
  keyword: string,
  value: string,
  announced: Capabilities,
): T {
  const rows = table.filter((row) => row.keyword === keyword && announced.has(row.extension));
  if (rows.length === 0) throw refused(555, '5.5.4', `unknown parameter ${keyword}`);
  for (const row of rows) {
    const asked = row.read(value);
    if (asked === undefined) continue;
    const excess = row.excess?.(asked, announced);
    if (excess === undefined) return asked;
    throw keyword === 'SIZE' ? refused(552, '5.3.4', excess) : refused(501, '5.5.4', excess);
  }
  throw refused(501, '5.5.4', `that is no value of ${keyword}`);
}
