/**
 * Logging in to an SMTP server: AUTH with a SASL mechanism (RFC 4954), once.
 *
 * The strongest mechanism that both sides allow is taken, and a refusal is final for this run: a second guess with
 * another mechanism would count as another wrong password.
 */
import { AuthError, SmtpReplyError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import type { Security } from '../net/connect.ts';
import { authenticate, type SaslCarrier, type SaslReply } from '../sasl/exchange.ts';
import { type Credentials, checkCredentials } from '../sasl/mechanism.ts';
import { chooseMechanism } from '../sasl/select.ts';
import { CRLF } from '../wire/bytes.ts';
import type { Capabilities } from './capabilities.ts';
import { formatCommand } from './grammar.ts';
import { endsSession, type Reply, ReplyParser, refusal, succeeded } from './reply.ts';

/** RFC 5321 §4.5.3.1.4: a command line has at most 512 octets, CRLF included. RFC 4954 allows more; not all servers do. */
const MAX_COMMAND = 512;

export interface LoginOptions extends Credentials {
  /** Use this mechanism or none. */
  readonly mechanism?: string | undefined;
}

/** @throws AuthError `auth-rejected` when refused, `auth-no-mechanism` when no mechanism is both offered and permitted. */
export async function logIn(
  channel: Channel,
  capabilities: Capabilities,
  policy: { security: Security },
  options: LoginOptions,
  timeout: number,
): Promise<void> {
  checkCredentials(options);
  const { mechanism, refusal: none } = chooseMechanism(capabilities.get('AUTH') ?? [], {
    tls: channel.tls !== undefined,
    insecure: policy.security === 'none',
    only: options.mechanism,
  });
  if (mechanism === undefined) throw none;
  try {
    await authenticate(mechanism.client(options), carrier(channel, timeout));
  } catch (error) {
    throw error instanceof SmtpReplyError ? rejected(error, options.user) : error;
  }
}

/** How SMTP carries SASL (RFC 4954 §4). */
function carrier(channel: Channel, timeout: number): SaslCarrier {
  const exchange = (line: Uint8Array, said: string): Promise<Reply> =>
    channel.exchange(line, new ReplyParser(), { timeout, phase: 'auth', said, last: true });
  const ask = async (line: Uint8Array, said: string): Promise<SaslReply> => {
    const reply = await exchange(line, said);
    if (reply.code === 334) return { challenge: reply.lines[0] ?? '' };
    if (succeeded(reply)) return { success: true };
    const error = refusal(reply, 'auth');
    if (endsSession(reply)) channel.fail(error);
    throw error;
  };
  return {
    maxInitial: MAX_COMMAND - 'AUTH SCRAM-SHA-256-PLUS \r\n'.length,
    start: (mechanism, initial) =>
      initial === undefined
        ? ask(formatCommand('AUTH', mechanism), `AUTH ${mechanism}`)
        : ask(formatCommand('AUTH', `${mechanism} ${initial}`), `AUTH ${mechanism} ****`),
    answer: (response) => ask(Buffer.concat([Buffer.from(response, 'latin1'), CRLF]), '****'),
    cancel: async () => {
      await exchange(Buffer.from('*\r\n'), '*');
    },
  };
}

function rejected(error: SmtpReplyError, user: string): AuthError {
  const { temporary, message } = error;
  const said = message.replace(/^The server refused \(auth\): /, '');
  return new AuthError(
    temporary ? 'auth-unavailable' : 'auth-rejected',
    temporary
      ? `The server cannot log ${user} in now: ${said}`
      : `The server refused the user name or the password of ${user}: ${said}`,
    {
      phase: 'auth',
      temporary,
      cause: error,
      hint: temporary
        ? 'Try again later.'
        : 'Check the user name and the password; some providers ask for an app password.',
    },
  );
}
