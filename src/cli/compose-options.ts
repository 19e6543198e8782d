/**
 * The options of every command that composes a message (`send`, `reply`), and the reading of what they name. What can be
 * wrong is found before standard input is waited for.
 */
import type { Command } from 'commander';
import { openInput, readText } from '../config/input.ts';
import { UsageError } from '../errors.ts';
import type { Context } from './context.ts';
import { collect } from './options.ts';

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
  attach?: string[];
  inline?: string[];
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
    .option('--body <text>', 'the text')
    .option('--body-file <file>', 'take the text from a file, or from standard input for -')
    .option('--html <text>', 'an HTML version of the text')
    .option('--html-file <file>', 'take the HTML from a file')
    .option('--attach <file...>', 'attach files', (value: string, before?: string[]) => collect(value, before))
    .option('--inline <file...>', 'files the HTML shows by cid:NAME', (value: string, before?: string[]) =>
      collect(value, before),
    )
    .option('-H, --header <field>', 'one more header field, "Name: value"', collect)
    .option('--reply-to <address>', 'where answers should go');
}

/** The HTML that --html or --html-file gives, if any. @throws UsageError `conflicting-options`, `input-missing`. */
export async function readHtml(options: ComposeOptions): Promise<string | undefined> {
  if (options.html !== undefined && options.htmlFile !== undefined)
    throw new UsageError('conflicting-options', '--html and --html-file cannot both be given.');
  return options.htmlFile === undefined ? options.html : readText(await openInput(options.htmlFile), options.htmlFile);
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

/** Nobody may be asked for what is missing. @param instead the option that gives it. */
export function nothingToRead(instead: string): UsageError {
  return new UsageError('input-missing', 'Standard input is a terminal, and nothing may be asked there.', {
    hint: `Give ${instead}, or pipe the message in.`,
  });
}
