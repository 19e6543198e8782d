/**
 * Logging in to a POP3 server: AUTH with a SASL mechanism (RFC 5034), or USER and PASS (RFC 1939 §7), once, by the
 * strongest way that both sides allow. APOP is not among them (CVE-2007-1558).
 */
import { Pop3ReplyError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import type { ConnectOptions } from '../net/connect.ts';
import { chooseAttempt, type LoginOptions, mayShow, refusedAttempt } from '../sasl/attempt.ts';
import { authCarrier } from '../sasl/carrier.ts';
import { concealing } from '../sasl/conceal.ts';
import { type Credentials, withPassword } from '../sasl/credentials.ts';
import { authenticate, type SaslCarrier } from '../sasl/exchange.ts';
import type { Capabilities } from '../wire/capabilities.ts';
import type { Verb } from './commands.ts';
import { formatCommand } from './grammar.ts';
import { questioned, type Response, ResponseParser } from './response.ts';

/** RFC 2449 §4: a command line has at most 255 octets, CRLF included. */
const MAX_COMMAND = 255;

/** What to do where a response code says more than that the proof was refused (RFC 2449 §8.1, RFC 3206). */
const HINTS: Readonly<Record<string, string>> = {
  'IN-USE': 'Another program has this mailbox open; try again when it is done.',
  'LOGIN-DELAY': 'The server asks for a pause between logins; try again later.',
  'SYS/TEMP': 'The trouble is the server’s, for now; try again later.',
  'SYS/PERM': 'The trouble is the server’s; tell its administrator.',
};

/**
 * @throws AuthError `auth-rejected` when refused, `auth-no-mechanism` when no way is both offered and permitted;
 *   UsageError `bad-credentials`, nothing sent.
 */
export async function logIn(
  channel: Channel,
  capabilities: Capabilities,
  server: Pick<ConnectOptions, 'security' | 'host' | 'port'>,
  options: LoginOptions,
  timeout: (verb: Verb) => number,
): Promise<void> {
  const place = { channel, server };
  const plainOnly = options.mechanism?.toUpperCase() === 'USER';
  const offered = plainOnly ? [] : (capabilities.get('SASL') ?? []);
  const attempt = chooseAttempt(offered, place, plainOnly ? { ...options, mechanism: undefined } : options);
  // A server without CAPA, or one that lists USER, takes USER and PASS: the password itself, so never in clear by itself.
  const listed = capabilities.size === 0 || capabilities.has('USER');
  const alike = options.mechanism === undefined && listed && attempt.proof === 'password';
  if (attempt.mechanism === undefined && !(mayShow(place) && (plainOnly || alike))) throw attempt.refusal;
  try {
    if (attempt.mechanism !== undefined)
      await authenticate(attempt.mechanism, carrier(channel, options, timeout('AUTH')));
    else await userPass(channel, options, timeout('PASS'));
  } catch (error) {
    if (!(error instanceof Pop3ReplyError)) throw error;
    throw refusedAttempt(error, error.message, attempt, options.user, HINTS[error.respCode ?? '']);
  }
}

async function userPass(channel: Channel, credentials: Credentials, timeout: number): Promise<void> {
  const { user, password } = withPassword('USER', credentials);
  const ask = async (verb: Verb, argument: string, said: string): Promise<void> => {
    const parser = new ResponseParser({ conceal: concealing(password, '') });
    const options = { timeout, phase: 'auth', said, last: true };
    const response = check(await channel.exchange(formatCommand(verb, argument), parser, options));
    if (response.status === 'continue') throw channel.fail(questioned(verb));
  };
  await ask('USER', user, `USER ${user}`);
  await ask('PASS', password, 'PASS ****');
}

/** How POP3 carries SASL (RFC 5034 §4). */
function carrier(channel: Channel, credentials: Credentials, timeout: number): SaslCarrier {
  return authCarrier<Response>(
    {
      maxCommand: MAX_COMMAND,
      exchange: (line, said, conceal) => {
        const options = { timeout, phase: 'auth', said, last: true };
        return channel.exchange(Buffer.from(`${line}\r\n`), new ResponseParser({ conceal }), options);
      },
      read: (response) => {
        const { status, text } = check(response);
        return status === 'continue' ? { challenge: text } : { success: true };
      },
      fail: (error) => channel.fail(error),
    },
    credentials,
  );
}

function check(response: Response): Response {
  if (response.status !== 'err') return response;
  throw new Pop3ReplyError(response.respCode, response.text, { phase: 'auth' });
}
