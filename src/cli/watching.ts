/** `posthorn fetch --watch`: accounts that are fetched again and again, each at its own pace, until a signal ends it. */
import { AbortedError } from '../errors.ts';
import type { Account } from '../mail/account.ts';
import type { FetchReport } from '../mail/fetch-report.ts';
import { watch } from '../mail/watch.ts';
import { Alarm } from './alarm.ts';
import type { Context } from './context.ts';
import { exitCode } from './exit-codes.ts';
import { failedJson, fetchedJson, hasNews, tellFetched } from './fetch-view.ts';
import { toldOf } from './output.ts';

interface Watched {
  readonly account: Account;
  readonly name: string | undefined;
}

interface Steps<T> {
  fetch(task: T): Promise<FetchReport>;
  /** What is to be done when it was told of, while it is waited for the next one. Never rejects. */
  behind(task: T, report: FetchReport): Promise<void>;
}

/**
 * Ends when it is stopped, with 0, since that is how it is meant to end; or when no account is left that may be tried
 * again, with what the first of them ended with.
 */
export async function watchAll<T extends Watched>(
  context: Context,
  tasks: readonly T[],
  every: number,
  { fetch, behind }: Steps<T>,
): Promise<number> {
  const { output, surroundings, onNudge } = context;
  const alarm = new Alarm(surroundings.signal ?? new AbortController().signal);
  onNudge(() => alarm.ring());
  output.say(
    `Fetching ${tasks.length === 1 ? '' : `${tasks.length} accounts `}every ${inWords(every)}; Ctrl-C ends it.`,
  );
  // One behind the other, and beside the pause: who says not to wait any longer is heard meanwhile.
  let rest = Promise.resolve();
  const ends = await Promise.all(
    tasks.map((task) =>
      watch({
        every,
        fetch: async () => {
          const report = await fetch(task);
          tell(context, task, report);
          rest = rest.then(() => behind(task, report));
          return report.loginDelay;
        },
        failed: (error, again) => {
          const then = again === undefined ? 'It is not tried again.' : `The next attempt is in ${inWords(again)}.`;
          output.error(error, task.name, then);
          if (output.isJson) output.json(failedJson(task.account.name, toldOf(error)));
        },
        clock: { sleep: (milliseconds) => alarm.sleep(milliseconds), random: Math.random },
      }).catch((error: unknown) => error),
    ),
  );
  await rest;
  return ends.some((error) => error instanceof AbortedError) ? 0 : exitCode(ends[0]);
}

/** Nothing is said where nothing happened: a log that grows while nothing does is one that nobody reads. */
function tell({ output }: Context, { account, name }: Watched, report: FetchReport): void {
  if (!hasNews(report)) return;
  if (output.isJson) output.json(fetchedJson(account.name, report));
  else tellFetched(output, report, name);
}

function inWords(milliseconds: number): string {
  const seconds = Math.round(milliseconds / 1000);
  if (seconds < 120) return `${seconds} seconds`;
  return seconds < 7200 ? `${Math.round(seconds / 60)} minutes` : `${Math.round(seconds / 3600)} hours`;
}
