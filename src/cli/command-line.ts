/**
 * A command line from the environment (PAGER, BROWSER, EDITOR) as words, without a shell.
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
