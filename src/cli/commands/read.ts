/** `posthorn read`: one message of the local mailbox, as text or as it is. Reading connects to nothing. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { htmlPage } from '../../mail/html-page.ts';
import { type OpenMessage, openMessage, readOpened } from '../../mail/read.ts';
import { streamPart } from '../../mail/save.ts';
import { readableText } from '../../mime/bodies.ts';
import { signs } from '../../mime/signs.ts';
import { showPage } from '../browser.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { messageJson } from '../message-json.ts';
import { detectProtocol, type ImageProtocol, readProtocol, showImages } from '../images.ts';
import { headerRows, renderMessage } from '../message-view.ts';
import { readNumber } from '../options.ts';
import { page } from '../pager.ts';
import { showPart } from '../part-view.ts';
import { safeText } from '../terminal.ts';

interface ReadFlags {
  headers?: boolean;
  raw?: boolean;
  part?: string;
  html?: boolean;
  images?: ImageProtocol | 'auto' | true;
  /** False after --no-pager. */
  pager?: boolean;
}

const EXAMPLES = `
Examples:
  posthorn read 3
  posthorn read 3 --headers
  posthorn read 3 --part 2 > picture.png
  posthorn read 3 --raw > message.eml
  posthorn read 3 --html
  posthorn read 3 --html - > page.html

On a terminal what is long goes through $PAGER, or else less.`;

export function define(command: Command, run: Run): void {
  command
    .argument('<number>', 'the message, by its number in the list', readNumber)
    .argument('[output]', 'with --html: - for standard output', readOutput)
    .option('--headers', 'show every header field')
    .option('--raw', 'print the message exactly as it was received')
    .option('--part <number>', 'print one part, decoded')
    .option('--html', 'open a copy that is safe to look at in the browser, or write it to standard output')
    .option('--images [protocol]', 'show images in the terminal: auto, kitty, iterm, sixel or none', readProtocol)
    .option('--no-pager', 'print everything at once, also on a terminal')
    .addHelpText('after', EXAMPLES)
    .action(run(read));
}

async function read(context: Context, number: number, where: '-' | undefined, flags: ReadFlags): Promise<void> {
  const { output } = context;
  checkFlags(flags, where, output.isJson);
  const account = await context.account();
  const message = await openMessage(account, number);
  if (flags.raw) {
    for await (const chunk of message.chunks()) await output.write(chunk);
  } else if (flags.part !== undefined) {
    if (output.isTerminal) await showPart(context, message, flags.part, flags.pager);
    else await streamPart(message, [flags.part], (chunk) => output.write(chunk));
  } else if (flags.html) {
    const html = await pageOf(message, account.trustedAuthserv);
    if (output.isTerminal && where === undefined) await showPage(context, html);
    else await output.write(Buffer.from(html));
  } else {
    await show(context, message, flags, account.trustedAuthserv);
  }
  await message.markSeen();
}

/** Where the output is no terminal, none. */
function detected({ output, surroundings }: Context): ImageProtocol {
  return output.isTerminal ? detectProtocol(surroundings.env) : 'none';
}

function readOutput(text: string): '-' {
  if (text === '-') return text;
  throw new UsageError('excess-arguments', 'One message is read at a time.', { hint: 'See posthorn read --help.' });
}

function checkFlags({ headers, raw, part, html }: ReadFlags, where: '-' | undefined, json: boolean): void {
  if ([headers, raw, part, html].filter(Boolean).length > 1 || (html && json)) {
    throw new UsageError('conflicting-options', 'Only one of --headers, --raw, --part and --html can be given.', {
      hint: json ? 'With --json the HTML is there as it came.' : undefined,
    });
  }
  if (where !== undefined && !html) throw new UsageError('conflicting-options', 'A - goes with --html only.');
}

/** The message as a page, with what a person must know above it. */
async function pageOf(message: OpenMessage, trusted: readonly string[]): Promise<string> {
  const opened = await readOpened(message);
  return htmlPage(message, opened, {
    title: safeText(opened.subject) || `Message ${message.stored.number}`,
    header: headerRows(opened, { trusted }),
    warnings: signs(opened, { trusted }).map(({ text }) => safeText(text)),
  });
}

async function show(context: Context, message: OpenMessage, flags: ReadFlags, trusted: readonly string[]) {
  const { output } = context;
  const opened = await readOpened(message);
  const fields = flags.headers ? opened.headers.fields.map(({ name, value }) => ({ name, value })) : undefined;
  if (output.isJson) {
    const { number, folder } = message.stored;
    const tags = await message.tags();
    const headers = fields === undefined ? {} : { headers: fields };
    output.json({ number, folder, tags, ...messageJson(opened, await readableText(opened), trusted), ...headers });
  } else if (fields !== undefined) {
    const lines = fields.map(({ name, value }) => safeText(`${name}: ${value}`));
    await page(context, lines.join('\n'), flags.pager);
  } else {
    const { style, columns } = output;
    const asked = flags.images === true ? 'auto' : flags.images;
    const protocol = asked === undefined || asked === 'auto' ? detected(context) : asked;
    // A pager cannot show them.
    const pager = flags.pager !== false && (asked === undefined || protocol === 'none');
    const paged = await page(context, await renderMessage(opened, { style, columns, trusted }), pager);
    if (!paged && protocol !== 'none') await showImages(output, message, opened, protocol);
  }
}
