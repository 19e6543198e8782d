/** `posthorn read`: one message of the local mailbox, as text or as it is. Reading connects to nothing. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { type OpenMessage, openMessage, readOpened } from '../../mail/read.ts';
import { streamPart } from '../../mail/save.ts';
import { readableText } from '../../mime/bodies.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { messageJson } from '../message-json.ts';
import { renderMessage } from '../message-view.ts';
import { readNumber } from '../options.ts';
import { page } from '../pager.ts';
import { showPart } from '../part-view.ts';
import { safeText } from '../terminal.ts';

interface ReadFlags {
  headers?: boolean;
  raw?: boolean;
  part?: string;
  /** False after --no-pager. */
  pager?: boolean;
}

const EXAMPLES = `
Examples:
  posthorn read 3
  posthorn read 3 --headers
  posthorn read 3 --part 2 > picture.png
  posthorn read 3 --raw > message.eml

On a terminal what is long goes through $PAGER, or else less.`;

export function define(command: Command, run: Run): void {
  command
    .argument('<number>', 'the message, by its number in the list', readNumber)
    .option('--headers', 'show every header field')
    .option('--raw', 'print the message exactly as it was received')
    .option('--part <number>', 'print one part, decoded')
    .option('--no-pager', 'print everything at once, also on a terminal')
    .addHelpText('after', EXAMPLES)
    .action(run((context, number: number, flags: ReadFlags) => read(context, number, flags)));
}

async function read(context: Context, number: number, flags: ReadFlags): Promise<void> {
  if ([flags.headers, flags.raw, flags.part].filter(Boolean).length > 1) {
    throw new UsageError('conflicting-options', 'Only one of --headers, --raw and --part can be given.');
  }
  const { output } = context;
  const account = await context.account();
  const message = await openMessage(account, number);
  if (flags.raw) {
    for await (const chunk of message.chunks()) await output.write(chunk);
  } else if (flags.part !== undefined) {
    if (output.isTerminal) await showPart(context, message, flags.part, flags.pager);
    else await streamPart(message, [flags.part], (chunk) => output.write(chunk));
  } else {
    await show(context, message, flags, account.trustedAuthserv);
  }
  await message.markSeen();
}

async function show(context: Context, message: OpenMessage, flags: ReadFlags, trusted: readonly string[]) {
  const { output } = context;
  const opened = await readOpened(message);
  const fields = flags.headers ? opened.headers.fields.map(({ name, value }) => ({ name, value })) : undefined;
  if (output.isJson) {
    const { number } = message.stored;
    const headers = fields === undefined ? {} : { headers: fields };
    output.json({ number, ...messageJson(opened, await readableText(opened), trusted), ...headers });
  } else if (fields !== undefined) {
    const lines = fields.map(({ name, value }) => safeText(`${name}: ${value}`));
    await page(context, lines.join('\n'), flags.pager);
  } else {
    const { style, columns } = output;
    await page(context, await renderMessage(opened, { style, columns, trusted }), flags.pager);
  }
}
