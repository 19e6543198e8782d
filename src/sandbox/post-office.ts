/**
 * The one set of mailboxes behind the sandbox's servers: what SMTP takes in, POP3 hands out.
 *
 * Messages are kept exactly as they came, in memory while small and in a private temporary folder while large; nothing
 * outlives the sandbox, and nothing is ever sent on. Only what is not made of lines (RFC 3030) is made so, as POP3 has
 * nothing else to hand out: a bare LF and a dot would end the message for many a client.
 */
import { randomBytes } from 'node:crypto';
import { Pop3ReplyError, SmtpReplyError } from '../errors.ts';
import { withoutBinary } from '../mime/downgrade.ts';
import type { Maildrop, MaildropMessage } from '../pop3/maildrop.ts';
import type { Pop3Backend } from '../pop3/server-options.ts';
import { sameSecret } from '../sasl/verify.ts';
import type { Delivery } from '../smtp/delivery.ts';
import type { Extensions } from '../smtp/capabilities.ts';
import type { ReceivedEnvelope } from '../smtp/envelope.ts';
import { isAscii } from '../smtp/grammar.ts';
import type { SmtpBackend } from '../smtp/server.ts';
import type { Spool, Spooled } from '../store/spool.ts';
import { latin1 } from '../wire/bytes.ts';
import { BareNewlineDetector } from '../wire/eol.ts';
import { successReport } from './report.ts';

export interface SandboxUser {
  /** The login, which is an address too. */
  readonly address: string;
  readonly password: string;
}

/** Mail to domains that no user belongs to is not sent anywhere: it lands in the mailbox of this user. */
export const OUTSIDE = 'outside@example.org';

/** A message in a mailbox, with the envelope it came in. */
export interface SandboxMessage extends MaildropMessage {
  /** With all that was asked for it: reports, a hold, a priority. */
  readonly envelope: ReceivedEnvelope;
}

interface Message extends SandboxMessage {
  /** POP3 does not show it before. */
  readonly due: number;
  /** How many mailboxes still hold it. */
  readonly spooled: Spooled & { holders: number };
}

export class PostOffice implements Pop3Backend, SmtpBackend {
  readonly #spool: Spool;
  readonly #passwords = new Map<string, string>();
  readonly #mailboxes = new Map<string, Message[]>();
  readonly #open = new Set<string>();
  /** Nothing leaves the sandbox, so that whatever is asked of the way can be promised. */
  readonly extensions: Extensions = {
    dsn: true,
    requireTls: true,
    futureRelease: { seconds: 30 * 86_400 },
    deliverBy: {},
    priority: true,
    binary: true,
  };

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
      messages: mailbox.filter(({ due }) => due <= Date.now()),
      erase: async (erased) => {
        const gone = new Set(erased);
        this.#mailboxes.set(
          name,
          (this.#mailboxes.get(name) ?? []).filter((message) => !gone.has(message)),
        );
        for (const message of mailbox.filter((each) => gone.has(each))) await release(message);
      },
      release: () => void this.#open.delete(name),
    };
  }

  /** Known users are taken, and everybody outside of their domains. */
  async recipient(address: string): Promise<void> {
    if (this.#mailboxOf(address) !== undefined) return;
    throw new SmtpReplyError({ code: 550, enhanced: '5.1.1' }, `there is no ${address} here`);
  }

  /** Users by their address, or by what stands before the @ in it. */
  async vrfy(user: string): Promise<string[]> {
    const name = user.toLowerCase().replace(/^<(.*)>$/, '$1');
    return [...this.#passwords.keys()]
      .filter((each) => each === name || each.startsWith(`${name}@`))
      .map((each) => `<${each}>`);
  }

  readonly deliver = async (envelope: ReceivedEnvelope): Promise<Delivery> => {
    const sink = this.#spool.store();
    const end = new LineEnd();
    return {
      write: (chunk) => {
        end.push(chunk);
        return sink.write(chunk);
      },
      commit: async () => {
        if (envelope.body === 'binary') return this.#distribute(envelope, await this.#asLines(await sink.commit()));
        // A message without a last line end gets one here, so that its size is the one POP3 will send.
        if (!end.complete) await sink.write(Buffer.from('\r\n'));
        return this.#distribute(envelope, await sink.commit());
      },
      abort: () => sink.abort(),
    };
  };

  /** What a mailbox holds, oldest first, with what is held back. */
  messages(address: string): readonly SandboxMessage[] {
    return this.#mailboxes.get(address.toLowerCase()) ?? [];
  }

  async #asLines(binary: Spooled): Promise<Spooled> {
    const sink = this.#spool.store();
    const [end, newlines] = [new LineEnd(), new BareNewlineDetector()];
    for await (const chunk of withoutBinary(() => binary.read())) {
      end.push(chunk);
      newlines.push(chunk);
      await sink.write(chunk);
    }
    await binary.remove();
    if (!end.complete) await sink.write(Buffer.from('\r\n'));
    if (!newlines.found) return sink.commit();
    await sink.abort();
    throw new SmtpReplyError({ code: 550, enhanced: '5.6.0' }, 'bare CR or LF outside of a binary part');
  }

  async #distribute(envelope: ReceivedEnvelope, content: Spooled): Promise<string> {
    const names = new Set(envelope.recipients.map((address) => this.#mailboxOf(address)));
    const uid = this.#file(names, envelope, content);
    // The message is here, and a refusal would make it come twice: a report that cannot be made changes nothing.
    await this.#tell(envelope, content).catch(() => undefined);
    return uid;
  }

  /** Puts the report that was asked for into the sender's mailbox. Nobody is told what becomes of it (RFC 3461 §6.1). */
  async #tell(about: ReceivedEnvelope, content: Spooled): Promise<void> {
    const { from: address } = about;
    const name = this.#mailboxOf(address);
    const report = name === undefined ? undefined : await successReport(about, content.read());
    if (report === undefined) return;
    const sink = this.#spool.store();
    await sink.write(report);
    // The address stands in the header.
    const utf8 = !isAscii(address);
    const envelope = { from: '', recipients: [address], body: '8bit', utf8, size: report.length } as const;
    this.#file(new Set([name]), envelope, await sink.commit());
  }

  #file(names: ReadonlySet<string | undefined>, envelope: ReceivedEnvelope, content: Spooled): string {
    const spooled = { ...content, holders: names.size };
    const uid = randomBytes(12).toString('hex');
    // What came with SMTPUTF8 is for clients that ask for UTF-8 (RFC 6856 §2.1).
    const { utf8 } = envelope;
    const read = () => content.read();
    const message = { uid, octets: content.size, utf8, read, spooled, envelope, due: dueOf(envelope) };
    for (const name of names) if (name !== undefined) this.#mailboxes.get(name)?.push(message);
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

/** When it may be seen (RFC 4865), in milliseconds. */
function dueOf({ hold }: ReceivedEnvelope): number {
  if (hold === undefined) return 0;
  return 'until' in hold ? hold.until.getTime() : Date.now() + hold.seconds * 1000;
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
