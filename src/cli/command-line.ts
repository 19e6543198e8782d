/**
 * A command line from the environment (PAGER, BROWSER, EDITOR) as words, without a shell; and why its program did not start.
 *
 * Why: such a variable names a program with its options. What only a shell would make more of it (`;`, `$IFS`, backticks)
 * has no meaning here and is part of a word. Pure.
 */

/** Words apart by spaces; quotes of both kinds keep spaces in a word. Nothing else has a meaning. */
export function splitWords(command: string): string[] {
  const words: string[] = [];
  for (const [word] of command.matchAll(/(?:"[^"]*"|'[^']*'|[^\s"']|["'])+/g)) {
    words.push(
      word.replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double?: string, single?: string) => double ?? single ?? ''),
    );
  }
  return words;
}

const FAULTS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such program',
  EACCES: 'it is no program, or may not be run',
  E2BIG: 'its arguments are too long',
};

/** Why a program could not be started, as the end of a sentence, from what `spawn` says. */
export function whyNotStarted(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'an error';
  return FAULTS[code] ?? `the system reports ${code}`;
}
