/**
 * Text as it goes into the index, and as it is looked for there: folded so that both meet.
 *
 * Why: the tokenizer of SQLite (unicode61) takes words apart at blanks and signs, lowers their letters and drops the accents of
 * Latin ones: ü is u. It knows no words where none are written: of Chinese, Japanese, Korean and Thai each character becomes a
 * word here, and what is looked for a phrase of them, so that any part of a text is found. Letters that are often written
 * otherwise, such as ß, ø and ё, become what they are written as. Pure, and linear.
 */

// Made when the first text beyond ASCII is met: as a literal it would be parsed at every start.
let charactersPattern: RegExp | undefined;
/** Scripts that are written without blanks, or with endings that are hard to tell from the word. */
const characters = () =>
  (charactersPattern ??= new RegExp(
    String.raw`[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]`,
    'gu',
  ));
const LETTERS = /[ßẞæÆœŒøØłŁđĐðÞþıёЁ]/g;
const WRITTEN: Readonly<Record<string, string>> = {
  ß: 'ss',
  ẞ: 'ss',
  æ: 'ae',
  Æ: 'ae',
  œ: 'oe',
  Œ: 'oe',
  ø: 'o',
  Ø: 'o',
  ł: 'l',
  Ł: 'l',
  đ: 'd',
  Đ: 'd',
  ð: 'd',
  þ: 'th',
  Þ: 'th',
  ı: 'i',
  ё: 'е',
  Ё: 'Е',
};

/** Anything but ASCII; of that there is nothing to fold. */
const FOREIGN = /[^\0-\x7f]/;

/** Folds text; what the tokenizer does by itself is left to it. */
export function foldText(text: string): string {
  if (!FOREIGN.test(text)) return text;
  // Compatibility forms, such as full-width letters and ligatures, are what they stand for.
  return text
    .normalize('NFKC')
    .replace(LETTERS, (letter) => WRITTEN[letter] ?? letter)
    .replace(characters(), ' $& ');
}

/** Whether there is anything in a text that the tokenizer takes for a word. */
export function hasWords(text: string): boolean {
  return /[\p{L}\p{N}\p{Co}]/u.test(text);
}

/**
 * The ways in which a word may be written in the index: `ü` has become `u` there, and who writes `ue` means the same. A word
 * that goes on (`prefix`) is not shortened, since what begins with it would be another.
 */
export function spellings(text: string, prefix: boolean): string[] {
  const composed = text.normalize('NFC');
  const long = composed.replace(/[äöü]/gi, (letter) => `${letter.normalize('NFD').charAt(0)}e`);
  const short = prefix ? composed : composed.replace(/([aou])e/gi, '$1');
  return [...new Set([composed, long, short].map(foldText))];
}
