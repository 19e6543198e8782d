/**
 * A command line from the environment (PAGER, BROWSER) as words, without a shell.
 *
 * Why: such a variable names a program with its options. What only a shell would make more of it (`;`, `$IFS`, backticks)
 * has no meaning here and is part of a word. Pure.
 */

/** Words are separated by spaces; quotes and backslashes keep them together. An open quote ends with the text. */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    if (character === quote) quote = '';
    else if (quote === '' && (character === '"' || character === "'")) [quote, word] = [character, word ?? ''];
    else if (character === '\\' && quote !== "'" && at + 1 < text.length) word = (word ?? '') + text[++at];
    else if (quote === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = (word ?? '') + character;
  }
  return word === undefined ? words : [...words, word];
}
