/** The languages of our server's replies (RFC 6856 §3): English, under its own name and as everybody's default (RFC 2277). */

const LANGUAGES: ReadonlyMap<string, string> = new Map([
  ['en', 'English'],
  ['i-default', 'English'],
]);

/** What LANG alone lists. */
export const LANGUAGE_ROWS: readonly string[] = [...LANGUAGES].map(([tag, name]) => `${tag} ${name}`);

/** The tag that a basic language range asks for (RFC 4647 §3.3.1), or undefined for a language we do not speak. */
export function findLanguage(range: string): string | undefined {
  const wanted = range === '*' ? 'en' : range.toLowerCase();
  return LANGUAGES.has(wanted) ? wanted : undefined;
}
