/** `posthorn send`: a message from flags, a file or standard input to an SMTP server. */
import { type Command, Option } from 'commander';
import { openInput, readText, unlessStopped, untilStopped } from '../../config/input.ts';
import { SmtpReplyError, UsageError } from '../../errors.ts';
import { composeMessage, type MessageRequest } from '../../mail/compose.ts';
import { spoolRaw } from '../../mail/raw.ts';
import {
  type RecipientResult,
  replyFields,
  replyText,
  type Sendable,
  sendMessage,
  type SendResult,
} from '../../mail/send.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { addDeliveryOptions, type DeliveryOptions, readDeliveryOptions } from '../delivery-options.ts';
import { collect } from '../options.ts';
import type { Progress } from '../progress.ts';
import { formatBytes } from '../table.ts';

interface SendOptions extends DeliveryOptions {
  to?: string[];
  cc?: string[];
  bcc?: string[];
  from?: string;
  subject?: string;
  body?: string;
  bodyFile?: string;
  html?: string;
  htmlFile?: string;
  attach?: string[];
  inline?: string[];
  header?: string[];
  replyTo?: string;
  partial?: boolean;
  raw?: string | true;
  dryRun?: boolean;
  transfer?: '7bit' | '8bit' | 'binary';
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
  command
    .option('-t, --to <address>', 'a recipient, such as "Ann <ann@example.org>"', collect)
    .option('--cc <address>', 'a recipient of a copy', collect)
    .option('--bcc <address>', 'a recipient of whom the others do not know', collect)
    .option('-f, --from <address>', 'the sender; by default the account’s')
    .option('-s, --subject <text>', 'the subject')
    .option('--body <text>', 'the text')
    .option('--body-file <file>', 'take the text from a file, or from standard input for -')
    .option('--html <text>', 'an HTML version of the text')
    .option('--html-file <file>', 'take the HTML from a file')
    .option('--attach <file...>', 'attach files', (value: string, before?: string[]) => collect(value, before))
    .option('--inline <file...>', 'files the HTML shows by cid:NAME', (value: string, before?: string[]) =>
      collect(value, before),
    )
    .option('-H, --header <field>', 'one more header field, "Name: value"', collect)
    .option('--reply-to <address>', 'where answers should go')
    .option('--partial', 'send to the recipients that are accepted although others are refused')
    .option('--raw [file]', 'send a complete message from a file or standard input as it is, without its Bcc')
    .addOption(
      new Option('--transfer <kind>', 'make no more of what the server takes').choices(['7bit', '8bit', 'binary']),
    )
    .option('--dry-run', 'print the message and send nothing');
  addDeliveryOptions(command)
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
    if (options.dryRun) return await showInstead(context, message);
    const { output } = context;
    let bar: Progress | undefined;
    const hooks = {
      say: (text: string) => output.warn(text),
      begin: (size: number | undefined) => {
        output.say(`Sending ${formatBytes(size ?? 0)} to ${message.envelope.recipients.join(', ')} …`);
        bar = output.progress('Sending', size);
      },
      progress: (octets: number) => bar?.add(octets),
    };
    const sent = sendMessage(message, account, context.surroundings, hooks, {
      partial: options.partial,
      most: options.transfer,
      requests,
    });
    const result = await sent.finally(() => bar?.done());
    report(context, message, result);
    if (result.outcome === 'refused') throw refused(result);
    // Only LMTP comes to this: the same command would give it once more to those who have it.
    const partly = !options.partial && result.recipients.some(({ accepted }) => !accepted);
    return partly ? PARTLY_SENT : undefined;
  } finally {
    await message.remove();
  }
}

type Prepared = Sendable & { remove(): Promise<void> };

async function composed(context: Context, options: SendOptions, from: string | undefined): Promise<Prepared> {
  // What can be wrong is looked at before standard input is waited for; files are, again, behind it: the size they have
  // by then is what will be read of them.
  const request: MessageRequest = { ...options, headers: options.header ?? [], html: await html(options) };
  const draft = await composeMessage(request, from);
  const text = await body(context, options, request.html !== undefined);
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

async function html(options: SendOptions): Promise<string | undefined> {
  if (options.html !== undefined && options.htmlFile !== undefined)
    throw new UsageError('conflicting-options', '--html and --html-file cannot both be given.');
  return options.htmlFile === undefined ? options.html : readText(await openInput(options.htmlFile), options.htmlFile);
}

async function body(context: Context, options: SendOptions, hasHtml: boolean): Promise<string | undefined> {
  if (options.body !== undefined && options.bodyFile !== undefined)
    throw new UsageError('conflicting-options', '--body and --body-file cannot both be given.');
  if (options.body !== undefined) return options.body;
  if (options.bodyFile !== undefined && options.bodyFile !== '-')
    return readText(await openInput(options.bodyFile), options.bodyFile);
  if (options.bodyFile === undefined && hasHtml) return undefined;
  if (context.stdin.isTTY) {
    if (context.surroundings.askPassword === undefined) throw nothingToRead('--body TEXT');
    context.output.say('Type the message; end it with Ctrl-D on a line of its own.');
  }
  const text = await readText(context.stdin, 'standard input');
  // Whatever should have written the text has failed; an attachment alone is still a message.
  if (text === '' && options.attach === undefined) {
    throw new UsageError('input-missing', 'Nothing was sent: standard input is empty, so the message has no text.', {
      hint: 'Give the text with --body TEXT; --body "" sends a message without any.',
    });
  }
  return text;
}

function nothingToRead(instead: string): UsageError {
  return new UsageError('input-missing', 'Standard input is a terminal, and nothing may be asked there.', {
    hint: `Give ${instead}, or pipe the message in.`,
  });
}

async function showInstead({ output }: Context, message: Prepared): Promise<undefined> {
  const { envelope, size } = message;
  if (output.isJson)
    output.json({ outcome: 'dry-run', messageId: message.messageId ?? null, ...envelope, size: size ?? null });
  else {
    output.say(
      `Nothing is sent. From <${envelope.from}> to ${envelope.recipients.map((address) => `<${address}>`).join(', ')}:`,
    );
    for await (const chunk of message.chunks()) await output.write(chunk);
  }
  return undefined;
}

function report({ output }: Context, message: Prepared, result: Awaited<ReturnType<typeof sendMessage>>): void {
  if (output.isJson) {
    const { outcome, reply } = result;
    const recipients = result.recipients.map(({ address, accepted, reply: said }) => ({
      address,
      accepted,
      ...replyFields(said),
    }));
    output.json({
      outcome,
      messageId: message.messageId ?? null,
      from: message.envelope.from,
      size: result.size ?? null,
      recipients,
      reply: reply ? replyFields(reply) : null,
    });
    return;
  }
  // Where nothing was sent, the error says who was refused.
  if (result.outcome === 'sent') {
    for (const recipient of result.recipients.filter(({ accepted }) => !accepted))
      output.warn(`refused: ${describe(recipient)}`);
    const accepted = result.recipients.filter((recipient) => recipient.accepted).length;
    output.say(
      `Sent to ${accepted} ${accepted === 1 ? 'recipient' : 'recipients'}: ${result.reply?.lines.join(' ') ?? ''}`,
    );
  }
}

function describe({ address, reply }: RecipientResult): string {
  return `${address}: ${replyText(reply)}`;
}

/** The exit code for a message that some have although it was for all or nobody: look before you send again. */
const PARTLY_SENT = 76;

/** The most refused recipients one sentence names; the others are in the JSON. */
const SHOWN = 5;

/** The error that stands for recipients who were refused: permanent as soon as one is. */
function refused({ recipients }: SendResult): SmtpReplyError {
  const rejected = recipients.filter(({ accepted }) => !accepted);
  const worst = rejected.reduce(
    (found, next) => (next.reply.code > found.reply.code ? next : found),
    rejected[0] as RecipientResult,
  );
  const all = rejected.length === recipients.length;
  const which = all ? 'every recipient' : `${rejected.length} of ${recipients.length} recipients`;
  const shown = rejected.slice(0, SHOWN).map(describe);
  return new SmtpReplyError(
    worst.reply,
    `Nothing was sent: the server refused ${which}. ${shown.join('; ')}${rejected.length > SHOWN ? '; …' : ''}`,
    {
      phase: 'rcpt',
      hint: all
        ? 'Check the addresses.'
        : 'Correct or leave out the refused addresses, or send to the others with --partial.',
    },
  );
}
