/** `posthorn filter`: the filter rules of the configuration, on mail that is here. */
import type { Command } from 'commander';
import { ConfigError } from '../../errors.ts';
import { carryOut, type Filtered, judge, readyRules } from '../../mail/filter.ts';
import { flagWords } from '../../mail/flag-words.ts';
import { listMail } from '../../mail/list.ts';
import { messagesNumbered, openLookup } from '../../mail/selection.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { safeText } from '../terminal.ts';

const EXAMPLES = `
New mail is filtered when it is fetched; this is for mail that was here before a rule was. Without a query the inbox is
looked at; see posthorn list --help for queries. posthorn undo takes it back, but for commands that were run.

Examples:
  posthorn filter --dry-run
  posthorn filter --dry-run from:ann since:7d`;

export function define(command: Command, run: Run): void {
  command
    .argument('[query...]', 'which messages are looked at')
    .option('--dry-run', 'say what the rules would do, and do nothing')
    .addHelpText('after', EXAMPLES)
    .action(run((context, query: string[], flags: { dryRun?: boolean }) => filter(context, query, flags)));
}

async function filter(
  context: Context,
  query: readonly string[],
  { dryRun = false }: { dryRun?: boolean },
): Promise<void> {
  const { output, surroundings } = context;
  const account = await context.account();
  const rules = readyRules(account);
  if (rules.length === 0) {
    throw new ConfigError('no-filters', 'The configuration has no filter rules.', {
      hint: 'See docs/filters.md: a rule begins with [[filter]].',
    });
  }
  const say = (text: string) => output.warn(text);
  const reports = { warn: say, progress: () => undefined, signal: surroundings.signal };
  const found = await listMail(account, { query: query.join(' '), limit: Number.MAX_SAFE_INTEGER }, reports);
  const lookup = await openLookup(account);
  const messages = await messagesNumbered(
    lookup,
    found.messages.map(({ number }) => number),
  );
  const filtered = await judge(lookup.folders, rules, messages);
  if (!dryRun && filtered.length > 0) await carryOut(account, filtered, { run: surroundings.run, say });
  if (output.isJson) return output.json({ looked: messages.length, dryRun, filtered: filtered.map(filteredJson) });
  for (const each of filtered) output.data(`${each.message.number}  ${safeText(sentence(each, dryRun))}`);
  const done = dryRun ? 'would be filtered' : 'filtered';
  output.say(`${filtered.length} of ${messages.length} ${messages.length === 1 ? 'message' : 'messages'} ${done}.`);
}

function sentence({ rules, tags, folder, set, clear, commands }: Filtered, dryRun: boolean): string {
  const words = [
    ...(tags.length > 0 ? [`tagged ${tags.join(', ')}`] : []),
    ...(set === '' ? [] : [flagWords(set).join(', ')]),
    ...(clear === ''
      ? []
      : [
          flagWords(clear)
            .map((word) => `un${word}`)
            .join(', '),
        ]),
    ...(folder === undefined ? [] : [`moved to ${folder}`]),
    ...commands.map((command) => `given to ${command}`),
  ];
  return `${dryRun ? 'would be ' : ''}${words.join('; ') || 'left as it is'} (${rules.join(', ')})`;
}

function filteredJson({ message, rules, tags, folder, set, clear, commands }: Filtered) {
  return { number: message.number, rules, tags, folder: folder ?? null, set, clear, commands };
}
