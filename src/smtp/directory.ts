/** VRFY and EXPN of the server: what it tells of its users and lists, where a backend lets it (RFC 5321 §3.5). */
import { refused } from './answer.ts';
import { isAscii } from './grammar.ts';

export interface Directory {
  /** The mailboxes a user's name or address stands for; without it VRFY tells nothing. */
  vrfy?(user: string): Promise<readonly string[]>;
  /** The members of a mailing list, none where there is no such list; without it EXPN is not offered. */
  expn?(list: string): Promise<readonly string[]>;
}

/** The one mailbox that is meant. @throws SmtpReplyError 550 for none, 553 for several, which it names. */
export async function verifyUser(directory: Directory, argument: string): Promise<string> {
  const [only = '', ...others] = found((await directory.vrfy?.(subject(argument))) ?? [], argument);
  if (others.length === 0) return only;
  throw refused(553, '5.1.4', `which of them: ${[only, ...others].join(', ')}?`);
}

/** The members of a list. @throws SmtpReplyError 502 where no lists are told, 550 where there is no such list. */
export async function expandList(directory: Directory, argument: string): Promise<readonly string[]> {
  if (directory.expn === undefined) throw refused(502, '5.5.1', 'no lists are told');
  return found(await directory.expn(subject(argument)), argument);
}

const UTF8 = / SMTPUTF8$/i;

function subject(argument: string): string {
  return argument.replace(UTF8, '');
}

/** RFC 6531 §3.7.4.2: an answer in UTF-8 goes only to those who said that they take one. */
function found(mailboxes: readonly string[], argument: string): readonly string[] {
  if (mailboxes.length === 0) throw refused(550, '5.1.1', `there is no ${subject(argument)} here`);
  if (UTF8.test(argument) || mailboxes.every(isAscii)) return mailboxes;
  throw refused(550, '5.6.8', 'the answer needs SMTPUTF8');
}
