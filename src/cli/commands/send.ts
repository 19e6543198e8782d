/** `posthorn send`: a message from flags, a file or standard input to an SMTP server. */
import type { Command } from 'commander';
import { openInput, unlessStopped, untilStopped } from '../../config/input.ts';
import { UsageError } from '../../errors.ts';
import { spoolRaw } from '../../mail/raw.ts';
import type { Run } from '../command.ts';
import { addComposeOptions, nothingToRead } from '../compose-options.ts';
import type { Context } from '../context.ts';
import { addEditOptions } from '../draft-editing.ts';
import { addSendingOptions, deliver, type SendingOptions } from '../deliver.ts';
import { readDeliveryOptions } from '../delivery-options.ts';
import { type Prepared, writeMessage, type WritingOptions } from '../writing.ts';

interface SendOptions extends WritingOptions, SendingOptions {
  raw?: string | true;
}

const EXAMPLES = `
The text is --body, the file of --body-file, or standard input. Several --to, --cc, --bcc, --attach and --header may
be given, and several addresses in one, separated by commas.

Examples:
  posthorn send -t ann@example.org -s "Report" --body "Here it is." --attach report.pdf photo.jpg
  echo "The backup is done." | posthorn send -t ann@example.org -s Backup
  posthorn send --raw message.eml
  posthorn send -t ann@example.org -s Test --body Hello --dry-run`;

export function define(command: Command, run: Run): void {
  addEditOptions(addComposeOptions(command)).option(
    '--raw [file]',
    'send a complete message from a file or standard input as it is, without its Bcc',
  );
  addSendingOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(run((context, options: SendOptions) => send(context, options)));
}

async function send(context: Context, options: SendOptions): Promise<number | undefined> {
  const requests = readDeliveryOptions(options);
  const account = await context.account();
  const prepare = options.raw === undefined ? writeMessage : raw;
  const preparing = prepare(context, options, account.from);
  const message = await unlessStopped(context.surroundings.signal, preparing).catch((error: unknown) => {
    // It may be ready a moment later: then nobody wants it any more.
    preparing.then(({ remove }) => remove(false)).catch(() => undefined);
    throw error;
  });
  let sent = false;
  try {
    const code = await deliver(context, account, message, options, requests);
    sent = options.dryRun !== true;
    return code;
  } finally {
    await message.remove(sent);
  }
}

async function raw(context: Context, options: SendOptions, from: string | undefined): Promise<Prepared> {
  const extra = (
    [
      'cc',
      'bcc',
      'subject',
      'body',
      'bodyFile',
      'html',
      'htmlFile',
      'attach',
      'inline',
      'header',
      'replyTo',
      'edit',
      'draft',
    ] as const
  ).find((name) => options[name] !== undefined);
  if (extra !== undefined) {
    throw new UsageError(
      'conflicting-options',
      `--raw sends a complete message, so --${extra.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} has no place.`,
    );
  }
  const source = typeof options.raw === 'string' && options.raw !== '-' ? await openInput(options.raw) : context.stdin;
  if (source === context.stdin && context.stdin.isTTY) throw nothingToRead('--raw FILE');
  return spoolRaw(
    untilStopped(context.surroundings.signal, source),
    { from: options.from, to: options.to ?? [] },
    from,
  );
}
