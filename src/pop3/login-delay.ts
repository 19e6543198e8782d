/** The pause that a server asks for between two logins (RFC 2449 §6.5, §8.1.1), in words. */

const UNITS = [
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const;

/** What to do about a login that came too early. `seconds` is undefined where the server does not say how long it asks for. */
export function delayHint(seconds: number | undefined): string {
  const when = seconds === undefined ? 'later' : `in ${inWords(seconds)}`;
  return `The server asks for a pause between logins; try again ${when}.`;
}

/** A length of time for a person, rounded up: 900 is `15 minutes`. */
function inWords(seconds: number): string {
  const [unit, length] = UNITS.find(([, each]) => seconds >= 2 * each) ?? ['second', 1];
  const count = Math.ceil(seconds / length);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
