/** `posthorn save`: attachments or whole messages into files, under safe names, overwriting nothing. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { type OpenMessage, openMessages } from '../../mail/read.ts';
import { mboxOf, type SavedPart, saveMbox, saveMessage, saveParts, streamPart } from '../../mail/save.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { readRange } from '../options.ts';
import { formatBytes, formatCount } from '../table.ts';
import { safeText, truncate } from '../terminal.ts';

interface SaveFlags {
  dir?: string;
  message?: boolean;
  mbox?: string;
}

const EXAMPLES = `
Without parts, all attachments are saved. A file that exists already is never overwritten: the new one gets a number,
and --mbox, whose name is yours, is refused. Several messages are numbers and ranges: 3 5-7.

Examples:
  posthorn save 3
  posthorn save 3 2 --dir ~/Downloads
  posthorn save 3 report.pdf --dir - > report.pdf
  posthorn save 3-7 --dir attachments
  posthorn save 3 5-7 --message --dir archive
  posthorn save 3 5-7 --mbox project.mbox
  posthorn save 8 --mbox - >> project.mbox`;

export function define(command: Command, run: Run): void {
  command
    .argument('<number>', 'the message, by its number in the list, or several, such as 3-7')
    .argument('[more...]', 'parts of it, by number or file name as posthorn read shows them; or more messages')
    .option('--dir <folder>', 'where to (default: here); - for standard output')
    .option('--message', 'save the messages themselves, each as an .eml file')
    .option('--mbox <file>', 'save the messages themselves into one new mailbox file; - for standard output')
    .addHelpText('after', EXAMPLES)
    .action(run((context, first: string, more: string[], flags: SaveFlags) => save(context, first, more, flags)));
}

async function save(context: Context, first: string, more: string[], flags: SaveFlags): Promise<void> {
  const { dir = '.', mbox } = flags;
  const whole = flags.message || mbox !== undefined;
  if (mbox !== undefined && (flags.message || flags.dir !== undefined)) {
    throw new UsageError('conflicting-options', '--mbox names the file, so --dir and --message have no place.', {
      hint: 'Write for example --mbox archive/project.mbox.',
    });
  }
  const ranges = [first, ...(whole ? more : [])].map(readRange);
  const messages = await openMessages(await context.account(), ranges);
  if (mbox !== undefined) return saveAsMbox(context, messages, mbox);
  const parts = whole ? [] : more;
  const [message, another] = messages;
  if (another !== undefined && (parts.length > 0 || dir === '-')) throw whichMessage(parts.length > 0);
  if (dir !== '-') return report(context, saveEach(context, messages, parts, flags));
  if (message === undefined) return;
  if (!flags.message) return streamPart(message, parts, (chunk) => context.output.write(chunk));
  for await (const chunk of message.chunks()) await context.output.write(chunk);
}

function whichMessage(named: boolean): UsageError {
  return named
    ? new UsageError('which-message', 'Parts can be named of one message only.', {
        hint: 'Save all attachments of several messages, or the parts of each by itself.',
      })
    : new UsageError('which-message', 'Only one message can go to standard output.', {
        hint: 'Several can as one mailbox file, with --mbox -.',
      });
}

async function* saveEach(
  { surroundings: { signal } }: Context,
  messages: readonly OpenMessage[],
  parts: readonly string[],
  { dir = '.', message: whole }: SaveFlags,
): AsyncGenerator<SavedPart> {
  for (const message of messages) {
    if (whole) yield await saveMessage(message, dir, signal);
    else yield* saveParts(message, parts, dir, signal);
  }
}

/** Says of each file where it went as soon as it is there; as JSON, of all of them, also when the next one failed. */
async function report({ output }: Context, saving: AsyncIterable<SavedPart>): Promise<void> {
  const saved: SavedPart[] = [];
  let done = false;
  try {
    for await (const file of saving) {
      saved.push(file);
      const { path, size, wanted, name } = file;
      const renamed = !wanted || wanted === name ? '' : ` (sent as “${truncate(safeText(wanted), 120)}”)`;
      output.say(`Saved ${path}, ${formatBytes(size)}${renamed}`);
    }
    done = true;
  } finally {
    if (output.isJson && (done || saved.length > 0)) output.json({ saved: saved.map(savedJson) });
  }
  if (saved.length === 0)
    output.say('There are no attachments to save. Other parts are saved by the numbers that posthorn read shows.');
}

function savedJson({ message, part, wanted, name, path, size }: SavedPart) {
  return { message, part: part ?? null, wanted: wanted ?? null, name, path, size };
}

async function saveAsMbox({ output, surroundings: { signal } }: Context, messages: OpenMessage[], file: string) {
  if (file === '-') {
    for await (const chunk of mboxOf(messages, signal)) await output.write(chunk);
    return;
  }
  const { path, size } = await saveMbox(messages, file, signal);
  const numbers = messages.map(({ stored }) => stored.number);
  if (output.isJson) return output.json({ mbox: path, messages: numbers, size });
  output.say(`Saved ${formatCount(numbers.length, 'message')} in ${path}, ${formatBytes(size)}`);
}
