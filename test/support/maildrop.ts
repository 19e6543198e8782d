/**
 * A POP3 server whose maildrop can be filled again with the same messages under the same unique ids, as sweeps need it
 * that fetch them hundreds of times.
 */
import { listen } from '../../src/net/listen.ts';
import type { Maildrop } from '../../src/pop3/maildrop.ts';
import { servePop3 } from '../../src/pop3/server.ts';
import type { Scope } from './process.ts';

export const MAILDROP_PASSWORD = 'secret';

export interface RefillableMaildrop {
  /** Of ann, without TLS. */
  readonly url: string;
  /** The name of the mailbox that is fetched into from there. */
  readonly mailbox: string;
  /** The unique ids of what is still there. */
  left(): string[];
  /** Puts all messages back, or only those of the given unique ids. */
  refill(uids?: readonly string[]): void;
}

export interface MaildropOptions {
  /** Awaited before a message is sent. */
  readonly before?: ((uid: string) => Promise<void> | void) | undefined;
  /** Milliseconds of silence before the server ends a session. */
  readonly autologout?: number | undefined;
}

/** Serves these messages to ann; their unique ids are `u1`, `u2` and so on. The server ends with the scope. */
export async function startMaildrop(
  scope: Scope,
  contents: readonly Buffer[],
  { before, autologout }: MaildropOptions = {},
): Promise<RefillableMaildrop> {
  const all = contents.map((content, at) => ({
    uid: `u${at + 1}`,
    octets: content.length,
    async *read() {
      await before?.(`u${at + 1}`);
      yield content;
    },
  }));
  let here = all;
  const open = async (): Promise<Maildrop> => {
    const messages = here;
    return {
      messages,
      erase: async (erased) => {
        here = here.filter((message) => !erased.includes(message));
      },
      release: () => undefined,
    };
  };
  const backend = { open, password: async () => MAILDROP_PASSWORD };
  const listener = await listen({}, (channel) => void servePop3(channel, { backend, insecure: true, autologout }));
  scope.after(() => listener.close());
  return {
    url: `pop3+insecure://ann@127.0.0.1:${listener.port}`,
    mailbox: `ann@127.0.0.1+${listener.port}`,
    left: () => here.map(({ uid }) => uid),
    refill: (uids) => {
      here = all.filter(({ uid }) => uids === undefined || uids.includes(uid));
    },
  };
}
