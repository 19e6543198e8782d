/** What a transcript shows of a line that logs in: the verb, and of AUTH the mechanism, if it is one. */
import { findMechanism } from './mechanisms.ts';

/** Masks all that may be secret in `line`, a command that begins with `verb`. */
export function masked(verb: string, line: string): string {
  if (verb !== 'AUTH') return `${verb} ****`;
  const [, mechanism = '', initial] = line.trim().split(/ +/);
  const name = findMechanism(mechanism)?.name ?? '****';
  return initial === undefined ? `${verb} ${name}` : `${verb} ${name} ****`;
}
