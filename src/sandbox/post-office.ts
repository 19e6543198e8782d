/**
 * The one set of mailboxes behind the sandbox's servers: what SMTP takes in, POP3 hands out.
 *
 * Messages are kept exactly as they came, in memory while small and in a private temporary folder while large; nothing
 * outlives the sandbox, and nothing is ever sent on.
 */
import { randomBytes } from 'node:crypto';
import { Pop3ReplyError, SmtpReplyError } from '../errors.ts';
import type { Maildrop, MaildropMessage } from '../pop3/maildrop.ts';
import type { Pop3Backend } from '../pop3/server-options.ts';
import { sameSecret } from '../sasl/verify.ts';
import type { Delivery } from '../smtp/delivery.ts';
import type { Envelope } from '../smtp/envelope.ts';
import type { SmtpBackend } from '../smtp/server.ts';
import { type Spool, type Spooled, type SpoolSink } from '../store/spool.ts';
import { latin1 } from '../wire/bytes.ts';

export interface SandboxUser {
  /** The login, which is an address too. */
  readonly address: string;
  readonly password: string;
}

/** Mail to domains that no user belongs to is not sent anywhere: it lands in the mailbox of this user. */
export const OUTSIDE = 'outside@example.org';

interface Message extends MaildropMessage {
  /** How many mailboxes still hold it. */
  readonly spooled: Spooled & { holders: number };
}

export class PostOffice implements Pop3Backend, SmtpBackend {
  readonly #spool: Spool;
  readonly #passwords = new Map<string, string>();
  readonly #mailboxes = new Map<string, Message[]>();
  readonly #open = new Set<string>();

  constructor(spool: Spool, users: readonly SandboxUser[]) {
    this.#spool = spool;
    for (const { address, password } of users) {
      this.#passwords.set(address.toLowerCase(), password);
      this.#mailboxes.set(address.toLowerCase(), []);
    }
  }

  async password(user: string): Promise<string | undefined> {
    return this.#passwords.get(user.toLowerCase());
  }

  /** There is nobody here to issue tokens: a user's password serves as one. */
  async token(user: string, token: string): Promise<boolean> {
    const expected = await this.password(user);
    return expected !== undefined && sameSecret(token, expected);
  }

  /** Opens a user's maildrop, for one session at a time (RFC 1939 §4). */
  async open(user: string): Promise<Maildrop> {
    const name = user.toLowerCase();
    const mailbox = this.#mailboxes.get(name);
    if (mailbox === undefined) throw new Pop3ReplyError('SYS/PERM', 'there is no such mailbox');
    if (this.#open.has(name)) throw new Pop3ReplyError('IN-USE', 'another session has this mailbox open');
    this.#open.add(name);
    return {
      messages: [...mailbox],
      erase: async (erased) => {
        this.#mailboxes.set(
          name,
          (this.#mailboxes.get(name) ?? []).filter((message) => !erased.includes(message)),
        );
        for (const message of mailbox.filter((each) => erased.includes(each))) await release(message);
      },
      release: () => this.#open.delete(name),
    };
  }

  /** Known users are taken, and everybody outside of their domains. */
  async recipient(address: string): Promise<void> {
    if (this.#mailboxOf(address) !== undefined) return;
    throw new SmtpReplyError({ code: 550, enhanced: '5.1.1' }, `there is no ${address} here`);
  }

  readonly deliver = async (envelope: Envelope): Promise<Delivery> => {
    const sink = this.#spool.store();
    const end = new LineEnd();
    return {
      write: (chunk) => {
        end.push(chunk);
        return sink.write(chunk);
      },
      commit: () => this.#distribute(envelope, sink, end),
      abort: () => sink.abort(),
    };
  };

  /** What a mailbox holds, oldest first. */
  messages(address: string): readonly MaildropMessage[] {
    return this.#mailboxes.get(address.toLowerCase()) ?? [];
  }

  async #distribute(envelope: Envelope, sink: SpoolSink, end: LineEnd): Promise<string> {
    // A message without a last line end gets one here, so that its size is the one POP3 will send.
    if (!end.complete) await sink.write(Buffer.from('\r\n'));
    const names = new Set(envelope.recipients.map((address) => this.#mailboxOf(address)));
    const spooled = { ...(await sink.commit()), holders: names.size };
    const uid = randomBytes(12).toString('hex');
    for (const name of names) {
      if (name === undefined) continue;
      this.#mailboxes.get(name)?.push({ uid, octets: spooled.size, read: () => spooled.read(), spooled });
    }
    return uid;
  }

  #mailboxOf(address: string): string | undefined {
    const name = address.toLowerCase();
    if (this.#mailboxes.has(name)) return name;
    const domain = name.slice(name.lastIndexOf('@'));
    const local = [...this.#mailboxes.keys()].some((user) => user.endsWith(domain));
    return local ? undefined : OUTSIDE;
  }
}

async function release(message: Message): Promise<void> {
  message.spooled.holders -= 1;
  if (message.spooled.holders === 0) await message.spooled.remove();
}

/** Whether what has passed ended with a line end. */
class LineEnd {
  #last = '\r\n';

  push(chunk: Uint8Array): void {
    this.#last = (this.#last + latin1(chunk.subarray(-2))).slice(-2);
  }

  get complete(): boolean {
    return this.#last === '\r\n';
  }
}
