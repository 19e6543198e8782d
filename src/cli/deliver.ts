/**
 * The last steps of every command that sends a message it has ready: the dry run, the transfer with its progress, and
 * what is told of its end, to people and as JSON.
 */
import { type Command, Option } from 'commander';
import { SmtpReplyError } from '../errors.ts';
import type { Account } from '../mail/account.ts';
import {
  type RecipientResult,
  replyFields,
  replyText,
  type Sendable,
  sendMessage,
  type SendRequests,
  type SendResult,
} from '../mail/send.ts';
import type { Context } from './context.ts';
import { addDeliveryOptions, type DeliveryOptions } from './delivery-options.ts';
import type { Progress } from './progress.ts';
import { formatBytes, formatCount } from './table.ts';

export interface SendingOptions extends DeliveryOptions {
  partial?: boolean;
  dryRun?: boolean;
  transfer?: '7bit' | '8bit' | 'binary';
  chunking: boolean;
}

/** Adds the options that say how a message is sent, whatever it is. */
export function addSendingOptions(command: Command): Command {
  command
    .optionsGroup('How it is sent:')
    .option('--partial', 'send to the recipients that are accepted although others are refused')
    .addOption(
      new Option('--transfer <kind>', 'encode for no more than this, whatever the server takes').choices([
        '7bit',
        '8bit',
        'binary',
      ]),
    )
    .option('--no-chunking', 'send by DATA, though the server offers CHUNKING (BDAT)')
    .option('--dry-run', 'print the message and send nothing');
  return addDeliveryOptions(command);
}

/**
 * Sends a message, or shows it where that is all that is wanted, and tells what became of it.
 *
 * @param requests as `readDeliveryOptions` returned them, before anything was read or asked.
 * @returns the exit code: of a message that only some have got, if not 0.
 * @throws whatever `sendMessage` throws; SmtpReplyError where recipients were refused and nobody got it.
 */
export async function deliver(
  context: Context,
  account: Account,
  message: Sendable,
  { dryRun, partial, transfer, chunking }: SendingOptions,
  requests: SendRequests,
): Promise<number> {
  if (dryRun) {
    await showInstead(context, message);
    return 0;
  }
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
  const options = { partial, most: transfer, chunking, requests };
  const sent = sendMessage(message, account, context.surroundings, hooks, options);
  const result = await sent.finally(() => bar?.done());
  report(context, message, result);
  if (result.outcome === 'refused') throw refused(result);
  // Only LMTP comes to this: the same command would give it once more to those who have it.
  return !partial && result.recipients.some(({ accepted }) => !accepted) ? PARTLY_SENT : 0;
}

async function showInstead({ output }: Context, message: Sendable): Promise<void> {
  const { envelope, size } = message;
  if (output.isJson)
    output.json({ outcome: 'dry-run', messageId: message.messageId ?? null, ...envelope, size: size ?? null });
  else {
    output.say(
      `Nothing is sent. From <${envelope.from}> to ${envelope.recipients.map((address) => `<${address}>`).join(', ')}:`,
    );
    for await (const chunk of message.chunks()) await output.write(chunk);
  }
}

function report({ output }: Context, message: Sendable, result: Awaited<ReturnType<typeof sendMessage>>): void {
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
    output.say(`Sent to ${formatCount(accepted, 'recipient')}: ${result.reply?.lines.join(' ') ?? ''}`);
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
