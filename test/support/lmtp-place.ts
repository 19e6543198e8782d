/** An LMTP server that mail is handed over to, and what it has taken, each as often as it was given. */
import { listen } from '../../src/net/listen.ts';
import { type SmtpBackend, serveSmtp } from '../../src/smtp/server.ts';
import { latin1 } from '../../src/wire/bytes.ts';
import type { Scope } from './process.ts';

export interface LmtpPlace {
  /** With ann@example.org as the recipient, without TLS. */
  readonly url: string;
  /** Whole messages, in the order in which they came. */
  readonly taken: string[];
  /** Resolves when nobody is connected: what a client that was killed had sent before is taken by then, or never. */
  idle(): Promise<void>;
}

/** @param chunking whether messages come by BDAT, or by DATA. The server ends with the scope. */
export async function startLmtpPlace(scope: Scope, chunking: boolean): Promise<LmtpPlace> {
  const taken: string[] = [];
  const sessions = new Set<Promise<void>>();
  const deliver: SmtpBackend['deliver'] = async () => {
    let text = '';
    return {
      write: (chunk) => {
        text += latin1(chunk);
      },
      commit: async () => String(taken.push(text)),
      abort: async () => undefined,
    };
  };
  const backend = { recipient: async () => undefined, password: async () => undefined, deliver };
  const listener = await listen({}, (channel) => {
    const session = serveSmtp(channel, { backend, protocol: 'lmtp', chunking, insecure: true });
    sessions.add(session);
    void session.finally(() => sessions.delete(session));
  });
  scope.after(() => listener.close());
  return {
    url: `lmtp+insecure://ann%40example.org@127.0.0.1:${listener.port}`,
    taken,
    idle: async () => {
      // A connection that was made in the last moment is accepted behind this turn.
      await new Promise((resolve) => setImmediate(resolve));
      await Promise.all(sessions);
    },
  };
}
