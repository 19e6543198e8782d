/**
 * Filter rules at work: on new mail when it is safe here, and on mail that is here when a person says so.
 *
 * All that rules do to a mailbox is one change, which `undo` takes back. It is done again where a run died in between,
 * which comes to the same; only a command that a rule runs may then be run once more.
 */
import type { FilterRule } from '../config/filter-rule.ts';
import { ConfigError, UsageError } from '../errors.ts';
import { LISTED_HEADER, readHeaders } from '../mime/summary.ts';
import type { ChangeLog, Step } from '../store/change-log.ts';
import { Changes } from '../store/changes.ts';
import { readFolderName } from '../store/folder-name.ts';
import type { Folders } from '../store/folders.ts';
import type { StoredMessage } from '../store/mailbox.ts';
import { type Account, mailboxOf, type Surroundings } from './account.ts';
import { tagName } from './change.ts';
import { rulesFor } from './filter-match.ts';
import { flagChange } from './flag-words.ts';
import { messagesNumbered, openLookup } from './selection.ts';
import type { Say } from './session.ts';
import { flagStep, moveStep, tagStep } from './steps.ts';

/** A rule whose words have been understood. */
export interface ReadyRule extends FilterRule {
  readonly flags: { readonly add: string; readonly remove: string };
}

/** What rules do to one message; empty where nothing changes any more. */
export interface Filtered {
  readonly message: StoredMessage;
  /** The names of those that hold for it. */
  readonly rules: readonly string[];
  readonly tags: readonly string[];
  /** Where it goes, or is. */
  readonly folder: string | undefined;
  /** Maildir letters that are set, and cleared. */
  readonly set: string;
  readonly clear: string;
  readonly commands: readonly string[];
}

/** @throws ConfigError `bad-config` for a tag, a flag or a folder that is none. */
export function readyRules({ filters }: Pick<Account, 'filters'>): ReadyRule[] {
  return filters.map((rule) => {
    try {
      const move = rule.move === undefined ? {} : { move: readFolderName(rule.move) };
      return { ...rule, ...move, tag: rule.tag.map(tagName), flags: flagChange(rule.flag) };
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      throw new ConfigError('bad-config', `The filter ${rule.name}: ${error.message}`, { hint: error.hint });
    }
  });
}

/** What the rules say of these messages; those that none holds for, or that are gone, are left out. Changes nothing. */
export async function judge(
  folders: Folders,
  rules: readonly ReadyRule[],
  messages: readonly StoredMessage[],
): Promise<Filtered[]> {
  const found: Filtered[] = [];
  for (const message of messages) {
    const content = await folders.content(message);
    // Another program may have removed it by now.
    if (content === undefined) continue;
    const header = await readHeaders(content.chunks(), LISTED_HEADER);
    const held = rulesFor(rules, { header, size: message.size });
    if (held.length > 0) found.push(together(message, held));
  }
  return found;
}

/** Later rules count where two say different things, but for the folder: the first has taken it away. */
function together(message: StoredMessage, held: readonly ReadyRule[]): Filtered {
  const letters = new Map<string, boolean>();
  for (const { flags } of held) {
    for (const letter of flags.add) letters.set(letter, true);
    for (const letter of flags.remove) letters.set(letter, false);
  }
  const of = (is: boolean) => [...letters].flatMap(([letter, set]) => (set === is ? [letter] : [])).join('');
  return {
    message,
    rules: held.map(({ name }) => name),
    tags: [...new Set(held.flatMap(({ tag }) => tag))],
    folder: held.find(({ move }) => move !== undefined)?.move,
    set: of(true),
    clear: of(false),
    commands: held.flatMap(({ run }) => (run === undefined ? [] : [run])),
  };
}

/**
 * Does what the rules say, as one change. Commands come first: they get the message where it is.
 *
 * @throws StoreError as `Changes.open`.
 */
export async function carryOut(
  account: Account,
  filtered: readonly Filtered[],
  tools: { readonly run: Surroundings['run']; readonly say: Say },
): Promise<void> {
  const lookup = await openLookup(account);
  const { folders } = lookup;
  for (const each of filtered) await runCommands(account, folders, each, tools);
  const changes = await Changes.open(mailboxOf(account).state, folders);
  try {
    const written = new Set(filtered.flatMap(({ folder }) => folder ?? []));
    const named = new Map<string | undefined, string>();
    for (const folder of written) named.set(folder, await folders.named(folder));
    const rulings = new Map(filtered.map((each) => [each.message.number, each]));
    // As they are by now: a command may have changed them.
    const steps = (await messagesNumbered(lookup, [...rulings.keys()])).flatMap((message) => {
      const ruling = rulings.get(message.number);
      return (ruling && stepOf(message, { ...ruling, folder: named.get(ruling.folder) }, changes.log)) ?? [];
    });
    await changes.make(folders, 'filter', steps);
  } finally {
    await changes.close();
  }
}

function stepOf(message: StoredMessage, { set, clear, tags, folder }: Filtered, log: ChangeLog): Step | undefined {
  const steps = [
    flagStep(message, { add: set, remove: clear }),
    tagStep(message, log, { add: tags, remove: [] }),
    folder === undefined ? undefined : moveStep(message, folder),
  ].filter((step) => step !== undefined);
  return steps.length === 0 ? undefined : steps.reduce((all, step) => ({ ...all, ...step }));
}

async function runCommands(
  { name = '' }: Account,
  folders: Folders,
  { message, commands }: Filtered,
  { run, say }: { readonly run: Surroundings['run']; readonly say: Say },
): Promise<void> {
  const { number } = message;
  for (const command of commands) {
    const content = await folders.content(message);
    if (content === undefined) return;
    const variables = { POSTHORN_ACCOUNT: name, POSTHORN_NUMBER: String(number) };
    const ended = (await run?.(command, content.chunks(), variables)) ?? { failure: 'cannot be run here' };
    const how = 'failure' in ended ? ended.failure : ended.code === 0 ? undefined : `ended with ${ended.code}`;
    if (how !== undefined) say(`the command of a filter for message ${number} ${how}.`);
  }
}
