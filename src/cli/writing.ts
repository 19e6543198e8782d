/**
 * From the options of a command to a message ready to be sent: its text from an option, a pipe, the terminal or an
 * editor, around what the message begins with.
 */
import { unlessStopped } from '../config/input.ts';
import type { Account } from '../mail/account.ts';
import { composeMessage, type MessageRequest } from '../mail/compose.ts';
import type { Beginning } from '../mail/reply.ts';
import type { Sendable, SendRequests } from '../mail/send.ts';
import { checkAttachments, companions } from './attachment-check.ts';
import { type ComposeOptions, readBody, readCompanions, readHtml, readMarkdown } from './compose-options.ts';
import type { Context } from './context.ts';
import { deliver, type SendingOptions } from './deliver.ts';
import { type EditOptions, editMessage, wantsEditor } from './draft-editing.ts';

export type Prepared = Sendable & {
  /** Forgets what was held for it; also the draft, once it is sent. */
  remove(sent: boolean): Promise<void>;
};

export type WritingOptions = ComposeOptions & EditOptions & { dryRun?: boolean };

/** A message that begins with nothing. */
const BLANK: Beginning = {
  request: {},
  around: (text) => text,
  aroundHtml: (html) => html,
  close: async () => undefined,
};

/** @throws UsageError for what is wrong; AbortedError where the person thought better of it. */
export async function writeMessage(
  context: Context,
  options: WritingOptions,
  account: Account,
  begun: Beginning = BLANK,
): Promise<Prepared> {
  try {
    return await write(context, options, account, begun);
  } catch (error) {
    await begun.close();
    throw error;
  }
}

/**
 * Waits for a message, sends it and forgets it.
 *
 * @param sent is called once it was.
 * @returns the exit code, and throws, as `deliver`.
 */
export async function sendPrepared(
  context: Context,
  account: Account,
  options: WritingOptions & SendingOptions,
  { preparing, requests, sent }: { preparing: Promise<Prepared>; requests: SendRequests; sent?: () => Promise<void> },
): Promise<number> {
  const { output } = context;
  const message = await ready(context, options, preparing);
  let done = false;
  try {
    const code = await deliver(context, account, message, options, requests);
    done = options.dryRun !== true;
    if (done) await sent?.();
    await output.flushed();
    // The exit code will say that writing failed, and nothing of the message: nobody should send it again for that.
    if (done && output.failure !== undefined) output.warn('it was sent, but what became of it could not be written.');
    return code;
  } finally {
    await message.remove(done);
  }
}

/** An editor has the terminal until it ends, so it is waited for even when the work is stopped. */
function ready(
  { surroundings }: Context,
  { edit, draft }: EditOptions,
  preparing: Promise<Prepared>,
): Promise<Prepared> {
  if (edit === true || draft !== undefined) return preparing;
  return unlessStopped(surroundings.signal, preparing).catch((error: unknown) => {
    // It may be ready a moment later: then nobody wants it any more.
    preparing.then(({ remove }) => remove(false)).catch(() => undefined);
    throw error;
  });
}

async function write(context: Context, options: WritingOptions, account: Account, begun: Beginning): Promise<Prepared> {
  const { from } = account;
  const html = await readHtml(options);
  const request: MessageRequest = {
    ...requested(options, begun.request),
    ...(await readCompanions(options, account, begun.request.attachments)),
    ...(html === undefined ? {} : { html: begun.aroundHtml(html) }),
  };
  if (wantsEditor(context, options)) {
    const typed = hasBody(options) ? await readBody(context, options, true) : undefined;
    const text = begun.around(typed ?? '');
    const { message, done } = await editMessage(context, options, { ...request, from: request.from ?? from, text });
    return { ...message, remove: async (sent) => void (await Promise.all([begun.close(), done(sent)])) };
  }
  // What can be wrong is looked at before standard input is waited for; files are, again, behind it: the size they have
  // by then is what will be read of them.
  const draft = await composeMessage(request, from);
  const markdown = await readMarkdown(context, options);
  const typed = markdown?.text ?? (await readBody(context, options, html !== undefined));
  await checkAttachments(context, { text: typed, html, attachments: companions(request).length > 0 }, options);
  const text = typed ?? (html === undefined || begun === BLANK ? undefined : await textOf(html));
  const bodies = {
    ...(text === undefined ? {} : { text: begun.around(text) }),
    ...(markdown === undefined ? {} : { html: begun.aroundHtml(markdown.html) }),
  };
  const message = text === undefined ? draft : await composeMessage({ ...request, ...bodies }, from);
  return { ...message, remove: () => begun.close() };
}

async function textOf(html: string): Promise<string> {
  // Loaded here: most messages that are written are text.
  const { htmlToText } = await import('../mime/html.ts');
  return htmlToText(html);
}

function hasBody({ body, bodyFile }: ComposeOptions): boolean {
  return body !== undefined || bodyFile !== undefined;
}

/** What options say counts; recipients and attachments are added to those there are. */
function requested(options: ComposeOptions, begun: MessageRequest): MessageRequest {
  const { from = begun.from, to = [], cc = [], bcc = [], subject = begun.subject } = options;
  const { replyTo, attach, inline, flowed } = options;
  return {
    ...begun,
    from,
    to: [...(begun.to ?? []), ...to],
    cc: [...(begun.cc ?? []), ...cc],
    bcc,
    subject,
    replyTo,
    flowed,
    ...(attach === undefined ? {} : { attach }),
    ...(inline === undefined ? {} : { inline }),
    headers: options.header ?? [],
  };
}
