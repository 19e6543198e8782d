/** What came of a change to messages, for a person and for a program. */
import type { ChangeReport } from '../mail/change.ts';
import type { Output } from './output.ts';

/** How many ranges one sentence names. */
const SHOWN = 10;

/** Tells it; `done` completes "3 messages …", and `more` are further keys of the JSON. */
export function tellChange(
  output: Output,
  { changed, unchanged }: ChangeReport,
  done: string,
  more: object = {},
): void {
  if (output.isJson) return output.json({ changed, unchanged, ...more });
  const those = changed.length === 0 ? 'Nothing was changed.' : `${messages(changed)} ${done}.`;
  const before = `${unchanged.length} ${unchanged.length === 1 ? 'was' : 'were'} so before.`;
  output.say(`${those}${unchanged.length > 0 && changed.length > 0 ? ` ${before}` : ''}`);
}

/** `Message 3`, `3 messages (4, 6-7)`. */
export function messages(numbers: readonly number[]): string {
  if (numbers.length === 1) return `Message ${numbers[0]}`;
  const ranges = rangesOf(numbers);
  const shown = ranges.slice(0, SHOWN).join(', ');
  return `${numbers.length} messages (${shown}${ranges.length > SHOWN ? ', …' : ''})`;
}

/** Numbers as a person writes them: 4, 6-7. */
function rangesOf(numbers: readonly number[]): string[] {
  const ranges: { from: number; to: number }[] = [];
  for (const number of [...numbers].sort((one, other) => one - other)) {
    const last = ranges.at(-1);
    if (last?.to === number - 1) last.to = number;
    else ranges.push({ from: number, to: number });
  }
  return ranges.map(({ from, to }) => (from === to ? `${from}` : `${from}-${to}`));
}
