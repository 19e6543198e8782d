/**
 * An SMTP and a POP3 server over one set of mailboxes, on loopback only: a place to try, teach and test mail offline.
 *
 * Four ports, as real providers have them: SMTP and POP3 with STARTTLS and STLS, and both with TLS from the start.
 */
import { randomBytes } from 'node:crypto';
import { type Listener, listen } from '../net/listen.ts';
import { servePop3 } from '../pop3/server.ts';
import { serveSmtp } from '../smtp/server.ts';
import { Spool } from '../store/spool.ts';
import { makeIdentity } from './certificate.ts';
import { OUTSIDE, PostOffice, type SandboxMessage, type SandboxUser } from './post-office.ts';
import { sampleMail } from './samples.ts';

export interface SandboxPorts {
  readonly smtp: number;
  readonly smtps: number;
  readonly pop3: number;
  readonly pop3s: number;
}

export interface SandboxOptions {
  /** By default free ports. */
  readonly ports?: Partial<SandboxPorts> | undefined;
  /** By default `ann@example.org` and `bob@example.org` with a password made at start. */
  readonly users?: readonly SandboxUser[] | undefined;
  /** Puts a few messages into the first user's mailbox; on by default. */
  readonly samples?: boolean | undefined;
  /** The most octets of one message. */
  readonly maxSize?: number | undefined;
  /** Gets every line of every conversation, as the servers see it, masked. */
  readonly trace?: ((line: string) => void) | undefined;
  /** Told of trouble on this side, such as a full disk: a client learns only that it should try again later. */
  readonly fault?: ((error: unknown) => void) | undefined;
}

export interface Sandbox extends AsyncDisposable {
  readonly host: string;
  readonly ports: SandboxPorts;
  readonly users: readonly SandboxUser[];
  /** In PEM: what clients trust to verify the servers. */
  readonly authority: string;
  /** The messages in a user's mailbox, oldest first, with what is held back, as they came, and with their envelopes. */
  messages(address: string): readonly SandboxMessage[];
  /** Ends the servers and forgets all mail. */
  close(): Promise<void>;
}

/** A sandbox with the users it has by default. */
export type DefaultSandbox = Sandbox & { readonly users: readonly [ann: SandboxUser, bob: SandboxUser] };

/** Starts the servers on 127.0.0.1. @throws ConnectError `port-in-use`. */
export function startSandbox(options?: SandboxOptions & { readonly users?: undefined }): Promise<DefaultSandbox>;
export function startSandbox(options: SandboxOptions): Promise<Sandbox>;
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const users = options.users ?? defaultUsers();
  const identity = await makeIdentity();
  const spool = await Spool.create();
  const office = new PostOffice(spool, [...users, { address: OUTSIDE, password: secret() }]);
  const { trace, fault, maxSize, ports = {} } = options;
  // Plain logins are allowed: nothing here leaves the machine, and `+insecure` URLs can be tried as well.
  const smtp = { backend: office, identity, insecure: true, authRequired: true, maxSize, fault };
  const pop3 = { backend: office, identity, insecure: true, fault };
  const listeners: Listener[] = [];
  const open = async (port: number | undefined, implicit: boolean, serve: Parameters<typeof listen>[1]) => {
    const listener = await listen({ port, trace, implicit: implicit ? identity : undefined }, serve);
    listeners.push(listener);
    return listener.port;
  };
  const close = async () => {
    await Promise.all(listeners.map((listener) => listener.close()));
    await spool.close();
  };
  try {
    if (options.samples !== false && users[0] !== undefined) await sampleMail(office, users[0].address);
    return {
      host: '127.0.0.1',
      users,
      authority: identity.authority,
      ports: {
        smtp: await open(ports.smtp, false, (channel) => void serveSmtp(channel, smtp)),
        smtps: await open(ports.smtps, true, (channel) => void serveSmtp(channel, smtp)),
        pop3: await open(ports.pop3, false, (channel) => void servePop3(channel, pop3)),
        pop3s: await open(ports.pop3s, true, (channel) => void servePop3(channel, pop3)),
      },
      messages: (address) => office.messages(address),
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

function defaultUsers(): SandboxUser[] {
  const password = secret();
  return ['ann@example.org', 'bob@example.org'].map((address) => ({ address, password }));
}

function secret(): string {
  return randomBytes(9).toString('base64url');
}
