/**
 * What a script learns from us: the exit codes, those of sysexits.h as msmtp and mpop use them, and which error ends
 * with which. Both are tables, read from top to bottom, and the documentation is generated from the first.
 *
 * Three choices that are not in sysexits.h:
 * - A mail that may or may not have been sent ends with 76, not with 75: scripts read 75 as "try again", and trying
 *   again blindly could deliver it twice.
 * - An output that was closed (`posthorn list | head -1`) ends with 74 and says nothing: the reader had enough, but a
 *   script that looks should know that not everything was written.
 * - Ctrl-C ends with 130, as shells report it.
 */

import {
  AbortedError,
  AuthError,
  ConfigError,
  ConnectError,
  ConnectionLostError,
  LimitError,
  Pop3ReplyError,
  PosthornError,
  ProtocolError,
  SmtpReplyError,
  StoreError,
  TimeoutError,
  TlsError,
  UsageError,
} from '../errors.ts';

export interface ExitCode {
  readonly code: number;
  readonly name: string;
  readonly meaning: string;
}

/** Every code this program ends with. */
export const EXIT_CODES: readonly ExitCode[] = [
  { code: 0, name: 'EX_OK', meaning: 'Done.' },
  {
    code: 64,
    name: 'EX_USAGE',
    meaning: 'The command was used wrongly: an unknown option, a bad address or URL. Nothing was sent.',
  },
  {
    code: 65,
    name: 'EX_DATAERR',
    meaning: 'The message is not acceptable, or the server refused its sender, all recipients or its content.',
  },
  { code: 66, name: 'EX_NOINPUT', meaning: 'Something to read is missing: a file to attach, a message, a part.' },
  { code: 69, name: 'EX_UNAVAILABLE', meaning: 'The server cannot be reached, or does not offer its service to us.' },
  { code: 70, name: 'EX_SOFTWARE', meaning: "A fault of Posthorn's own." },
  {
    code: 73,
    name: 'EX_CANTCREAT',
    meaning: 'A file cannot be created: not permitted, read-only, or it already exists.',
  },
  {
    code: 74,
    name: 'EX_IOERR',
    meaning: 'Reading or writing failed: a full disk, a damaged mailbox, or the output was closed.',
  },
  {
    code: 75,
    name: 'EX_TEMPFAIL',
    meaning: 'It failed for now and nothing was done: the same command may succeed later.',
  },
  {
    code: 76,
    name: 'EX_PROTOCOL',
    meaning:
      'The server broke the protocol, refused a command, took a message for some recipients only (LMTP), or was lost when it may already have taken one: look before you send again.',
  },
  {
    code: 77,
    name: 'EX_NOPERM',
    meaning: 'The login was refused, TLS could not be verified, or a policy of the server refused us.',
  },
  {
    code: 78,
    name: 'EX_CONFIG',
    meaning: 'The configuration cannot be used as it is written, or a password is missing.',
  },
  {
    code: 130,
    name: 'SIGINT',
    meaning: 'Stopped by a person: Ctrl-C, a draft that was not sent, a question that was answered with no.',
  },
];

/** One row: errors of this class (and, where given, for which this holds) end with this code. The first row that fits counts. */
type Row<E extends PosthornError> = readonly [
  kind: abstract new (...args: never[]) => E,
  exit: number,
  when?: (error: E) => boolean,
];

function row<E extends PosthornError>(...columns: Row<E>): Row<PosthornError> {
  return columns as unknown as Row<PosthornError>;
}

/** The replies to these are about the message; all others are about us or the session. */
const MESSAGE_PHASES: ReadonlySet<string | undefined> = new Set(['mail', 'rcpt', 'data', 'bdat', 'eod']);
const GREETING_PHASES: ReadonlySet<string | undefined> = new Set(['connect', 'greeting']);
/** RFC 4954 §6 and RFC 3207 §4: authentication is missing, too weak or wrong. */
const SMTP_AUTH_CODES: ReadonlySet<number> = new Set([530, 534, 535, 538]);
const CANNOT_CREATE: ReadonlySet<string> = new Set(['not-permitted', 'read-only', 'name-taken']);
const MESSAGE_CODES: ReadonlySet<string> = new Set([
  'bad-message',
  'recipients-refused',
  'all-recipients-refused',
  'message-too-large',
]);
const INPUT_CODES: ReadonlySet<string> = new Set([
  'input-missing',
  'no-mail-there',
  'no-such-message',
  'no-such-part',
  'no-such-attachment',
]);

const ROWS: readonly Row<PosthornError>[] = [
  row(AbortedError, 130),
  row(PosthornError, 66, ({ code }) => INPUT_CODES.has(code) || code.startsWith('attachment-')),
  row(PosthornError, 65, ({ code }) => MESSAGE_CODES.has(code)),
  row(ConfigError, 78),
  row(UsageError, 64),
  row(TimeoutError, 75),
  row(ConnectError, 69),
  row(ConnectionLostError, 75, ({ outcome }) => outcome === 'not-sent'),
  row(ConnectionLostError, 76),
  row(TlsError, 77),
  row(AuthError, 75, ({ temporary }) => temporary),
  row(AuthError, 77),
  row(SmtpReplyError, 75, ({ temporary }) => temporary),
  // RFC 3463 §3.8: x.7.x is security or policy.
  row(
    SmtpReplyError,
    77,
    ({ enhanced, replyCode }) => /^\d\.7\./.test(enhanced ?? '') || SMTP_AUTH_CODES.has(replyCode),
  ),
  row(SmtpReplyError, 65, ({ phase }) => MESSAGE_PHASES.has(phase)),
  row(SmtpReplyError, 69, ({ phase }) => GREETING_PHASES.has(phase)),
  row(SmtpReplyError, 76),
  row(Pop3ReplyError, 75, ({ temporary }) => temporary),
  // RFC 3206 §4: [AUTH] is about the credentials, [SYS/PERM] about a server somebody has to repair.
  row(Pop3ReplyError, 77, (error) => error.means('AUTH')),
  row(Pop3ReplyError, 69, (error) => error.means('SYS/PERM') || GREETING_PHASES.has(error.phase)),
  row(Pop3ReplyError, 76),
  row(ProtocolError, 76),
  row(LimitError, 76),
  row(StoreError, 75, ({ code }) => code === 'mailbox-busy'),
  row(StoreError, 73, ({ code }) => CANNOT_CREATE.has(code)),
  row(StoreError, 74),
];

/** The exit code for anything that was thrown; what was not thrown on purpose is a fault of our own. */
export function exitCode(error: unknown): number {
  if (!(error instanceof PosthornError)) return 70;
  const found = ROWS.find(([kind, , when]) => error instanceof kind && (when?.(error) ?? true));
  return found?.[1] ?? 70;
}
