/**
 * The pause between logins that some servers ask for (RFC 2449 §6.5): a server that has said so is not asked again in
 * vain, in this run or in the next.
 */
import { AuthError } from '../errors.ts';
import type { LoginDelay } from '../pop3/capabilities.ts';
import { delayHint } from '../pop3/login-delay.ts';
import { type LoginRecord, readLoginRecord, writeLoginRecord } from '../store/login-record.ts';

/** The longest we stay away, in seconds: a server that asks for years would otherwise lock the account for them. */
const LONGEST = 86_400;

export class LoginPause {
  readonly #state: string | undefined;
  readonly #record: LoginRecord;

  private constructor(state: string | undefined, record: LoginRecord) {
    this.#state = state;
    this.#record = record;
  }

  /**
   * @param state the folder of the mailbox, where there is one.
   * @param login user and server, as one text.
   * @throws AuthError `auth-unavailable` with `retryAfter` while the server does not want us back.
   */
  static async over(state: string | undefined, login: string): Promise<LoginPause> {
    const record = (state === undefined ? undefined : await readLoginRecord(state, login)) ?? { login };
    const { notBefore = 0, delay = 0 } = record;
    const left = notBefore - Date.now();
    // A clock that was set back must not make the pause longer than the server asked for.
    if (left <= 0 || left > Math.min(delay, LONGEST) * 1000) return new LoginPause(state, record);
    const error = new AuthError(
      'auth-unavailable',
      'The server asked for a pause between logins, and it is not over.',
      {
        phase: 'auth',
        temporary: true,
      },
    );
    throw waiting(error, left);
  }

  /** The server let us in. `delay` is what it asks of this user, as it says behind the login. */
  async passed(delay: LoginDelay | undefined): Promise<void> {
    if (delay !== undefined) await this.#write({ at: Date.now(), delay: delay.seconds });
  }

  /** The server refused. Where that was for the pause, the error says how long it still is, and the next run knows. */
  async refused(error: unknown, announced: LoginDelay | undefined): Promise<void> {
    if (!(error instanceof AuthError) || error.retryAfter === undefined) return;
    const { at = 0, delay = announced?.perUser ? undefined : announced?.seconds } = this.#record;
    // What it announces for all users is more than it may ask of this one: no reason to stay away.
    if (delay === undefined) return;
    const own = Math.min(delay, LONGEST);
    const now = Date.now();
    // Where our own login is long past, another program's was the last one.
    const end = at <= now && at + own * 1000 > now ? at + own * 1000 : now + own * 1000;
    waiting(error, end - now);
    await this.#write({ at, delay: own, notBefore: end });
  }

  async #write(record: Omit<LoginRecord, 'login'>): Promise<void> {
    if (this.#state !== undefined) await writeLoginRecord(this.#state, { ...record, login: this.#record.login });
  }
}

/** The same error, with the time that is left. */
function waiting(error: AuthError, milliseconds: number): AuthError {
  error.retryAfter = Math.ceil(milliseconds / 1000);
  error.hint = delayHint(error.retryAfter);
  return error;
}
