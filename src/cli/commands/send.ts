/** `posthorn send`: a message from flags, a file or standard input to an SMTP server. */
import type { Command } from 'commander';
import { openInput, untilStopped } from '../../config/input.ts';
import { UsageError } from '../../errors.ts';
import type { Account } from '../../mail/account.ts';
import type { Run } from '../command.ts';
import { addComposeOptions, nothingToRead } from '../compose-options.ts';
import type { Context } from '../context.ts';
import { addEditOptions } from '../draft-editing.ts';
import { addSendingOptions, type SendingOptions } from '../deliver.ts';
import { readDeliveryOptions } from '../delivery-options.ts';
import { beginFromLink } from '../mailto-link.ts';
import { flag } from '../options.ts';
import { type Prepared, sendPrepared, writeMessage, type WritingOptions } from '../writing.ts';

interface SendOptions extends WritingOptions, SendingOptions {
  raw?: string | true;
}

const EXAMPLES = `
The text is --body, the file of --body-file, --markdown, or standard input. Several --to, --cc, --bcc, --attach and
--header may be given, and several addresses in one, separated by commas. Of a mailto: URL only recipients, subject,
text and what it answers are taken; what the options say goes before its subject and text.

Examples:
  posthorn send -t ann@example.org -s "Report" --body "Here it is." --attach report.pdf photo.jpg
  echo "The backup is done." | posthorn send -t ann@example.org -s Backup
  posthorn send -t ann@example.org -s News --markdown 'A **picture**: ![](cid:photo.jpg)' --inline photo.jpg
  posthorn send "mailto:ann@example.org?subject=Hello&body=Are%20you%20well%3F"
  posthorn send --raw message.eml
  posthorn send -t ann@example.org -s Test --body Hello --dry-run`;

export function define(command: Command, run: Run): void {
  command.argument('[mailto]', 'a mailto: URL that says to whom and what');
  addEditOptions(addComposeOptions(command))
    .optionsGroup('How it is sent:')
    .option('--raw [file]', 'send a complete message from a file or standard input as it is, without its Bcc');
  addSendingOptions(command)
    .addHelpText('after', EXAMPLES)
    .action(run((context, url: string | undefined, options: SendOptions) => send(context, url, options)));
}

async function send(context: Context, url: string | undefined, options: SendOptions): Promise<number | undefined> {
  const requests = readDeliveryOptions(options);
  const account = await context.account();
  const prepare = options.raw === undefined ? composed : raw;
  return sendPrepared(context, account, options, { preparing: prepare(context, url, options, account), requests });
}

async function composed(
  context: Context,
  url: string | undefined,
  options: SendOptions,
  account: Account,
): Promise<Prepared> {
  if (url === undefined) return writeMessage(context, options, account);
  if (!/^mailto:/i.test(url)) {
    throw new UsageError('bad-mailto', `${JSON.stringify(url.slice(0, 80))} is no mailto: URL.`, {
      hint: 'Recipients stand behind --to, and the text behind --body: posthorn send -t ann@example.org --body Hello',
    });
  }
  const link = beginFromLink(context, url, options);
  const message = await writeMessage(context, link.options, account, link.begun);
  await link.confirm(message);
  return message;
}

/** What a complete message has of its own. */
const OF_COMPOSED = [
  'cc',
  'bcc',
  'subject',
  'body',
  'bodyFile',
  'html',
  'htmlFile',
  'markdown',
  'markdownFile',
  'flowed',
  'attach',
  'attachMessage',
  'inline',
  'calendar',
  'header',
  'replyTo',
  'edit',
  'draft',
] as const;

async function raw(
  context: Context,
  url: string | undefined,
  options: SendOptions,
  account: Account,
): Promise<Prepared> {
  const extra = OF_COMPOSED.find((name) => options[name] !== undefined);
  if (extra !== undefined || url !== undefined) {
    throw new UsageError(
      'conflicting-options',
      `--raw sends a complete message, so ${extra === undefined ? 'a mailto: URL' : flag(extra)} has no place.`,
    );
  }
  const source = typeof options.raw === 'string' && options.raw !== '-' ? await openInput(options.raw) : context.stdin;
  if (source === context.stdin && context.stdin.isTTY) throw nothingToRead('--raw FILE');
  // Loaded here: what is composed needs no reader of headers, and is not spooled.
  const { spoolRaw } = await import('../../mail/raw.ts');
  return spoolRaw(
    untilStopped(context.surroundings.signal, source),
    { from: options.from, to: options.to ?? [] },
    account.from,
  );
}
