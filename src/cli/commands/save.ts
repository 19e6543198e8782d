/** `posthorn save`: attachments of a message into a folder, under safe names, overwriting nothing. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { openMessage } from '../../mail/read.ts';
import { saveMessage, saveParts, streamPart } from '../../mail/save.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { readNumber } from '../options.ts';
import { formatBytes } from '../table.ts';

interface SaveFlags {
  dir: string;
  message?: boolean;
}

const EXAMPLES = `
Without parts, all attachments are saved. A file that exists already is never overwritten: the new one gets a number.

Examples:
  posthorn save 3
  posthorn save 3 2 --dir ~/Downloads
  posthorn save 3 report.pdf --dir - > report.pdf
  posthorn save 3 --message --dir archive`;

export function define(command: Command, run: Run): void {
  command
    .argument('<number>', 'the message, by its number in the list', readNumber)
    .argument('[parts...]', 'parts, by number or file name, as posthorn read shows them')
    .option('--dir <folder>', 'where to; - for standard output', '.')
    .option('--message', 'save the message itself, as an .eml file')
    .addHelpText('after', EXAMPLES)
    .action(run((context, number: number, parts: string[], flags: SaveFlags) => save(context, number, parts, flags)));
}

async function save(context: Context, number: number, parts: string[], flags: SaveFlags): Promise<void> {
  const { output } = context;
  if (flags.message && parts.length > 0)
    throw new UsageError('conflicting-options', '--message saves the whole message, so no part can be named.');
  const message = await openMessage(await context.account(), number);
  if (flags.dir === '-') {
    if (!flags.message) return streamPart(message, parts, (chunk) => output.write(chunk));
    for await (const chunk of message.chunks()) await output.write(chunk);
    return;
  }
  const saved = flags.message ? [await saveMessage(message, flags.dir)] : await saveParts(message, parts, flags.dir);
  if (output.isJson) {
    output.json({
      saved: saved.map(({ part, wanted, name, path, size }) => ({
        part: part ?? null,
        wanted: wanted ?? null,
        name,
        path,
        size,
      })),
    });
    return;
  }
  if (saved.length === 0) output.say(`Message ${number} has no attachments.`);
  for (const { path, size, wanted, name } of saved) {
    output.say(
      `Saved ${path}, ${formatBytes(size)}${wanted === undefined || wanted === name ? '' : ` (sent as ${wanted})`}`,
    );
  }
}
