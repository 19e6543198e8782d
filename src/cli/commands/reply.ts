/** `posthorn reply`: an answer to a message of the mailbox, or the message itself for somebody else. */
import type { Command } from 'commander';
import { AbortedError, UsageError } from '../../errors.ts';
import type { Account } from '../../mail/account.ts';
import { type OpenMessage, openMessage } from '../../mail/read.ts';
import { type Beginning, beginForward, beginReply } from '../../mail/reply.ts';
import type { ReplyMode, ReplyRecipients } from '../../mime/reply-recipients.ts';
import { showAddress } from '../address-view.ts';
import type { Run } from '../command.ts';
import { addComposeOptions } from '../compose-options.ts';
import type { Context } from '../context.ts';
import { addSendingOptions, type SendingOptions } from '../deliver.ts';
import { readDeliveryOptions } from '../delivery-options.ts';
import { addEditOptions, canEdit } from '../draft-editing.ts';
import { readCount, readNumber, refuseBoth } from '../options.ts';
import { sendPrepared, writeMessage, type WritingOptions } from '../writing.ts';

interface ReplyFlags extends WritingOptions, SendingOptions {
  all?: boolean;
  list?: boolean;
  ignoreReplyTo?: boolean;
  /** False after --no-quote, else absent; and so below. */
  quote?: boolean;
  maxRecipients: number;
  forward?: boolean;
  asAttachment?: boolean;
  attachments?: boolean;
}

/** How many people get an answer without anybody being asked. */
const MAX_RECIPIENTS = 50;
/** How many addresses one sentence names. */
const SHOWN = 5;

const EXAMPLES = `
On a terminal the answer is written in $VISUAL or $EDITOR; --body, --body-file and standard input do without. It goes to
the author, or where Reply-To says; --to, --cc and --bcc name more people. With --forward they are the only ones.

Examples:
  posthorn reply 3 --body "Thank you!"
  echo "See you there." | posthorn reply 3 --all
  posthorn reply 3 --forward -t bob@example.org --body "For you."
  posthorn reply 3 --forward --as-attachment -t bob@example.org --body "Is this spam?"
  posthorn reply 3 --all --body Yes. --dry-run`;

export function define(command: Command, run: Run): void {
  command
    .argument('<number>', 'the message, by its number in the list', readNumber)
    .option('--all', 'answer everybody it was written to as well')
    .option('--list', 'answer the mailing list it came from')
    .option('--ignore-reply-to', 'answer the author, wherever answers are asked to go')
    .option('--no-quote', 'do not quote its text')
    .option('--forward', 'pass the message on to --to, with its attachments')
    .option('--as-attachment', 'pass it on as a whole, as an attachment')
    .option('--no-attachments', 'pass it on without its attachments')
    .option('--max-recipients <count>', 'answer at most so many people unasked', readCount, MAX_RECIPIENTS);
  addSendingOptions(addEditOptions(addComposeOptions(command)))
    .addHelpText('after', EXAMPLES)
    .action(run((context, number: number, flags: ReplyFlags) => reply(context, number, flags)));
}

async function reply(context: Context, number: number, flags: ReplyFlags): Promise<number> {
  checkFlags(flags);
  const requests = readDeliveryOptions(flags);
  const account = await context.account();
  const original = await openMessage(account, number);
  const begun = await (flags.forward ? forward : answer)(context, original, account, flags);
  const options = withEditor(context, flags);
  return sendPrepared(context, account, options, {
    preparing: writeMessage(context, options, account, begun),
    requests,
    sent: () => mark(context, original, flags.forward ? 'P' : 'R'),
  });
}

function checkFlags(flags: ReplyFlags): void {
  const { all, list, forward: passOn, asAttachment, attachments, ignoreReplyTo, quote } = flags;
  const answers = { '--all': all, '--list': list, '--ignore-reply-to': ignoreReplyTo, '--no-quote': quote === false };
  const passes = { '--as-attachment': asAttachment, '--no-attachments': attachments === false };
  const [stray] = Object.entries(passOn ? answers : passes).find(([, given]) => given) ?? [];
  if (stray !== undefined) {
    const why = passOn ? 'is for answers, and --forward makes none' : 'means nothing without --forward';
    throw new UsageError('conflicting-options', `${stray} ${why}.`);
  }
  refuseBoth(flags, ['all', 'list']);
  if (asAttachment && attachments === false)
    throw new UsageError(
      'conflicting-options',
      '--as-attachment passes on the whole message, so --no-attachments has no place.',
    );
  if (passOn && flags.draft === undefined && [flags.to, flags.cc, flags.bcc].every((given) => given === undefined)) {
    throw new UsageError('no-recipient', 'Nobody is named to pass the message on to.', { hint: 'Give one with --to.' });
  }
}

/** An editor comes up by itself where somebody is there to use it and nothing else says what to write. */
function withEditor(context: Context, flags: ReplyFlags): ReplyFlags {
  const { body, bodyFile, html, htmlFile, markdown, markdownFile, draft } = flags;
  const texts = [body, bodyFile, html, htmlFile, markdown, markdownFile, draft];
  return canEdit(context) && texts.every((given) => given === undefined) ? { ...flags, edit: true } : flags;
}

async function forward(_: Context, original: OpenMessage, account: Account, flags: ReplyFlags): Promise<Beginning> {
  return beginForward(original, account, {
    asAttachment: flags.asAttachment ?? false,
    attachments: flags.attachments ?? true,
  });
}

async function answer(
  context: Context,
  original: OpenMessage,
  account: Account,
  flags: ReplyFlags,
): Promise<Beginning> {
  const mode: ReplyMode = flags.all ? 'all' : flags.list ? 'list' : 'author';
  const { ignoreReplyTo = false, quote = true } = flags;
  const begun = await beginReply(original, account, { mode, ignoreReplyTo, quote });
  // What a draft says of recipients was asked about when it was begun.
  if (flags.draft === undefined) await approve(context, begun.recipients, flags);
  return begun;
}

/** Says to whom the answer goes, and asks where that is not what one would expect. */
async function approve(context: Context, recipients: ReplyRecipients, flags: ReplyFlags): Promise<void> {
  const { to, cc, by, elsewhere, left } = recipients;
  const { output } = context;
  for (const why of left) output.warn(why);
  if (to.length + cc.length === 0 && [flags.to, flags.cc, flags.bcc].every((given) => given === undefined)) {
    throw new UsageError('no-recipient', 'The message has no address that an answer could go to.', {
      hint: 'Name one with --to.',
    });
  }
  if (to.length > 0)
    output.say(`The answer goes to ${named(to)}${cc.length > 0 ? ` and in copy to ${named(cc)}` : ''} (${by}).`);
  if (elsewhere.length > 0) {
    output.warn(`${by} leads away from the author: to ${named(elsewhere)}. --ignore-reply-to answers the author.`);
    await confirm(context, flags);
  }
  if (to.length + cc.length <= flags.maxRecipients) return;
  if (context.choose === undefined || flags.dryRun) {
    throw new UsageError('too-many-recipients', `The answer would go to ${to.length + cc.length} people.`, {
      hint: `Allow that with --max-recipients ${to.length + cc.length}, or answer the author without --all.`,
    });
  }
  output.warn(`the answer goes to ${to.length + cc.length} people.`);
  await confirm(context, flags);
}

/** Where nobody can be asked, having said it is enough. */
async function confirm({ choose }: Context, { dryRun }: ReplyFlags): Promise<void> {
  if (choose === undefined || dryRun) return;
  if ((await choose('Go on? [y/n] ', 'yn')) === 'n') throw new AbortedError('aborted', 'Stopped; nothing was sent.');
}

function named(addresses: ReplyRecipients['to']): string {
  const shown = addresses.slice(0, SHOWN).map(showAddress).join(', ');
  return addresses.length > SHOWN ? `${shown} and ${addresses.length - SHOWN} more` : shown;
}

/** The message was sent whatever becomes of this: it must not look as if it was not. */
async function mark({ output }: Context, original: OpenMessage, flag: 'R' | 'P'): Promise<void> {
  try {
    await original.mark(flag);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    output.warn(
      `it was sent, but the message could not be marked as ${flag === 'R' ? 'answered' : 'passed on'}: ${why}`,
    );
  }
}
