/**
 * Logging in to a POP3 server: AUTH with a SASL mechanism (RFC 5034), or USER and PASS (RFC 1939 §7), once, by the
 * strongest way that both sides allow. APOP (RFC 1939 §7) is never among them; it has to be asked for by name.
 */
import { AuthError, Pop3ReplyError } from '../errors.ts';
import type { Channel } from '../net/channel.ts';
import type { ConnectOptions } from '../net/connect.ts';
import { type Attempt, chooseAttempt, type LoginOptions, mayShow, refusedAttempt } from '../sasl/attempt.ts';
import { authCarrier } from '../sasl/carrier.ts';
import { concealing } from '../sasl/conceal.ts';
import { type Credentials, withPassword } from '../sasl/credentials.ts';
import { authenticate, type SaslCarrier } from '../sasl/exchange.ts';
import { prepareOwn } from '../sasl/prep.ts';
import type { Capabilities } from '../wire/capabilities.ts';
import { apopDigest, findTimestamp } from './apop.ts';
import { loginDelayOf } from './capabilities.ts';
import type { Verb } from './commands.ts';
import { formatCommand } from './grammar.ts';
import { delayHint } from './login-delay.ts';
import { questioned, type Response, ResponseParser } from './response.ts';

/** RFC 2449 §4: a command line has at most 255 octets, CRLF included. */
const MAX_COMMAND = 255;

/** What to do where a response code says more than that the proof was refused (RFC 2449 §8.1, RFC 3206). */
const HINTS: Readonly<Record<string, string>> = {
  'IN-USE': 'Another program has this mailbox open; try again when it is done.',
  'SYS/TEMP': 'The trouble is the server’s, for now; try again later.',
  'SYS/PERM': 'The trouble is the server’s; tell its administrator.',
};

/** What a server has said of itself before the login. */
export interface Offer {
  readonly greeting: string;
  readonly capabilities: Capabilities;
}

/** Where and how a login takes place. */
export interface LoginSession {
  readonly channel: Channel;
  readonly server: Pick<ConnectOptions, 'security' | 'host' | 'port'>;
  readonly timeout: (verb: Verb) => number;
}

/** One way in, chosen and not yet taken. */
type Way = Pick<Attempt, 'mechanism' | 'proof'> & { readonly take: () => Promise<void> };

/**
 * @throws AuthError `auth-rejected` when refused, `auth-unavailable` when it may be taken later (`retryAfter` is set where
 *   the server says when), `auth-no-mechanism` when no way is both offered and permitted; UsageError `bad-credentials`,
 *   nothing sent.
 */
export async function logIn(session: LoginSession, offer: Offer, options: LoginOptions): Promise<void> {
  const byApop = options.mechanism?.toUpperCase() === 'APOP';
  const way = byApop ? apopWay(session, offer, options) : chooseWay(session, offer, options);
  try {
    await way.take();
  } catch (error) {
    if (!(error instanceof Pop3ReplyError)) throw error;
    throw refusal(error, offer, way, options.user);
  }
}

function chooseWay(session: LoginSession, { capabilities }: Offer, options: LoginOptions): Way {
  const plainOnly = options.mechanism?.toUpperCase() === 'USER';
  const offered = plainOnly ? [] : (capabilities.get('SASL') ?? []);
  const attempt = chooseAttempt(offered, session, plainOnly ? { ...options, mechanism: undefined } : options);
  const { mechanism, proof, refusal: reason } = attempt;
  if (mechanism !== undefined)
    return { mechanism, proof, take: () => authenticate(mechanism, carrier(session, options)) };
  // A server without CAPA, or one that lists USER, takes USER and PASS: the password itself, so never in clear by itself.
  const listed = capabilities.size === 0 || capabilities.has('USER');
  const alike = options.mechanism === undefined && listed && proof === 'password';
  if (!(mayShow(session) && (plainOnly || alike))) throw reason;
  return { mechanism, proof, take: () => userPass(session, options) };
}

function apopWay(session: LoginSession, { greeting }: Offer, options: LoginOptions): Way {
  const { channel, server } = session;
  if (!mayShow(session)) throw noApop('The connection is not encrypted, so no credentials are sent.', 'Use TLS.');
  // RFC 2595 §4: what was said in clear counts for nothing under TLS, and there is no second greeting.
  if (channel.tls !== undefined && server.security !== 'implicit')
    throw noApop('The timestamp for APOP came before TLS, so anybody may have made it.', 'Use pop3s: (port 995).');
  const timestamp = findTimestamp(greeting);
  if (timestamp === undefined) {
    const found = greeting.includes('<') ? 'a timestamp that is not a message identifier' : 'no timestamp';
    throw noApop(`The greeting of the server has ${found}, so APOP cannot be used.`, 'Log in by another way.');
  }
  const take = async (): Promise<void> => {
    const { user, password } = withPassword('APOP', options);
    const digest = apopDigest(timestamp, await prepareOwn('password', password));
    const argument = `${await prepareOwn('user name', user)} ${digest}`;
    await ask(session, { verb: 'APOP', argument, said: 'APOP ****', conceal: concealing(password, [digest]) });
  };
  return { mechanism: undefined, proof: 'password', take };
}

function noApop(message: string, hint: string): AuthError {
  return new AuthError('auth-no-mechanism', message, { phase: 'auth', hint });
}

async function userPass(session: LoginSession, credentials: Credentials): Promise<void> {
  const { user, password } = withPassword('USER', credentials);
  // QUIRK: RFC 6856 §2.2 wants no UTF-8 here unless the server announces `UTF8 USER`; those that take it mostly do not.
  const conceal = concealing(password);
  await ask(session, { verb: 'USER', argument: user, said: `USER ${user}`, conceal });
  await ask(session, { verb: 'PASS', argument: password, said: 'PASS ****', conceal });
}

/** One command of a login, which must succeed. `conceal` masks what the server repeats of it. */
async function ask(session: LoginSession, { verb, argument, said, conceal }: Step): Promise<void> {
  const { channel, timeout } = session;
  const options = { timeout: timeout(verb), phase: 'auth', said, last: true };
  const response = check(
    await channel.exchange(formatCommand(verb, argument), new ResponseParser({ conceal }), options),
  );
  if (response.status === 'continue') throw channel.fail(questioned(verb));
}

interface Step {
  readonly verb: Verb;
  readonly argument: string;
  /** What a transcript shows of it. */
  readonly said: string;
  readonly conceal: (words: string) => string;
}

/** How POP3 carries SASL (RFC 5034 §4). */
function carrier({ channel, timeout }: LoginSession, credentials: Credentials): SaslCarrier {
  return authCarrier<Response>(
    {
      maxCommand: MAX_COMMAND,
      exchange: (line, said, conceal) => {
        const options = { timeout: timeout('AUTH'), phase: 'auth', said, last: true };
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

function refusal(error: Pop3ReplyError, { capabilities }: Offer, way: Way, user: string): AuthError {
  const early = error.means('LOGIN-DELAY');
  const { seconds, perUser } = (early ? loginDelayOf(capabilities) : undefined) ?? {};
  const [, hint] = Object.entries(HINTS).find(([code]) => error.means(code)) ?? [];
  const refused = refusedAttempt(error, error.message, way, user, early ? delayHint(seconds, perUser) : hint);
  refused.retryAfter = seconds;
  return refused;
}
