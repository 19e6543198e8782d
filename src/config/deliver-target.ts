/**
 * Where fetched mail goes instead of the mailbox, as people write it: `maildir:~/Mail/in`, `mbox:/var/mail/ann`,
 * `mda:/usr/bin/procmail -d ann`, `lmtp+unix://ann@/run/dovecot/lmtp`. Pure.
 */
import { UsageError } from '../errors.ts';
import { parseServerUrl, type ServerUrl } from './url.ts';

export type DeliverTarget =
  | { readonly kind: 'maildir' | 'mbox'; readonly path: string }
  | { readonly kind: 'mda'; readonly command: string }
  /** The user of the URL is the recipient: nobody logs in there. */
  | { readonly kind: 'lmtp'; readonly url: ServerUrl; readonly recipient: string | undefined };

/**
 * @param home in the place of `~`.
 * @returns undefined for `mailbox`, which is where mail goes by itself.
 * @throws UsageError `bad-deliver`, and what is wrong with an LMTP URL.
 */
export function parseDeliverTarget(text: string, home: string): DeliverTarget | undefined {
  if (text === 'mailbox') return undefined;
  if (/^lmtp(?:\+\w+)?:/i.test(text)) {
    const { user: recipient, ...url } = parseServerUrl(text, 'smtp');
    return { kind: 'lmtp', url, recipient };
  }
  const [, kind, rest = ''] = /^(maildir|mbox|mda):(.*)$/s.exec(text) ?? [];
  const where = rest.trim();
  if (where !== '' && kind === 'mda') return { kind, command: where };
  const path = where.startsWith('~/') ? `${home}${where.slice(1)}` : where;
  if ((kind === 'maildir' || kind === 'mbox') && path.startsWith('/')) return { kind, path };
  throw new UsageError('bad-deliver', 'This is no place to deliver mail to.', {
    hint: 'Write maildir:/PATH, mbox:/PATH, mda:COMMAND, lmtp://RECIPIENT@HOST, lmtp+unix://RECIPIENT@/PATH, or mailbox.',
  });
}
