/**
 * Takes out of a server's words what it was told in secret: some repeat a command that they do not understand, and
 * their words are shown, in a transcript and in an error.
 */
import { base64, utf8 } from './text.ts';

/** Anything shorter stands in a sentence by chance. */
const SHORTEST = 4;

/**
 * @param secret the password or the token, where there is one.
 * @param told what was said to the server in secret, as it was said.
 */
export function concealing(secret: string | undefined, told: readonly string[] = []): (words: string) => string {
  const forms = [...told, ...(secret === undefined ? [] : [secret, base64(utf8(secret)), encodeURIComponent(secret)])];
  const secrets = forms.filter((form) => form.length >= SHORTEST).sort((a, b) => b.length - a.length);
  return (words) => secrets.reduce((shown, form) => shown.replaceAll(form, '****'), words);
}
