/** One command and the reply to it, with the time and the place in a pipeline that the command table gives it. */
import type { Channel } from '../net/channel.ts';
import { COMMANDS, type Verb } from './commands.ts';
import { formatCommand } from './grammar.ts';
import { type Reply, ReplyParser } from './reply.ts';

/** `timeout`, in milliseconds, replaces the table's. @throws UsageError if the argument could begin another command. */
export function ask(channel: Channel, verb: Verb, argument?: string, timeout?: number): Promise<Reply> {
  const row = COMMANDS[verb];
  return channel.exchange(formatCommand(verb, argument), new ReplyParser(), {
    timeout: timeout ?? row.timeout,
    last: row.last,
    said: argument === undefined ? verb : `${verb} ${argument}`,
    phase: verb.toLowerCase(),
  });
}
