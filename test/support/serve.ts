/**
 * Our servers for a transcript, over a small backend in memory.
 *
 *     > serve [stls | starttls | tls] [insecure] [auth] [size=100] [utf8=2] [expire=30] [delay=900] [lmtp]
 *     > serve … [directory] [all] [dsn] [requiretls] [hold] [by] [priority] [binary]
 *
 * With `stls` or `starttls` logging in needs TLS, unless it is `insecure`. `ann` is the one user; her maildrop has three messages, and
 * `utf8` names one with UTF-8 in its header. `bob@example.org` is the one recipient who is refused; the mailbox of
 * `full@example.org` is found full when a message is to be stored, and that of `gone@example.org` cannot even be opened.
 * The outcome lists what was erased, and what was stored, with what was asked for it.
 */
import { Pop3ReplyError, SmtpReplyError, StoreError } from '../../src/errors.ts';
import type { Channel } from '../../src/net/channel.ts';
import type { Maildrop } from '../../src/pop3/maildrop.ts';
import { servePop3 } from '../../src/pop3/server.ts';
import type { Pop3Backend } from '../../src/pop3/server-options.ts';
import { type SmtpBackend, serveSmtp } from '../../src/smtp/server.ts';
import type { Extensions } from '../../src/smtp/capabilities.ts';
import type { ReceivedEnvelope } from '../../src/smtp/envelope.ts';
import { latin1 } from '../../src/wire/bytes.ts';
import { TLS } from './orders.ts';
import { PASSWORD, USER } from './secrets.ts';

/** Serves a channel to its end and resolves to the `=` lines. */
export type Serve = (channel: Channel, words: readonly string[]) => Promise<string[]>;

/** The messages of the maildrop: one with a dot to stuff, one without a last line end, one that is empty. */
export const MAIL: readonly string[] = ['Subject: one\r\n\r\n.first\r\nsecond\r\n', 'Subject: two\r\n\r\nend', ''];

/** No handshake comes so far that it would be looked at. */
const IDENTITY = { certificate: '', key: '' };

async function password(user: string): Promise<string | undefined> {
  return user === USER ? PASSWORD : undefined;
}

/** One maildrop for one user, open for one session at a time. */
export class MemoryMaildrop implements Pop3Backend {
  readonly erased: number[] = [];
  inUse = false;
  /** What an update fails with, if anything. */
  fault: Error | undefined;
  /** The number of a message whose header has UTF-8. */
  utf8 = 0;
  readonly password = password;

  async open(): Promise<Maildrop> {
    if (this.inUse) throw new Pop3ReplyError('IN-USE', 'another session has it');
    this.inUse = true;
    const messages = MAIL.map((text, at) => ({
      uid: `uid-${at + 1}`,
      octets: text.length,
      utf8: at + 1 === this.utf8,
      async *read() {
        yield Buffer.from(text);
      },
    }));
    return {
      messages,
      erase: async (erased) => {
        if (this.fault !== undefined) throw this.fault;
        this.erased.push(...erased.map((message) => messages.findIndex((each) => each === message) + 1));
      },
      release: () => {
        this.inUse = false;
      },
    };
  }
}

/** Takes every message into memory. */
export class MemoryPost implements SmtpBackend {
  readonly stored: { from: string; recipients: readonly string[]; text: string }[] = [];
  /** What was asked for each message, beside its sender and its recipients. */
  readonly asked: Partial<ReceivedEnvelope>[] = [];
  readonly password = password;
  extensions: Extensions = {};

  async recipient(address: string): Promise<void> {
    if (address === 'bob@example.org') throw new SmtpReplyError({ code: 550, enhanced: '5.1.1' }, 'there is no bob');
  }

  readonly deliver: SmtpBackend['deliver'] = async ({ from, recipients, ...asked }) => {
    if (recipients.includes('gone@example.org')) throw new StoreError('damaged', 'There is no mailbox.');
    let text = '';
    return {
      write: (chunk) => {
        text += latin1(chunk);
      },
      commit: async () => {
        if (recipients.includes('full@example.org'))
          throw new SmtpReplyError({ code: 452, enhanced: '4.2.2' }, 'the mailbox is full');
        this.stored.push({ from, recipients: [...recipients], text });
        this.asked.push(asked);
        return String(this.stored.length);
      },
      abort: async () => undefined,
    };
  };
}

export const servePop3Order: Serve = async (channel, words) => {
  const backend = new MemoryMaildrop();
  const identity = words.includes('stls') ? IDENTITY : undefined;
  backend.utf8 = numberIn(words, 'utf8') ?? 0;
  await servePop3(channel, {
    backend,
    identity,
    insecure: identity === undefined || words.includes('insecure'),
    expire: numberIn(words, 'expire'),
    loginDelay: numberIn(words, 'delay'),
  });
  return backend.erased.length === 0 ? [] : [`erased ${backend.erased.join(' ')}`];
};

/** A post that tells of its users and its one list. */
class ToldPost extends MemoryPost {
  async vrfy(user: string): Promise<readonly string[]> {
    const users = ['Ann Example <ann@example.org>', 'Anna Other <anna@example.org>', 'Jürgen <jürgen@example.org>'];
    return users.filter((each) => each.toLowerCase().includes(user.toLowerCase()));
  }

  async expn(list: string): Promise<readonly string[]> {
    return list === 'friends' ? ['<ann@example.org>', '<bob@example.org>'] : [];
  }
}

/** A time far ahead, so that a transcript can name it. */
const FAR = new Date('8999-12-31T00:00:00Z');

const EXTENSIONS: Readonly<Record<string, Extensions>> = {
  dsn: { dsn: true },
  requiretls: { requireTls: true },
  hold: { futureRelease: { seconds: 3600, until: FAR } },
  by: { deliverBy: { least: 10 } },
  priority: { priority: 'MIXER' },
  binary: { binary: true },
};

/** What was asked for a message, in a few words; nothing where that is nothing. */
function wordsOf({ requests = new Map(), utf8, body, ...asked }: Partial<ReceivedEnvelope>): string {
  const all = {
    ...(body === '7bit' ? {} : { body }),
    ...(utf8 ? { utf8 } : {}),
    ...asked,
    size: undefined,
    ...Object.fromEntries(requests),
  };
  const text = JSON.stringify(all);
  return text === '{}' ? '' : ` ${text}`;
}

export const serveSmtpOrder: Serve = async (channel, words) => {
  const backend = words.includes('directory') ? new ToldPost() : new MemoryPost();
  if (words.includes('tls')) channel.tls = TLS;
  const offered = words.includes('all') ? Object.keys(EXTENSIONS) : words;
  for (const word of offered) backend.extensions = { ...backend.extensions, ...EXTENSIONS[word] };
  const identity = words.includes('starttls') ? IDENTITY : undefined;
  await serveSmtp(channel, {
    backend,
    name: 'mail.test',
    protocol: words.includes('lmtp') ? 'lmtp' : 'smtp',
    identity,
    insecure: identity === undefined || words.includes('insecure'),
    authRequired: words.includes('auth'),
    maxSize: numberIn(words, 'size'),
  });
  return backend.stored.map(
    ({ from, recipients, text }, at) =>
      `${from} -> ${recipients.join(', ')} ${JSON.stringify(text)}${wordsOf(backend.asked[at] ?? {})}`,
  );
};

function numberIn(words: readonly string[], key: string): number | undefined {
  const value = words.find((word) => word.startsWith(`${key}=`))?.slice(key.length + 1);
  return value === undefined ? undefined : Number(value);
}
