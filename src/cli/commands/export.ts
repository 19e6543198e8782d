/** `posthorn export`: messages of the local mailbox into files that other programs read. */
import type { Command } from 'commander';
import { UsageError } from '../../errors.ts';
import { counted, type ExportHooks, type ExportReport, everything, exportMaildir } from '../../mail/export.ts';
import { type OpenMessage, openSelected } from '../../mail/read.ts';
import { saveMbox, saveMessage } from '../../mail/save.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { addQueryOption, type QueryFlags, readMessages } from '../message-set.ts';
import { formatCount } from '../table.ts';

interface ExportFlags extends QueryFlags {
  mbox?: string;
  maildir?: string;
  dir?: string;
}

const EXAMPLES = `
Without numbers or a query, all messages but those in the trash are exported. A Maildir gets the folders and the flags,
and what it has already stays as it is. A mailbox file is a new one (mboxrd), in the order of the numbers.

Examples:
  posthorn export --maildir backup
  posthorn export --mbox all.mbox
  posthorn export 3 5-7 --dir letters
  posthorn export --query 'from:zoe' --mbox zoe.mbox`;

export function define(command: Command, run: Run): void {
  addQueryOption(command.argument('[messages...]', 'the messages, by number, such as 3 5-7'))
    .option('--mbox <file>', 'into one new mailbox file')
    .option('--maildir <folder>', 'into a Maildir, which is made where it is missing')
    .option('--dir <folder>', 'each into an .eml file in this folder')
    .addHelpText('after', EXAMPLES)
    .action(run((context, written: string[], flags: ExportFlags) => exportAll(context, written, flags)));
}

async function exportAll(context: Context, written: readonly string[], flags: ExportFlags): Promise<void> {
  const { output, surroundings } = context;
  const target = readTarget(flags);
  const account = await context.account();
  const selected = await readSelection(written, flags)(context, account);
  const messages = await openSelected(account, selected);
  const total = messages.reduce((sum, { stored }) => sum + stored.size, 0);
  const bar = output.progress('Exporting', total);
  const hooks = { progress: (octets: number) => bar.add(octets), signal: surroundings.signal };
  const report = await target.write(messages, hooks).finally(() => bar.done());
  if (output.isJson) return output.json({ ...report, path: target.path });
  const { exported, skipped } = report;
  const count = `${formatCount(exported.length, 'message')} exported to ${target.path}`;
  output.say(`${count}${skipped.length > 0 ? `; ${skipped.length} were there before` : ''}.`);
}

function readSelection(written: readonly string[], { query }: ExportFlags) {
  if (written.length === 0 && query === undefined) return async () => everything;
  return readMessages(written, { query });
}

interface Target {
  readonly path: string;
  write(messages: readonly OpenMessage[], hooks: ExportHooks): Promise<ExportReport>;
}

function readTarget({ mbox, maildir, dir }: ExportFlags): Target {
  const targets: Target[] = [
    ...(mbox === undefined ? [] : [{ path: mbox, write: toMbox(mbox) }]),
    ...(maildir === undefined
      ? []
      : [
          {
            path: maildir,
            write: (messages: readonly OpenMessage[], hooks: ExportHooks) => exportMaildir(messages, maildir, hooks),
          },
        ]),
    ...(dir === undefined ? [] : [{ path: dir, write: toFiles(dir) }]),
  ];
  const [target, another] = targets;
  if (target !== undefined && another === undefined) return target;
  throw new UsageError('where-to', 'One of --mbox, --maildir and --dir says where to.', {
    hint: 'Write for example: posthorn export --maildir backup',
  });
}

function toMbox(path: string): Target['write'] {
  return async (messages, hooks) => {
    const inOrder = messages.toSorted((one, other) => one.stored.number - other.stored.number);
    await saveMbox(
      inOrder.map((message) => counted(message, hooks)),
      path,
      hooks.signal,
    );
    return { exported: inOrder.map(({ stored }) => stored.number), skipped: [] };
  };
}

function toFiles(folder: string): Target['write'] {
  return async (messages, hooks) => {
    for (const message of messages) await saveMessage(counted(message, hooks), folder, hooks.signal);
    return { exported: messages.map(({ stored }) => stored.number), skipped: [] };
  };
}
