/** `posthorn fetch`: new mail from POP3 servers into the local mailboxes, once or again and again. */
import type { Command } from 'commander';
import type { Account } from '../../mail/account.ts';
import { fetchMail } from '../../mail/fetch.ts';
import { fetchEach } from '../../mail/fetch-all.ts';
import type { FetchHooks, FetchOptions, FetchReport } from '../../mail/fetch-report.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCode } from '../exit-codes.ts';
import { addFetchOptions, type FetchFlags, paceOf, readFetchOptions } from '../fetch-options.ts';
import { failedJson, fetchedJson, tellFetched } from '../fetch-view.ts';
import { indexFetched } from '../index-ahead.ts';
import { toldOf } from '../output.ts';
import { renderPlan } from '../plan-view.ts';
import { formatBytes, formatCount } from '../table.ts';

const EXAMPLES = `
Without an account's name all accounts of the configuration are fetched, side by side. Mail stays on the server unless
an option or the account says otherwise; it is deleted there only when it is safe on this disk.

Examples:
  posthorn fetch --pop3 pop3s://ann%40example.org@mail.example.org
  posthorn fetch work --delete
  posthorn fetch --keep=14d --max-size 5M
  posthorn fetch --keep-newest 500 --dry-run`;

export function define(command: Command, run: Run): void {
  addFetchOptions(command.argument('[account...]', 'accounts of the configuration'))
    .addHelpText('after', EXAMPLES)
    .action(run((context, names: string[], flags: FetchFlags) => fetch(context, names, flags)));
}

/** An account with what is to be done for it. */
interface Task {
  readonly account: Account;
  readonly options: FetchOptions;
  /** A command to run when new mail has come. */
  readonly onNew: string | undefined;
  /** Whether what comes is put into the index. */
  readonly indexed: boolean;
  /** What to call it where there are several. */
  readonly name: string | undefined;
}

async function fetch(context: Context, names: readonly string[], flags: FetchFlags): Promise<number> {
  const accounts = await context.accounts(names);
  const several = accounts.length > 1;
  const tasks = accounts.map((account): Task => {
    const options = readFetchOptions(flags, account, context.surroundings.home);
    const onNew = flags.onNew ?? account.fetch.onNew;
    // Mail that goes to another place is not in the mailbox.
    const indexed = flags.index !== false && options.deliver === undefined;
    return { account, options, onNew, indexed, name: several ? account.name : undefined };
  });
  const every = paceOf(flags);
  if (every !== undefined) {
    const { watchAll } = await import('../watching.ts');
    const fetch = (task: Task) => fetchOne(context, task, true);
    return watchAll(context, tasks, every, { fetch, behind: (task, report) => index(context, task, report) });
  }
  const [only] = tasks;
  if (only !== undefined && !several) {
    const report = await fetchOne(context, only, false);
    const code = finish(context, only, report);
    await index(context, only, report);
    return code;
  }
  const results = await fetchEach(tasks, (task) => fetchOne(context, task, false));
  const codes = results.map((result) => {
    if (result.report !== undefined) return finish(context, result.account, result.report);
    context.output.error(result.error, result.account.name);
    if (context.output.isJson) context.output.json(failedJson(result.account.name, toldOf(result.error)));
    return exitCode(result.error);
  });
  for (const { account: task, report } of results) if (report !== undefined) await index(context, task, report);
  return worst(codes);
}

/** @param silent nothing is said of what is to come. */
async function fetchOne(context: Context, task: Task, silent: boolean): Promise<FetchReport> {
  const { output, surroundings } = context;
  const { account, options, name, onNew } = task;
  const prefix = name === undefined ? '' : `${name}: `;
  let bar: ReturnType<typeof output.progressLine> | undefined;
  const hooks: FetchHooks = {
    say: (text) => output.warn(`${prefix}${text}`),
    begin: (messages, octets) => {
      if (messages === 0 || options.dryRun) return;
      if (!silent) output.say(`${prefix}Fetching ${formatCount(messages, 'message')}, ${formatBytes(octets)} …`);
      bar = output.progressLine(name ?? 'Fetching', octets);
    },
    progress: (octets) => bar?.add(octets),
  };
  const report = await fetchMail(account, surroundings, options, hooks).finally(() => bar?.done());
  if (onNew !== undefined && report.fetched.length > 0 && !report.dryRun) {
    const { tellNew } = await import('../new-mail.ts');
    await tellNew(context, onNew, account, report);
  }
  return report;
}

async function index(context: Context, { account, indexed, name }: Task, report: FetchReport): Promise<void> {
  if (indexed) await indexFetched(context, account, report, name);
}

/** Tells what came of it. @returns the exit code: what a server would not give may be there next time. */
function finish({ output }: Context, { account, options, name }: Task, report: FetchReport): number {
  if (output.isJson) output.json(fetchedJson(account.name, report));
  else {
    if (report.plan.length > 0) {
      if (name !== undefined) output.data(`${name}:`);
      for (const line of renderPlan(report.plan, options.keep ?? true)) output.data(line);
    }
    tellFetched(output, report, name);
  }
  return report.failed.length > 0 ? 75 : 0;
}

/** The first that trying again will not mend, else 75 where one may pass, else 0. */
function worst(codes: readonly number[]): number {
  return codes.find((code) => code !== 0 && code !== 75) ?? (codes.includes(75) ? 75 : 0);
}
