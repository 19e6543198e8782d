/** The pause that a server asks for between two logins (RFC 2449 §6.5, §8.1.1), in words. */

const UNITS = [
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/**
 * What to do about a login that came too early.
 *
 * @param seconds undefined where the server does not say how long it asks for.
 * @param atMost the server has said no more than what it asks of anybody.
 */
export function delayHint(seconds: number | undefined, atMost = false): string {
  const known = seconds === undefined ? 'later' : `in ${inWords(seconds)}`;
  const when = atMost && seconds !== undefined ? `later, ${known} at the latest` : known;
  return `The server asks for a pause between logins; try again ${when}.`;
}

/** A length of time for a person, rounded up: 900 is `15 minutes`. */
function inWords(seconds: number): string {
  const [unit, length] = UNITS.find(([, each]) => seconds >= 2 * each) ?? ['second', 1];
  const count = Math.ceil(seconds / length);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
