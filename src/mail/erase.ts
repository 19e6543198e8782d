/** The end of a fetch: DELE for what is durable here, then QUIT, whose `+OK` makes it so (RFC 1939 §6). */
import { ConnectionLostError, Pop3ReplyError } from '../errors.ts';
import type { Pop3Client } from '../pop3/client.ts';
import type { Mailbox } from '../store/mailbox.ts';
import { leave, type Say } from './session.ts';

/** A message that may go on the server. */
export interface Erasable {
  /** Its number in this session. */
  readonly at: number;
  /** Its number here. */
  readonly number: number;
  /** What a person is told of it. */
  readonly name: string;
}

/** Ends the session, and resolves to how many messages the server erased. @throws ConnectionLostError without its `+OK`. */
export async function eraseAndQuit(
  client: Pop3Client,
  mailbox: Mailbox,
  erasable: readonly Erasable[],
  say: Say,
): Promise<number> {
  if (erasable.length === 0) {
    await leave(client);
    return 0;
  }
  // In one flight, since QUIT deletes what was marked whatever else was refused: then its loss is what is to be said.
  const marks = Promise.all(erasable.map((message) => mark(client, message, say)));
  marks.catch(() => undefined);
  await client.quit().catch((error: unknown) => {
    throw unconfirmed(error);
  });
  const marked = (await marks).filter((message) => message !== undefined);
  await mailbox.deleted(marked);
  return marked.length;
}

/** A message that the server will not delete does not keep the others there. */
async function mark(client: Pop3Client, message: Erasable, say: Say): Promise<Erasable | undefined> {
  try {
    await client.dele(message.at);
    return message;
  } catch (error) {
    if (!(error instanceof Pop3ReplyError)) throw error;
    say(`message ${message.name} was not deleted on the server: ${error.message}`);
    return undefined;
  }
}

/** Nobody knows then what the server deleted; but all of it is here, so another fetch finds out and does the rest. */
function unconfirmed(error: unknown): unknown {
  if (!(error instanceof ConnectionLostError)) return error;
  const { message, phase, cause, transcript } = error;
  return new ConnectionLostError(
    'not-sent',
    `${message} The server did not confirm that it deleted what is safe here.`,
    {
      phase,
      cause,
      transcript,
      hint: 'Fetch again: what is still there is deleted then, and nothing comes twice.',
    },
  );
}
