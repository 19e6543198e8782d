/**
 * The commands of POP3 as data (RFC 1939 §5-7, RFC 2449 §5, RFC 2595 §4, RFC 5034 §4, RFC 6856 §2-3): one
 * table, for client and server.
 *
 * A row says how a command is written, how its answer looks, how long that may take, whether others may be sent before
 * it is answered (RFC 2449 §6.6), and in which state it is legal. What it does is in `client.ts` and `server.ts`.
 */

export type State = 'authorization' | 'transaction' | 'update';

/** How an argument is written: `number` a message number or a count, `word` without spaces, `rest` all that follows. */
export type Argument = 'number' | 'number?' | 'word' | 'word?' | 'rest';

export interface Command {
  readonly arguments: readonly Argument[];
  /** Of a successful response: one line, a listing, or a message. `bare` is for the form without arguments. */
  readonly reply: 'line' | 'listing' | 'message';
  readonly bare?: 'listing';
  /** Milliseconds for the response; of a body, until it must have made progress. */
  readonly timeout: number;
  /** Nothing may be sent behind it before it is answered. */
  readonly last?: true;
  /** Its arguments are secret. */
  readonly secret?: true;
  readonly states: readonly State[];
  /** The state a success leads to. */
  readonly leadsTo?: State;
}

// RFC 1939 sets no times for a client. Logging in may be slow on purpose, and counting a large maildrop takes a while.
const ONE_MINUTE = 60_000;
const TWO_MINUTES = 120_000;

const IN_AUTHORIZATION = { timeout: ONE_MINUTE, states: ['authorization'] } as const;
const IN_TRANSACTION = { timeout: TWO_MINUTES, states: ['transaction'] } as const;
const IN_BOTH = { timeout: ONE_MINUTE, states: ['authorization', 'transaction'] } as const;

export type Verb =
  | 'CAPA'
  | 'STLS'
  | 'UTF8'
  | 'LANG'
  | 'USER'
  | 'PASS'
  | 'AUTH'
  | 'APOP'
  | 'QUIT'
  | 'STAT'
  | 'LIST'
  | 'UIDL'
  | 'TOP'
  | 'RETR'
  | 'DELE'
  | 'NOOP'
  | 'RSET';

export const COMMANDS: Readonly<Record<Verb, Command>> = {
  CAPA: { ...IN_BOTH, arguments: [], reply: 'listing' },
  STLS: { ...IN_AUTHORIZATION, arguments: [], reply: 'line', last: true, leadsTo: 'authorization' },
  UTF8: { ...IN_AUTHORIZATION, arguments: [], reply: 'line' },
  LANG: { ...IN_BOTH, arguments: ['word?'], reply: 'line', bare: 'listing' },
  USER: { ...IN_AUTHORIZATION, arguments: ['rest'], reply: 'line' },
  PASS: { ...IN_AUTHORIZATION, arguments: ['rest'], reply: 'line', last: true, secret: true, leadsTo: 'transaction' },
  AUTH: {
    ...IN_AUTHORIZATION,
    arguments: ['word', 'word?'],
    reply: 'line',
    last: true,
    secret: true,
    leadsTo: 'transaction',
  },
  // Its arguments are a name, which may have spaces, and a digest.
  APOP: { ...IN_AUTHORIZATION, arguments: ['rest'], reply: 'line', last: true, secret: true, leadsTo: 'transaction' },
  STAT: { ...IN_TRANSACTION, arguments: [], reply: 'line' },
  LIST: { ...IN_TRANSACTION, arguments: ['number?'], reply: 'line', bare: 'listing' },
  UIDL: { ...IN_TRANSACTION, arguments: ['number?'], reply: 'line', bare: 'listing' },
  TOP: { ...IN_TRANSACTION, arguments: ['number', 'number'], reply: 'message' },
  RETR: { ...IN_TRANSACTION, arguments: ['number'], reply: 'message' },
  DELE: { ...IN_TRANSACTION, arguments: ['number'], reply: 'line' },
  NOOP: { ...IN_TRANSACTION, arguments: [], reply: 'line' },
  RSET: { ...IN_TRANSACTION, arguments: [], reply: 'line' },
  QUIT: { ...IN_BOTH, timeout: TWO_MINUTES, arguments: [], reply: 'line', last: true, leadsTo: 'update' },
};

/** How long the greeting may take, milliseconds. */
export const GREETING = ONE_MINUTE;

/** The least a server may wait for the next command before it ends the session (RFC 1939 §3), milliseconds. */
export const AUTOLOGOUT = 600_000;

/** How long a client that has nothing to say waits before it says NOOP, milliseconds: some servers wait less than ten minutes. */
export const KEEP_ALIVE = 60_000;
