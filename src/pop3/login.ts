/**
 * Logging in to a POP3 server: AUTH with a SASL mechanism (RFC 5034), or USER and PASS (RFC 1939 §7), once.
 *
 * The strongest way that both sides allow is taken, and a refusal is final for this run: a second guess with another
 * mechanism would count as another wrong password. APOP is not among them (CVE-2007-1558).
 */
import { AuthError, Pop3ReplyError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import type { ConnectOptions } from '../net/connect.ts';
import { authCarrier } from '../sasl/carrier.ts';
import { type Credentials, type Proof, proofOf, REFUSED, withPassword } from '../sasl/credentials.ts';
import { authenticate, type SaslCarrier } from '../sasl/exchange.ts';
import { chooseMechanism, offersBinding } from '../sasl/select.ts';
import type { Capabilities } from '../wire/capabilities.ts';
import type { Verb } from './commands.ts';
import { formatCommand } from './grammar.ts';
import { questioned, type Response, ResponseParser } from './response.ts';

/** RFC 2449 §4: a command line has at most 255 octets, CRLF included. */
const MAX_COMMAND = 255;

export type LoginOptions = Credentials & {
  /** Use this mechanism or none; `USER` stands for USER and PASS. A mechanism of tokens takes the password for one. */
  readonly mechanism?: string | undefined;
};

/**
 * @throws AuthError `auth-rejected` when refused, `auth-no-mechanism` when no way is both offered and permitted;
 *   UsageError `bad-credentials`, nothing sent.
 */
export async function logIn(
  channel: Channel,
  capabilities: Capabilities,
  { security, host, port }: Pick<ConnectOptions, 'security' | 'host' | 'port'>,
  options: LoginOptions,
  timeout: (verb: Verb) => number,
): Promise<void> {
  const tls = channel.tls !== undefined;
  const insecure = security === 'none';
  const only = options.mechanism?.toUpperCase();
  const offered = only === 'USER' ? [] : (capabilities.get('SASL') ?? []);
  const proof = proofOf(options);
  const [binding] = channel.bindings;
  const choice = chooseMechanism(offered, {
    tls,
    insecure,
    proof,
    bindable: binding !== undefined,
    only: only === 'USER' ? undefined : only,
  });
  // A server without CAPA, or one that lists USER, takes USER and PASS: the password itself, so never in clear by itself.
  const listed = capabilities.size === 0 || capabilities.has('USER');
  const plainly = (tls || insecure) && (only === 'USER' || (only === undefined && listed && proof === 'password'));
  if (choice.mechanism === undefined && !plainly) throw choice.refusal;
  const mechanism = choice.mechanism?.client(options, {
    binding,
    bindingOffered: offersBinding(offered),
    host,
    port,
  });
  try {
    if (mechanism !== undefined) await authenticate(mechanism, carrier(channel, timeout('AUTH')));
    else await userPass(channel, options, timeout('PASS'));
  } catch (error) {
    if (!(error instanceof Pop3ReplyError)) throw error;
    throw rejected(error, options.user, choice.mechanism?.proof ?? 'password', mechanism?.complaint);
  }
}

async function userPass(channel: Channel, credentials: Credentials, timeout: number): Promise<void> {
  const { user, password } = withPassword('USER', credentials);
  const ask = async (verb: Verb, secret: string, said: string): Promise<void> => {
    const options = { timeout, phase: 'auth', said, last: true };
    const response = check(await channel.exchange(formatCommand(verb, secret), new ResponseParser(), options));
    if (response.status === 'continue') throw channel.fail(questioned(verb));
  };
  await ask('USER', user, `USER ${user}`);
  await ask('PASS', password, 'PASS ****');
}

/** How POP3 carries SASL (RFC 5034 §4). */
function carrier(channel: Channel, timeout: number): SaslCarrier {
  const exchange = (line: string, said: string): Promise<Response> =>
    channel.exchange(Buffer.from(`${line}\r\n`), new ResponseParser(), { timeout, phase: 'auth', said, last: true });
  return authCarrier(MAX_COMMAND, exchange, (response) => {
    const { status, text } = check(response);
    return status === 'continue' ? { challenge: text } : { success: true };
  });
}

function check(response: Response): Response {
  if (response.status !== 'err') return response;
  throw new Pop3ReplyError(response.respCode, response.text, { phase: 'auth' });
}

function rejected(error: Pop3ReplyError, user: string, proof: Proof, complaint: string | undefined): AuthError {
  const { temporary, respCode } = error;
  const said = complaint === undefined ? error.message : `${error.message} (${complaint})`;
  const message = temporary
    ? `The server cannot log ${user} in now: ${said}`
    : `The server refused ${REFUSED[proof].what} of ${user}: ${said}`;
  const hint = {
    'IN-USE': 'Another program has this mailbox open; try again when it is done.',
    'LOGIN-DELAY': 'The server asks for a pause between logins; try again later.',
    'SYS/TEMP': 'The trouble is the server’s, for now; try again later.',
    'SYS/PERM': 'The trouble is the server’s; tell its administrator.',
  }[respCode ?? ''];
  return new AuthError(temporary ? 'auth-unavailable' : 'auth-rejected', message, {
    phase: 'auth',
    temporary,
    cause: error,
    hint: hint ?? REFUSED[proof].hint,
  });
}
