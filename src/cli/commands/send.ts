/** `posthorn send`: a message from flags, a file or standard input to an SMTP server. */
import type { Command } from 'commander';
import { openInput, unlessStopped, untilStopped } from '../../config/input.ts';
import { UsageError } from '../../errors.ts';
import { composeMessage, type MessageRequest } from '../../mail/compose.ts';
import { spoolRaw } from '../../mail/raw.ts';
import type { Sendable } from '../../mail/send.ts';
import type { Run } from '../command.ts';
import { addComposeOptions, type ComposeOptions, nothingToRead, readBody, readHtml } from '../compose-options.ts';
import type { Context } from '../context.ts';
import { addSendingOptions, deliver, type SendingOptions } from '../deliver.ts';
import { readDeliveryOptions } from '../delivery-options.ts';

interface SendOptions extends ComposeOptions, SendingOptions {
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
  addComposeOptions(command).option(
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
  const prepare = options.raw === undefined ? composed : raw;
  const preparing = prepare(context, options, account.from);
  const message = await unlessStopped(context.surroundings.signal, preparing).catch((error: unknown) => {
    // It may be ready a moment later: then nobody wants it any more.
    preparing.then(({ remove }) => remove()).catch(() => undefined);
    throw error;
  });
  try {
    return await deliver(context, account, message, options, requests);
  } finally {
    await message.remove();
  }
}

type Prepared = Sendable & { remove(): Promise<void> };

async function composed(context: Context, options: SendOptions, from: string | undefined): Promise<Prepared> {
  // What can be wrong is looked at before standard input is waited for; files are, again, behind it: the size they have
  // by then is what will be read of them.
  const request: MessageRequest = { ...options, headers: options.header ?? [], html: await readHtml(options) };
  const draft = await composeMessage(request, from);
  const text = await readBody(context, options, request.html !== undefined);
  const message = text === undefined ? draft : await composeMessage({ ...request, text }, from);
  return { ...message, remove: async () => undefined };
}

async function raw(context: Context, options: SendOptions, from: string | undefined): Promise<Prepared> {
  const extra = (
    ['cc', 'bcc', 'subject', 'body', 'bodyFile', 'html', 'htmlFile', 'attach', 'inline', 'header', 'replyTo'] as const
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
