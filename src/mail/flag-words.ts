/** The flags of a message in words. The letters are those of a Maildir, so that other programs see them too. */
import { UsageError } from '../errors.ts';
import type { FlagChange } from '../store/maildir.ts';
import { FLAG_WORDS } from '../store/query-fields.ts';

const LETTERS = new Map(FLAG_WORDS.flatMap(([letter, ...words]) => words.map((word) => [word, letter] as const)));

/**
 * What words such as `flagged unseen` ask for; `un` in front takes a flag away.
 *
 * @throws UsageError `bad-flag`, also for a flag that is to be set and taken away.
 */
export function flagChange(words: readonly string[]): { readonly add: string; readonly remove: string } {
  const change = { add: '', remove: '' };
  for (const written of words) {
    const word = written.toLowerCase();
    const clears = !LETTERS.has(word);
    const letter = LETTERS.get(clears ? word.replace(/^un-?/, '') : word);
    if (letter === undefined || (clears && !word.startsWith('un'))) throw noFlag(written);
    change[clears ? 'remove' : 'add'] += letter;
  }
  const both = [...change.add].find((letter) => change.remove.includes(letter));
  if (both === undefined) return change satisfies FlagChange;
  throw new UsageError('bad-flag', `A message cannot be both ${wordOf(both)} and un${wordOf(both)}.`);
}

/** Maildir letters as words, in the order of the table; letters of other programs have none. */
export function flagWords(letters: string): string[] {
  return FLAG_WORDS.filter(([letter]) => letters.includes(letter)).map(([, word]) => word);
}

function wordOf(letter: string): string {
  return flagWords(letter)[0] ?? letter;
}

function noFlag(written: string): UsageError {
  const words = FLAG_WORDS.map(([, word]) => word).join(', ');
  return new UsageError('bad-flag', `There is no flag ${JSON.stringify(written)}.`, {
    hint: `The flags are ${words}; with un in front, such as unseen, they are taken away.`,
  });
}
