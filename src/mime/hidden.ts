/**
 * What in a short text (a subject, a name, the name of a file) is there without being seen, or makes it read otherwise.
 *
 * Why: a terminal shows such characters as escapes, which says that something is odd, but not what. Pure.
 */

/** Overrides, embeddings and isolates; the plain marks of direction are common in Hebrew and Arabic and turn nothing round. */
export const DIRECTION = /[\u202a-\u202e\u2066-\u2069]/;
/** Marks of direction, joiners, and the variation of emoji do ordinary work. */
const INVISIBLE =
  /[[\p{Default_Ignorable_Code_Point}\u2800\ufff9-\ufffb]--[\u00ad\u061c\u200c-\u200f\u202a-\u202e\u2066-\u2069\p{Variation_Selector}]]/v;
/** Flags of regions are written with invisible tags. */
const TAGGED_FLAG = /\u{1f3f4}[\u{e0020}-\u{e007e}]{1,8}\u{e007f}/gu;
const SPACE = /[\s\u00a0\u3000]{20}/;

/** What is hidden in a text, in words; none for nearly every text. */
export function hiddenIn(text: string): string[] {
  if (/^[!-~]*(?: [!-~]+)*$/.test(text)) return [];
  const found: string[] = [];
  if (DIRECTION.test(text)) found.push('characters that turn the direction of text round');
  if (/[^ -~]/.test(text) && INVISIBLE.test(text.replace(TAGGED_FLAG, ''))) found.push('invisible characters');
  if (SPACE.test(text)) found.push('a long empty space');
  return found;
}
