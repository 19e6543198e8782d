/** The messages that a command is about, as they are written: numbers and ranges, and then the command's own words. */
import { UsageError } from '../errors.ts';
import type { Selection } from '../mail/change.ts';
import { messagesIn } from '../mail/selection.ts';
import { readRange } from './options.ts';

export interface MessageWords {
  readonly selected: Selection;
  /** What follows the numbers. */
  readonly words: readonly string[];
}

/** Numbers and ranges, up to the first word that begins with none. @throws UsageError `which-message` where there are none. */
export function readMessageSet(written: readonly string[]): MessageWords {
  const first = written.findIndex((word) => !/^\d/.test(word));
  const count = first === -1 ? written.length : first;
  if (count === 0) {
    throw new UsageError('which-message', 'No message was named.', {
      hint: 'Name messages by their numbers, such as 3 5-7. See them with posthorn list.',
    });
  }
  const ranges = written.slice(0, count).map(readRange);
  return { selected: (mailbox) => messagesIn(mailbox, ranges), words: written.slice(count) };
}
