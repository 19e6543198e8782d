/** What a person is told while the index of the mailbox is brought up to date. */
import type { ListReports } from '../mail/list.ts';
import type { Context } from './context.ts';
import type { Progress } from './progress.ts';

/** Does what needs the index, with a line that says how far it is. */
export async function withReports<T>(
  { output, surroundings }: Context,
  work: (reports: ListReports) => Promise<T>,
): Promise<T> {
  let bar: Progress | undefined;
  const reports = {
    warn: (text: string) => output.warn(text),
    progress: (done: number, total: number) => {
      bar ??= output.progress('Reading the mailbox', total, 'messages');
      bar.update(done);
    },
    signal: surroundings.signal,
  };
  return work(reports).finally(() => bar?.done());
}
