/** `posthorn import`: messages from files into the local mailbox. */
import type { Command } from 'commander';
import { type ImportReport, importMail } from '../../mail/import.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { formatCount } from '../table.ts';

interface ImportFlags {
  folder?: string;
  duplicates?: boolean;
}

const EXAMPLES = `
Mailbox files (mbox), Maildirs with their folders and flags, and messages (.eml) are taken; of any other folder, its
.eml and .mbox files. What is here already is not stored twice, so an import that was stopped can be run again.

Examples:
  posthorn import old.mbox
  posthorn import ~/Maildir
  posthorn import message.eml --folder Archive`;

export function define(command: Command, run: Run): void {
  command
    .argument('<paths...>', 'mailbox files, messages, or folders of them')
    .option('--folder <name>', 'put everything into this folder')
    .option('--duplicates', 'store what is here already once more')
    .addHelpText('after', EXAMPLES)
    .action(run((context, paths: string[], flags: ImportFlags) => importAll(context, paths, flags)));
}

async function importAll(context: Context, paths: string[], flags: ImportFlags): Promise<number> {
  const { output, surroundings } = context;
  let bar = output.progress('Importing', 0);
  bar.done();
  const hooks = {
    begin: (octets: number) => {
      bar = output.progress('Importing', octets);
    },
    progress: (octets: number) => bar.add(octets),
    signal: surroundings.signal,
  };
  const report = await importMail(await context.account(), paths, flags, hooks).finally(() => bar.done());
  if (output.isJson) output.json(report);
  else tell(context, report);
  return report.failed.length > 0 ? 65 : 0;
}

function tell({ output }: Context, { imported, duplicates, failed }: ImportReport): void {
  for (const { path, reason } of failed) output.warn(`${path} was not imported: ${reason}.`);
  const here = duplicates > 0 ? `; ${duplicates} ${duplicates === 1 ? 'was' : 'were'} here already` : '';
  output.say(`${formatCount(imported.length, 'message')} imported${here}.`);
}
