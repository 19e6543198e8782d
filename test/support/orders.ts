/**
 * What a transcript's `>` lines ask of our side, and the words in which its `=` lines say what became of it.
 *
 *     > connect none | required | opportunistic | tls      `tls` as over pop3s: or smtps:, with TLS already there
 *     > connect lmtp                       SMTP's sister, without TLS
 *     > login ann tops3cret [MECHANISM]
 *     > capa, utf8, lang en, languages, stat, list, uidl, retr 1, top 1 5, dele 1, rset, noop, quit
 *     > vrfy ann, expn friends, help
 *     > send from=a@example.org to=b@example.org,c@example.org body="one chunk" body="another" size=20 eightbit
 *     > send … notify=success,delay orcpt="rfc822;c@d" ret=headers envid=x requiretls holdfor=60 holduntil=… by=60R
 *       priority=3 submitter=ann@example.org binary
 *     > send … body="seven bits" as8bit="the same, for 8BITMIME" asbinary="the same, for BINARYMIME"
 */
import { ConnectionLostError, Pop3ReplyError, PosthornError, SmtpReplyError } from '../../src/errors.ts';
import type { Channel } from '../../src/net/channel.ts';
import type { Security } from '../../src/net/security.ts';
import type { TlsInfo } from '../../src/net/tls.ts';
import { Pop3Client } from '../../src/pop3/client.ts';
import { SmtpClient } from '../../src/smtp/client.ts';
import type {
  BodyKind,
  DeliveryEvent,
  Envelope,
  Outgoing,
  RecipientRequests,
  SendResult,
} from '../../src/smtp/envelope.ts';
import { latin1 } from '../../src/wire/bytes.ts';

/** Milliseconds: far more than a conversation in memory takes. */
const TIMEOUT = 5000;

export const TLS: TlsInfo = {
  protocol: 'TLSv1.3',
  cipher: 'none',
  subject: 'mail.test',
  issuer: 'nobody',
  validTo: '',
  fingerprint: '',
};

/** An order's verb and its words; `key="text with \\n escapes"` is one word. */
export type Order = readonly string[];

/** Carries out one order. `quiet` resolves when the other side has said all it will say for now. */
export type Obey = (order: Order, quiet: () => Promise<void>) => Promise<unknown>;

/** The orders of one line, which are given at once. */
export function readOrders(line: string): Order[] {
  const words = line.match(/(?:"(?:[^"\\]|\\.)*"|[^\s"])+/g) ?? [];
  const orders: string[][] = [[]];
  for (const word of words) {
    orders.at(-1)?.push(word.replace(/,$/, ''));
    if (word.endsWith(',')) orders.push([]);
  }
  return orders;
}

function optionsOf(
  channel: Channel,
  security: string,
): { host: string; port: number; security: Security; timeout: number } {
  if (security === 'tls') channel.tls = TLS;
  const policy = security === 'tls' ? 'implicit' : security === 'lmtp' ? 'none' : (security as Security);
  return { host: 'mail.test', port: 0, security: policy, timeout: TIMEOUT };
}

export function pop3Orders(channel: Channel): Obey {
  let client: Pop3Client | undefined;
  return async ([verb = '', ...words]) => {
    if (verb === 'connect') {
      client = await Pop3Client.over(channel, optionsOf(channel, words[0] ?? 'none'));
      return undefined;
    }
    if (client === undefined) throw new Error('connect comes first');
    return pop3Order(client, verb, words);
  };
}

async function pop3Order(client: Pop3Client, verb: string, words: readonly string[]): Promise<unknown> {
  const [first = '', second = '', third] = words;
  const body: string[] = [];
  const sink = (chunk: Uint8Array): void => void body.push(latin1(chunk));
  switch (verb) {
    case 'login':
      return client.login({ user: first, password: second, mechanism: third });
    case 'top':
      await client.top(Number(first), Number(second), sink);
      return body.join('');
    case 'retr':
      await client.retr(Number(first), sink);
      return body.join('');
    case 'dele':
      return client.dele(Number(first));
    case 'lang':
      return client.lang(first);
    case 'capa':
      return Object.fromEntries(await client.capa());
    case 'utf8':
    case 'languages':
    case 'stat':
    case 'list':
    case 'uidl':
    case 'noop':
    case 'rset':
    case 'quit':
      return client[verb]();
  }
  throw new Error(`no such order: ${verb}`);
}

export function smtpOrders(channel: Channel): Obey {
  let client: SmtpClient | undefined;
  return async ([verb = '', ...words], quiet) => {
    if (verb === 'connect') {
      const protocol = words[0] === 'lmtp' ? 'lmtp' : 'smtp';
      client = await SmtpClient.over(channel, { ...optionsOf(channel, words[0] ?? 'none'), protocol });
      return undefined;
    }
    if (client === undefined) throw new Error('connect comes first');
    return smtpOrder(client, verb, words, quiet);
  };
}

async function smtpOrder(client: SmtpClient, verb: string, words: readonly string[], quiet: () => Promise<void>) {
  const [user = '', password = '', mechanism] = words;
  switch (verb) {
    case 'login':
      return client.login({ user, password, mechanism });
    case 'send':
      return outcomeOf(await sendOrder(client, words, quiet));
    case 'vrfy':
    case 'expn':
      return client[verb](words.join(' '));
    case 'help':
      return client.help(words[0]);
    case 'noop':
    case 'rset':
    case 'quit':
      return client[verb]();
  }
  throw new Error(`no such order: ${verb}`);
}

function sendOrder(client: SmtpClient, words: readonly string[], quiet: () => Promise<void>): Promise<SendResult> {
  const value = (key: string): string => words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1) ?? '';
  const bodies = words.filter((word) => word.startsWith('body='));
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const word of bodies) {
      yield Buffer.from(JSON.parse(word.slice('body='.length)) as string, 'utf8');
      await quiet();
    }
  }
  const size = value('size');
  const message = {
    chunks,
    size: size === '' ? undefined : Number(size),
    exactLines: words.includes('exact'),
    isBinary: words.includes('binary'),
    has8bit: words.includes('eightbit'),
    needsUtf8: words.includes('utf8'),
  };
  const written = (most: '8bit' | 'binary'): Outgoing => {
    const octets = Buffer.from(JSON.parse(value(`as${most}`)) as string, 'utf8');
    const form = { size: octets.length, exactLines: true, has8bit: most === '8bit', isBinary: most === 'binary' };
    return {
      ...form,
      chunks: () =>
        (async function* () {
          yield octets;
        })(),
    };
  };
  const encode = (most: BodyKind): Outgoing => (most === '7bit' ? message : written(most));
  const formed = value('as8bit') === '' ? message : { ...message, encode };
  return client.send(envelopeOf(words), formed, { partial: words.includes('partial') });
}

/** The envelope of a `send`, with what is asked for every recipient alike. */
function envelopeOf(words: readonly string[]): Envelope {
  const asked = new Map(
    words.map((word): [string, string] => {
      const [, key = '', value = ''] = /^(\w+)=(.*)$/s.exec(word) ?? [];
      // An address may be quoted as well, for its own reasons; all of it in quotes is a text with escapes.
      return [key, /^"[^"]*"$/.test(value) ? (JSON.parse(value) as string) : value];
    }),
  );
  const number = (key: string): number | undefined => (asked.has(key) ? Number(asked.get(key)) : undefined);
  const [seconds, until, notify] = [number('holdfor'), asked.get('holduntil'), asked.get('notify')];
  const [, by, late, trace] = /^(-?\d+)([RN])(T?)$/.exec(asked.get('by') ?? '') ?? [];
  const [, type = '', address = ''] = /^([^;]*);(.*)$/s.exec(asked.get('orcpt') ?? '') ?? [];
  const requests: RecipientRequests = {
    notify: notify === 'never' ? notify : (notify?.split(',') as DeliveryEvent[] | undefined),
    originalRecipient: asked.has('orcpt') ? { type, address } : undefined,
  };
  const recipients = asked.get('to')?.split(',').filter(Boolean) ?? [];
  return {
    from: asked.get('from') ?? '',
    recipients,
    requests: new Map(recipients.map((recipient) => [recipient, requests])),
    return: asked.get('ret') as 'full' | 'headers' | undefined,
    envelopeId: asked.get('envid'),
    requireTls: words.includes('requiretls'),
    hold: seconds !== undefined ? { seconds } : until === undefined ? undefined : { until: new Date(until) },
    deliverBy:
      by === undefined
        ? undefined
        : { seconds: Number(by), late: late === 'R' ? 'return' : 'notify', trace: trace !== '' },
    priority: number('priority'),
    submitter: asked.get('submitter'),
  };
}

function outcomeOf({ outcome, recipients, reply }: SendResult): string {
  const each = recipients.map(
    ({ address, accepted, reply: { code } }) => `${address} ${accepted ? 'yes' : 'no'} ${code}`,
  );
  return `${outcome}${reply === undefined ? '' : ` ${reply.code}`} (${each.join(', ')})`;
}

/** What became of an order, in the words of an `=` line. */
export function describe(result: PromiseSettledResult<unknown>): string {
  if (result.status === 'rejected') return describeError(result.reason);
  if (result.value === undefined) return 'ok';
  return typeof result.value === 'string' && /^(?:sent|refused)/.test(result.value)
    ? result.value
    : JSON.stringify(result.value);
}

function describeError(error: unknown): string {
  if (!(error instanceof PosthornError)) return `fault ${String(error)}`;
  const detail =
    error instanceof SmtpReplyError
      ? ` ${error.replyCode}${error.enhanced === undefined ? '' : ` ${error.enhanced}`}`
      : error instanceof Pop3ReplyError && error.respCode !== undefined
        ? ` ${error.respCode}`
        : error instanceof ConnectionLostError
          ? [` ${error.outcome}`, ...error.recipients.map(({ address, fate }) => `${address} ${fate}`)].join(' ')
          : '';
  const wait = error.retryAfter === undefined ? '' : ` in ${error.retryAfter} s`;
  return `error ${error.code}${detail}${error.temporary ? ' temporary' : ''}${wait}`;
}
