/**
 * The three states of a POP3 session (RFC 1939 §3) and the moves between them, read from the command table by the
 * server. No I/O, and nothing about maildrops.
 */
import { COMMANDS, type State, type Verb } from './commands.ts';

export class Session {
  state: State = 'authorization';

  permits(verb: Verb): boolean {
    return COMMANDS[verb].states.includes(this.state);
  }

  /** Moves on after a success. QUIT alone leads to UPDATE, and only from TRANSACTION: no other end deletes anything. */
  succeeded(verb: Verb): void {
    const { leadsTo } = COMMANDS[verb];
    if (leadsTo === undefined || (leadsTo === 'update' && this.state !== 'transaction')) return;
    this.state = leadsTo;
  }
}
