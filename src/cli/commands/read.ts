/** `posthorn read`: one message of the local mailbox, as text or as it is. Reading connects to nothing. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { openMessage, readOpened } from '../../mail/read.ts';
import { streamPart } from '../../mail/save.ts';
import { readableText } from '../../mime/bodies.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { messageJson, renderMessage } from '../message-view.ts';
import { readNumber } from '../options.ts';
import { safeText } from '../terminal.ts';

interface ReadFlags {
  headers?: boolean;
  raw?: boolean;
  part?: string;
}

const EXAMPLES = `
Examples:
  posthorn read 3
  posthorn read 3 --headers
  posthorn read 3 --part 2
  posthorn read 3 --raw > message.eml`;

export function define(command: Command, run: Run): void {
  command
    .argument('<number>', 'the message, by its number in the list', readNumber)
    .option('--headers', 'show every header field')
    .option('--raw', 'print the message exactly as it was received')
    .option('--part <number>', 'print one part, decoded')
    .addHelpText('after', EXAMPLES)
    .action(run((context, number: number, flags: ReadFlags) => read(context, number, flags)));
}

async function read(context: Context, number: number, flags: ReadFlags): Promise<void> {
  if ([flags.headers, flags.raw, flags.part].filter(Boolean).length > 1) {
    throw new UsageError('conflicting-options', 'Only one of --headers, --raw and --part can be given.');
  }
  const { output } = context;
  const message = await openMessage(await context.account(), number);
  if (flags.raw) {
    for await (const chunk of message.chunks()) await output.write(chunk);
  } else if (flags.part !== undefined) {
    await streamPart(message, [flags.part], (chunk) => output.write(chunk));
  } else {
    const opened = await readOpened(message);
    const fields = flags.headers ? opened.headers.fields.map(({ name, value }) => ({ name, value })) : undefined;
    if (output.isJson)
      output.json({
        number,
        ...messageJson(opened, await readableText(opened)),
        ...(fields === undefined ? {} : { headers: fields }),
      });
    else if (fields !== undefined)
      for (const { name, value } of fields) await output.write(`${safeText(`${name}: ${value}`)}\n`);
    else await output.write(`${renderMessage(opened, await readableText(opened), output.style)}\n`);
  }
  await message.markSeen();
}
