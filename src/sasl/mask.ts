/** What a transcript shows of a line that logs in: the verb, and of AUTH the mechanism, if it is one. */
import type { ReadLine } from '../wire/command-line.ts';
import { findMechanism } from './mechanisms.ts';

/** Masks all that may be secret in `line`, a command that begins with `verb`. */
function masked(verb: string, line: string): string {
  if (verb !== 'AUTH') return `${verb} ****`;
  const [, mechanism = '', initial] = line.trim().split(/ +/);
  const name = findMechanism(mechanism)?.name ?? '****';
  return initial === undefined ? `${verb} ${name}` : `${verb} ${name} ****`;
}

/** A protocol's own reading of a command, with what a transcript shows of the line. */
export function readMasked<V extends string, C extends { readonly verb?: V }>(
  parse: (line: string) => C,
  commands: Readonly<Record<V, { readonly secret?: true }>>,
): ReadLine<C> {
  return (line) => {
    const command = parse(line);
    const { verb } = command;
    // What is no command may well be a password that came out of turn.
    if (verb === undefined) return { command, said: '(not a command)' };
    return { command, said: commands[verb].secret === true ? masked(verb, line) : line };
  };
}
