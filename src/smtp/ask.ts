/** One command and the reply to it, with the time and the place in a pipeline that the command table gives it. */
import type { Channel } from '../net/channel.ts';
import { notSent } from '../net/requests.ts';
import { COMMANDS, type Verb } from './commands.ts';
import { formatCommand } from './grammar.ts';
import { endsSession, type Reply, ReplyParser, refusal, succeeded } from './reply.ts';

export interface AskOptions {
  /** Milliseconds, in place of the table's. */
  readonly timeout?: number | undefined;
  /** Leaves along with the command: the chunk of BDAT. */
  readonly octet?: Uint8Array | undefined;
  /** Reads the reply, in place of one that takes any. */
  readonly parser?: ReplyParser | undefined;
}

/**
 * Resolves to the reply, be it a refusal. None of these commands sends a message, so after a loss they can be repeated.
 *
 * @throws UsageError if the argument could begin another command; SmtpReplyError 421, with which a session is over;
 *   ProtocolError for a reply that does not answer this command.
 */
export async function ask(
  channel: Channel,
  verb: Verb,
  argument?: string,
  { timeout, octet, parser = new ReplyParser() }: AskOptions = {},
): Promise<Reply> {
  const row = COMMANDS[verb];
  const phase = verb.toLowerCase();
  const command = formatCommand(verb, argument);
  const reply = await channel
    .exchange(octet === undefined ? command : Buffer.concat([command, octet]), parser, {
      timeout: timeout ?? row.timeout,
      last: row.last,
      said: [argument === undefined ? verb : `${verb} ${argument}`, ...(octet === undefined ? [] : ['(1 octet)'])].join(
        '\r\n',
      ),
      phase,
    })
    .catch((error: unknown) => {
      throw notSent(error);
    });
  const positive = verb === 'DATA' ? reply.code === 354 : succeeded(reply);
  if (positive || !endsSession(reply)) return reply;
  const error = refusal(reply, phase);
  channel.fail(error);
  throw error;
}
