/**
 * The options of every command that composes a message (`send`, `reply`), and the reading of what they name. What can be
 * wrong is found before standard input is waited for.
 */
import type { Command } from 'commander';
import { openInput, readText } from '../config/input.ts';
import { UsageError } from '../errors.ts';
import type { Account } from '../mail/account.ts';
import type { MessageRequest } from '../mail/compose.ts';
import { type Bodies, markdownBodies } from '../mime/compose-markdown.ts';
import type { Attachment } from '../mime/draft.ts';
import type { Context } from './context.ts';
import { collect, readNumber, refuseBoth } from './options.ts';

export interface ComposeOptions {
  to?: string[];
  cc?: string[];
  bcc?: string[];
  from?: string;
  subject?: string;
  body?: string;
  bodyFile?: string;
  html?: string;
  htmlFile?: string;
  markdown?: string;
  markdownFile?: string;
  flowed?: boolean;
  attach?: string[];
  attachMessage?: number[];
  inline?: string[];
  calendar?: string;
  /** False after --no-attachment-check. */
  attachmentCheck?: boolean;
  header?: string[];
  replyTo?: string;
}

/** Adds them. */
export function addComposeOptions(command: Command): Command {
  return command
    .option('-t, --to <address>', 'a recipient, such as "Ann <ann@example.org>"', collect)
    .option('--cc <address>', 'a recipient of a copy', collect)
    .option('--bcc <address>', 'a recipient of whom the others do not know', collect)
    .option('-f, --from <address>', 'the sender; by default the account’s')
    .option('-s, --subject <text>', 'the subject')
    .option('-H, --header <field>', 'one more header field, "Name: value"', collect)
    .option('--reply-to <address>', 'where answers should go')
    .optionsGroup('What it says:')
    .option('--body <text>', 'the text')
    .option('--body-file <file>', 'take the text from a file, or from standard input for -')
    .option('--html <text>', 'an HTML version of the text')
    .option('--html-file <file>', 'take the HTML from a file')
    .option('--markdown <text>', 'write the text in Markdown: it goes as HTML and as text')
    .option('--markdown-file <file>', 'take the Markdown from a file, or from standard input for -')
    .option('--flowed', 'let readers wrap the lines of the text anew (format=flowed)')
    .optionsGroup('What goes along:')
    .option('--attach <file...>', 'attach files; an .eml goes as a message', (value: string, before?: string[]) =>
      collect(value, before),
    )
    .option('--attach-message <number...>', 'attach messages of the mailbox', (value: string, before?: number[]) => [
      ...(before ?? []),
      readNumber(value),
    ])
    .option('--inline <file...>', 'files the HTML shows by cid:NAME', (value: string, before?: string[]) =>
      collect(value, before),
    )
    .option('--calendar <file>', 'an invitation, as an .ics file')
    .option('--no-attachment-check', 'do not look whether the text speaks of a file that is not attached');
}

/** The HTML that --html or --html-file gives, if any. @throws UsageError `conflicting-options`, `input-missing`. */
export async function readHtml(options: ComposeOptions): Promise<string | undefined> {
  refuseBoth(options, ['html', 'htmlFile']);
  if (options.markdown !== undefined || options.markdownFile !== undefined)
    refuseBoth(options, ['markdown', 'markdownFile', 'body', 'bodyFile', 'html', 'htmlFile']);
  return options.htmlFile === undefined ? options.html : readText(await openInput(options.htmlFile), options.htmlFile);
}

/** The bodies that --markdown or --markdown-file gives, if any. @throws UsageError as `readBody`, and `bad-markdown`. */
export async function readMarkdown(context: Context, options: ComposeOptions): Promise<Bodies | undefined> {
  const { markdown, markdownFile } = options;
  if (markdown === undefined && markdownFile === undefined) return undefined;
  if (markdown !== undefined) return markdownBodies(markdown);
  const source = await readBody(context, { ...options, bodyFile: markdownFile ?? '-' }, false);
  return markdownBodies(source ?? '');
}

/** What goes along and has to be read first, besides what is there: messages of the mailbox, and an invitation. */
export async function readCompanions(
  { attachMessage = [], calendar }: ComposeOptions,
  account: Account,
  attachments: readonly Attachment[] = [],
): Promise<Pick<MessageRequest, 'attachments' | 'calendar'>> {
  const messages: Attachment[] = [];
  for (const number of attachMessage) {
    // Loaded here: most messages carry no other, and need no reader of messages.
    const { openMessage, readOpened } = await import('../mail/read.ts');
    const { messageAttachment } = await import('../mail/message-attachment.ts');
    const message = await openMessage(account, number);
    messages.push(await messageAttachment(message, (await readOpened(message)).subject));
  }
  return {
    attachments: [...attachments, ...messages],
    ...(calendar === undefined ? {} : { calendar: await readText(await openInput(calendar), calendar) }),
  };
}

/**
 * The text: --body, --body-file or standard input, which on a terminal is typed. Undefined where there is HTML and
 * nothing says where a text would come from.
 *
 * @throws UsageError `conflicting-options`, `input-missing`.
 */
export async function readBody(
  context: Context,
  options: ComposeOptions,
  hasHtml: boolean,
): Promise<string | undefined> {
  refuseBoth(options, ['body', 'bodyFile']);
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
  const alone = options.attach ?? options.attachMessage ?? options.calendar;
  if (text === '' && alone === undefined) {
    throw new UsageError('input-missing', 'Nothing was sent: standard input is empty, so the message has no text.', {
      hint: 'Give the text with --body TEXT; --body "" sends a message without any.',
    });
  }
  return text;
}

/** Nobody may be asked for what is missing. @param instead the option that gives it. */
export function nothingToRead(instead: string): UsageError {
  return new UsageError('input-missing', 'Standard input is a terminal, and nothing may be asked there.', {
    hint: `Give ${instead}, or pipe the message in.`,
  });
}
