/** What a fetch would do with each message, in words: a line each. Pure. */
import type { Keep } from '../config/account.ts';
import type { Decision } from '../mail/plan.ts';
import { formatBytes } from './table.ts';

const COMES: Readonly<Record<Decision['because'], string>> = {
  new: 'would be fetched: it is new',
  compare: 'would be fetched, and compared with what is here',
  unfinished: 'would be fetched: it was begun before',
  asked: 'would be fetched whole: it was asked for',
  fits: 'would be fetched whole: it is not too large any more',
  'passed-over': 'would be fetched: it was passed over before',
  'max-size': 'is too large (max-size)',
  stored: 'is here already',
  limit: 'would be left for the next time (limit)',
  'since-now': 'would be marked as known (since-now)',
  filter: 'would be passed over, by a filter',
  known: 'was passed over before',
  'not-asked': 'was not asked for',
};

/** One line a message: the server's number, its size, its number here, what would happen, and by which rule. */
export function renderPlan(plan: readonly Decision[], keep: Keep): string[] {
  const width = String(plan.length).length;
  return plan.map((decision) => {
    const { at, size, state, number } = decision;
    const here = number !== undefined && (state === 'stored' || state === 'stub') ? ` (${number} here)` : '';
    const header = decision.comes === 'header' ? ': only its header would be fetched' : '';
    return `${String(at).padStart(width)}  ${formatBytes(size).padStart(8)}  ${COMES[decision.because]}${here}${header}; ${fateOf(decision, keep)}`;
  });
}

function fateOf({ deletes, rule, because }: Decision, keep: Keep): string {
  if (because === 'compare' && deletes) return 'deleted there if that shows that it is here';
  switch (rule) {
    case 'keep':
      return 'kept there';
    case 'delete':
      return 'deleted there once it is safe here';
    case 'age':
      return deletes ? `deleted there: it came ${inDays(keep)} ago or more` : `kept there for ${inDays(keep)}`;
    case 'newest':
      return deletes
        ? `deleted there: not among the ${newestOf(keep)} newest`
        : `kept there: among the ${newestOf(keep)} newest`;
    case 'removed':
      return 'deleted there: it was removed here';
    case 'not-here':
      return 'kept there: it is not here';
    case 'ambiguous':
      return 'kept there: its unique id stood for another message too';
    case 'not-asked':
      return 'kept there';
  }
}

function inDays(keep: Keep): string {
  const days = typeof keep === 'number' ? keep / 86_400_000 : 0;
  return days >= 1 ? `${Math.floor(days)} ${days < 2 ? 'day' : 'days'}` : 'less than a day';
}

function newestOf(keep: Keep): number {
  return typeof keep === 'object' ? keep.newest : 0;
}
