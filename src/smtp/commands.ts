/**
 * The commands of SMTP as data (RFC 5321 §4.1, RFC 3030 §2, RFC 3207 §4, RFC 4954 §4): one table, for client and server.
 *
 * A row says how long an answer may take (RFC 5321 §4.5.3.2), whether others may be sent before it is answered
 * (RFC 2920 §3.1), in which state it is legal and where it leads. What it does is in `client.ts` and `server.ts`.
 */

/** `connected`: before EHLO. `ready`: between messages. `mail`: a sender is named. `rcpt`: so is a recipient. `bdat`: the
 * message has begun to come in chunks. */
export type State = 'connected' | 'ready' | 'mail' | 'rcpt' | 'bdat' | 'closed';

export interface Command {
  /** What stands between the keyword and its argument; `none` when there is no argument, `name` for that of a client. */
  readonly argument: 'none' | 'name' | 'word' | 'optional' | 'FROM:' | 'TO:';
  /** Milliseconds for the reply. */
  readonly timeout: number;
  /** Nothing may be sent behind it before it is answered. */
  readonly last?: true;
  /** Its argument is secret. */
  readonly secret?: true;
  readonly states: readonly State[];
  /** The state a success leads to; none: it stays. */
  readonly leadsTo?: State;
}

const MINUTE = 60_000;
const ANY = ['connected', 'ready', 'mail', 'rcpt', 'bdat'] as const;

export type Verb =
  | 'LHLO'
  | 'EHLO'
  | 'HELO'
  | 'STARTTLS'
  | 'AUTH'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  | 'BDAT'
  | 'RSET'
  | 'VRFY'
  | 'EXPN'
  | 'HELP'
  | 'NOOP'
  | 'QUIT';

export const COMMANDS: Readonly<Record<Verb, Command>> = {
  LHLO: { argument: 'name', timeout: 5 * MINUTE, last: true, states: ANY, leadsTo: 'ready' },
  EHLO: { argument: 'name', timeout: 5 * MINUTE, last: true, states: ANY, leadsTo: 'ready' },
  HELO: { argument: 'name', timeout: 5 * MINUTE, last: true, states: ANY, leadsTo: 'ready' },
  STARTTLS: { argument: 'none', timeout: 2 * MINUTE, last: true, states: ['ready'], leadsTo: 'connected' },
  AUTH: { argument: 'word', timeout: 2 * MINUTE, last: true, secret: true, states: ['ready'] },
  MAIL: { argument: 'FROM:', timeout: 5 * MINUTE, states: ['ready'], leadsTo: 'mail' },
  RCPT: { argument: 'TO:', timeout: 5 * MINUTE, states: ['mail', 'rcpt'], leadsTo: 'rcpt' },
  DATA: { argument: 'none', timeout: 2 * MINUTE, last: true, states: ['rcpt'], leadsTo: 'ready' },
  BDAT: { argument: 'word', timeout: 10 * MINUTE, states: ['rcpt', 'bdat'] },
  RSET: { argument: 'none', timeout: 5 * MINUTE, states: ANY },
  VRFY: { argument: 'word', timeout: 5 * MINUTE, last: true, states: ANY },
  EXPN: { argument: 'word', timeout: 5 * MINUTE, last: true, states: ANY },
  HELP: { argument: 'optional', timeout: 5 * MINUTE, states: ANY },
  NOOP: { argument: 'optional', timeout: 5 * MINUTE, last: true, states: ANY },
  QUIT: { argument: 'none', timeout: 10_000, last: true, states: ANY, leadsTo: 'closed' },
};

/** How long the greeting may take, milliseconds. */
export const GREETING = 5 * MINUTE;

/** How long a server may think about a whole message before it takes responsibility; never shortened, milliseconds. */
export const AFTER_DOT = 10 * MINUTE;

/** The least a server waits for the next command, milliseconds (RFC 5321 §4.5.3.2.7). */
export const IDLE = 5 * MINUTE;

/** How long a server waits for more of a message, milliseconds (RFC 5321 §4.5.3.2.5). */
export const DATA_BLOCK = 3 * MINUTE;
