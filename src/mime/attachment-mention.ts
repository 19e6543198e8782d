/**
 * Whether a text speaks of an attachment, in the languages of much mail: the letter without its file is the commonest
 * mistake there is.
 *
 * Why so few words: a warning that comes without cause is not read when it has one. What is quoted, and the signature, is
 * not what is said now.
 */

/** By language; each is the beginning or the whole of a word, or words with one space between. */
const WORDS: Readonly<Record<string, string>> = {
  en: 'attach(?:ed|ing|ments?)|enclosed|enclosure',
  de: 'anbei|angehängt\\p{L}*|(?:im|als) anhang|anhänge|beigefügt\\p{L}*|beiliegend\\p{L}*',
  fr: 'ci-joint(?:e|s|es)?|pi[eè]ces? jointes?',
  es: 'adjunt[oa]s?|adjuntad[oa]s?|adjuntamos',
  pt: 'em anexo|anexo|anexad[oa]s?|anexei',
  it: 'allegat[oaie]|allego',
  nl: 'bijlagen?|bijgevoegd\\p{L}*|bijgesloten',
  sv: 'bifoga\\p{L}*|bilaga\\p{L}*',
  da: 'vedhæft\\p{L}*|vedlagt\\p{L}*',
  pl: 'załącz\\p{L}*',
  cs: 'příloze|přílohu|přílohou|přikládám',
  tr: 'ekte|ilişikte',
  ru: 'прикреп\\p{L}*|прилага\\p{L}*|вложени\\p{L}*',
  uk: 'прикріп\\p{L}*|вкладенн\\p{L}*',
  zh: '附件|附上',
  ja: '添付',
  ko: '첨부',
};

/** Chinese, Japanese and Korean put no space between words. */
const UNSPACED = new Set(['zh', 'ja', 'ko']);
const spaced = Object.entries(WORDS).flatMap(([language, words]) => (UNSPACED.has(language) ? [] : [words]));
const unspaced = [...UNSPACED].map((language) => WORDS[language]);
// Made when the first text is looked at, not at every start.
let pattern: RegExp | undefined;
const mention = () =>
  (pattern ??= new RegExp(
    `(?<![\\p{L}\\p{N}_-])(?:${spaced.join('|')})(?![\\p{L}\\p{N}_])|${unspaced.join('|')}`,
    'iu',
  ));

/** In characters; who mentions it later has said much else first. */
const MAX_TEXT = 1024 * 1024;

/** @returns the word that speaks of an attachment, as it stands in the text; undefined where none does. */
export function attachmentMention(text: string): string | undefined {
  for (const line of text.slice(0, MAX_TEXT).normalize('NFC').split(/\r?\n/)) {
    if (line === '-- ') return undefined;
    const [word] = (/^\s*>/.test(line) ? null : mention().exec(line)) ?? [];
    if (word !== undefined) return word;
  }
  return undefined;
}
