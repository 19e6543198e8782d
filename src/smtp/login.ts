/**
 * Logging in to an SMTP server: AUTH with a SASL mechanism (RFC 4954), once.
 *
 * The strongest mechanism that both sides allow is taken, and a refusal is final for this run: a second guess with
 * another mechanism would count as another wrong password.
 */
import { AuthError, SmtpReplyError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import type { ConnectOptions } from '../net/connect.ts';
import { authCarrier } from '../sasl/carrier.ts';
import { type Credentials, type Proof, proofOf, REFUSED } from '../sasl/credentials.ts';
import { authenticate, type SaslCarrier } from '../sasl/exchange.ts';
import { chooseMechanism, offersBinding } from '../sasl/select.ts';
import type { Capabilities } from '../wire/capabilities.ts';
import { endsSession, type Reply, ReplyParser, refusal, succeeded } from './reply.ts';

/** RFC 5321 §4.5.3.1.4: a command line has at most 512 octets, CRLF included. RFC 4954 allows more; not all servers do. */
const MAX_COMMAND = 512;

export type LoginOptions = Credentials & {
  /** Use this mechanism or none. A mechanism of tokens takes the password for one. */
  readonly mechanism?: string | undefined;
};

/**
 * @throws AuthError `auth-rejected` when refused, `auth-no-mechanism` when no mechanism is both offered and permitted;
 *   UsageError `bad-credentials`, nothing sent.
 */
export async function logIn(
  channel: Channel,
  capabilities: Capabilities,
  { security, host, port }: Pick<ConnectOptions, 'security' | 'host' | 'port'>,
  options: LoginOptions,
  timeout: number,
): Promise<void> {
  const offered = capabilities.get('AUTH') ?? [];
  const [binding] = channel.bindings;
  const choice = chooseMechanism(offered, {
    tls: channel.tls !== undefined,
    insecure: security === 'none',
    proof: proofOf(options),
    bindable: binding !== undefined,
    only: options.mechanism,
  });
  if (choice.mechanism === undefined) throw choice.refusal;
  const mechanism = choice.mechanism.client(options, {
    binding,
    bindingOffered: offersBinding(offered),
    host,
    port,
  });
  try {
    await authenticate(mechanism, carrier(channel, timeout));
  } catch (error) {
    if (!(error instanceof SmtpReplyError)) throw error;
    throw rejected(error, options.user, choice.mechanism.proof, mechanism.complaint);
  }
}

/** How SMTP carries SASL (RFC 4954 §4). */
function carrier(channel: Channel, timeout: number): SaslCarrier {
  const exchange = (line: string, said: string): Promise<Reply> =>
    channel.exchange(Buffer.from(`${line}\r\n`), new ReplyParser(), { timeout, phase: 'auth', said, last: true });
  return authCarrier(MAX_COMMAND, exchange, (reply) => {
    if (reply.code === 334) return { challenge: reply.lines[0] ?? '' };
    if (succeeded(reply)) return { success: true };
    const error = refusal(reply, 'auth');
    if (endsSession(reply)) channel.fail(error);
    throw error;
  });
}

function rejected(error: SmtpReplyError, user: string, proof: Proof, complaint: string | undefined): AuthError {
  const { temporary, message, replyCode } = error;
  const words = message.replace(/^The server refused \(auth\): /, '');
  const said = complaint === undefined ? words : `${words} (${complaint})`;
  // RFC 5321 §4.2.3: these codes are about the command, not about who we are.
  if (replyCode >= 500 && replyCode <= 504) {
    return new AuthError('auth-not-understood', `The server does not take this way of logging in: ${said}`, {
      phase: 'auth',
      cause: error,
      hint: 'Ask for another mechanism by name, with --auth.',
    });
  }
  return new AuthError(
    temporary ? 'auth-unavailable' : 'auth-rejected',
    temporary
      ? `The server cannot log ${user} in now: ${said}`
      : `The server refused ${REFUSED[proof].what} of ${user}: ${said}`,
    {
      phase: 'auth',
      temporary,
      cause: error,
      hint: temporary ? 'Try again later.' : REFUSED[proof].hint,
    },
  );
}
