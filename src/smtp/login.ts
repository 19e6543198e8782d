/** Logging in to an SMTP server: AUTH with a SASL mechanism (RFC 4954), once, by the strongest that both sides allow. */
import { AuthError, SmtpReplyError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import type { ConnectOptions } from '../net/connect.ts';
import { type Attempt, chooseAttempt, type LoginOptions, refusedAttempt } from '../sasl/attempt.ts';
import { authCarrier } from '../sasl/carrier.ts';
import type { Credentials } from '../sasl/credentials.ts';
import { authenticate, type SaslCarrier } from '../sasl/exchange.ts';
import type { Capabilities } from '../wire/capabilities.ts';
import { endsSession, type Reply, ReplyParser, refusal, succeeded } from './reply.ts';

/** RFC 5321 §4.5.3.1.4: a command line has at most 512 octets, CRLF included. RFC 4954 allows more; not all servers do. */
const MAX_COMMAND = 512;

/**
 * @throws AuthError `auth-rejected` when refused, `auth-no-mechanism` when no mechanism is both offered and permitted;
 *   UsageError `bad-credentials`, nothing sent.
 */
export async function logIn(
  channel: Channel,
  capabilities: Capabilities,
  server: Pick<ConnectOptions, 'security' | 'host' | 'port'>,
  options: LoginOptions,
  timeout: number,
): Promise<void> {
  const attempt = chooseAttempt(capabilities.get('AUTH') ?? [], { channel, server }, options);
  if (attempt.mechanism === undefined) throw attempt.refusal;
  try {
    await authenticate(attempt.mechanism, carrier(channel, options, timeout));
  } catch (error) {
    throw error instanceof SmtpReplyError ? rejected(error, attempt, options.user) : error;
  }
}

/** How SMTP carries SASL (RFC 4954 §4). */
function carrier(channel: Channel, credentials: Credentials, timeout: number): SaslCarrier {
  return authCarrier<Reply>(
    {
      maxCommand: MAX_COMMAND,
      exchange: (line, said, conceal) => {
        const options = { timeout, phase: 'auth', said, last: true };
        return channel.exchange(Buffer.from(`${line}\r\n`), new ReplyParser(conceal), options);
      },
      read: (reply) => {
        // A challenge is one line; what several make is no base64, and ends the exchange.
        if (reply.code === 334) return { challenge: reply.lines.join(' ') };
        if (succeeded(reply)) return { success: true };
        const error = refusal(reply, 'auth');
        if (endsSession(reply)) channel.fail(error);
        throw error;
      },
      fail: (error) => channel.fail(error),
    },
    credentials,
  );
}

function rejected(error: SmtpReplyError, attempt: Attempt, user: string): AuthError {
  const { message, replyCode } = error;
  const words = message.replace(/^The server refused \(auth\): /, '');
  // RFC 5321 §4.2.3: these codes are about the command, not about who we are.
  if (replyCode < 500 || replyCode > 504) return refusedAttempt(error, words, attempt, user);
  return new AuthError('auth-not-understood', `The server does not take this way of logging in: ${words}`, {
    phase: 'auth',
    cause: error,
    hint: 'Ask for another mechanism by name, with --auth.',
  });
}
