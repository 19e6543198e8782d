/** What is told of a fetch: to a person in a sentence, to a program as one line of JSON. */
import type { FetchReport } from '../mail/fetch-report.ts';
import type { Decision } from '../mail/plan.ts';
import type { Output, ToldError } from './output.ts';
import { formatCount } from './table.ts';

/** The sentence about one account, and what a person must know beside it. `name` is there where there are several. */
export function tellFetched(output: Output, report: FetchReport, name: string | undefined): void {
  const prefix = name === undefined ? '' : `${name}: `;
  for (const { uidl, reason } of report.failed)
    output.warn(`${prefix}message ${uidl ?? 'without a unique id'} did not come: ${reason}`);
  output.say(`${prefix}${sentence(report, name === undefined ? '' : ` -a ${name}`)}`);
  output.detail(`The mailbox is ${report.mailbox}.`);
}

/** Whether anything happened that is worth a line in a log. */
export function hasNews({ fetched, failed, deleted, marked, skipped }: FetchReport): boolean {
  return fetched.length + failed.length + deleted + marked > 0 || skipped.some(({ reason }) => reason === 'limit');
}

/** `account`: what a command for the same mailbox has to say besides. */
function sentence(
  { fetched, filtered, skipped, deleted, marked, onServer, byContent, dryRun }: FetchReport,
  account: string,
): string {
  const large = skipped.filter(({ reason }) => reason === 'max-size');
  const headers = large.filter(({ number }) => number !== undefined);
  const would = dryRun ? 'would be ' : '';
  const left = skipped.length - large.length;
  const words = [
    dryRun && byContent
      ? `${formatCount(fetched.length, 'message')} would be downloaded and compared with those here`
      : fetched.length === 0
        ? 'No new messages'
        : `${formatCount(fetched.length, 'new message')}${dryRun ? ' would come' : ''}`,
    ...(filtered > 0 ? [`${filtered} filtered`] : []),
    `${onServer} on the server`,
    ...(marked > 0 ? [`${marked} ${would}marked as known`] : []),
    ...(deleted > 0 ? [`${deleted} ${would}deleted there`] : []),
    ...(large.length > 0 ? [`${large.length} left there for ${large.length === 1 ? 'its' : 'their'} size`] : []),
    ...(left > 0 ? [`${left} left for the next time`] : []),
  ];
  const next = fetched.length > 0 && !dryRun ? ` See them with posthorn list${account}.` : '';
  const whole =
    headers.length > 0 && !dryRun
      ? ` Fetch one whole with posthorn fetch${account} --message ${headers[0]?.number}.`
      : '';
  return `${words.join(', ')}.${next}${whole}`;
}

/** Numbers are given when a message comes, so a dry run has none. */
export function fetchedJson(account: string | undefined, report: FetchReport) {
  const named = <T extends { uidl: string | undefined }>(message: T) => ({ ...message, uidl: message.uidl || null });
  const { fetched, skipped, failed, plan, dryRun, headers: _, loginDelay: __, ...rest } = report;
  return {
    account: account ?? null,
    error: null,
    ...rest,
    fetched: fetched.map(({ number, uidl, size }) => ({ ...named({ number: dryRun ? null : number, uidl }), size })),
    skipped: skipped.map(({ number = null, ...message }) => ({ ...named(message), number })),
    failed: failed.map(named),
    dryRun,
    plan: plan.map(decisionJson),
  };
}

/** The same for an account whose fetch failed. */
export function failedJson(account: string | undefined, error: ToldError) {
  return {
    account: account ?? null,
    error,
    mailbox: null,
    onServer: null,
    byContent: null,
    filtered: 0,
    marked: 0,
    deleted: 0,
    fetched: [],
    skipped: [],
    failed: [],
    dryRun: false,
    plan: [],
  };
}

function decisionJson({ uidl, at, size, state, number, comes, because, deletes, rule }: Decision) {
  const here = state === 'stored' || state === 'stub' ? (number ?? null) : null;
  return { at, uidl: uidl || null, size, number: here, comes, because, deletes, rule };
}
