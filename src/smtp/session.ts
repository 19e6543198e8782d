/**
 * The states of an SMTP session (RFC 5321 §3, §4.1.4) and the moves between them, read from the command table by the
 * server. No I/O, and nothing about messages.
 */
import { COMMANDS, type State, type Verb } from './commands.ts';

export class Session {
  state: State = 'connected';

  permits(verb: Verb): boolean {
    return COMMANDS[verb].states.includes(this.state);
  }

  succeeded(verb: Verb): void {
    this.state = COMMANDS[verb].leadsTo ?? this.state;
  }

  /** A chunk has come, and more will (RFC 3030 §2). */
  chunked(): void {
    this.state = 'bdat';
  }

  /** The transaction is over, or given up: RSET, the end of DATA (RFC 5321 §4.1.1.5). */
  reset(): void {
    if (this.state !== 'connected' && this.state !== 'closed') this.state = 'ready';
  }
}
