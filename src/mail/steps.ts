/**
 * What a change has to do to one message: only what is not so already, so that it can be taken back exactly. Each is
 * undefined where there is nothing to do. What this file must never know: what the change is for.
 */
import type { ChangeLog, Step } from '../store/change-log.ts';
import type { StoredMessage } from '../store/mailbox.ts';
import type { FlagChange } from '../store/maildir.ts';

/** Tags to give and to take. */
export interface TagChange {
  readonly add: readonly string[];
  readonly remove: readonly string[];
}

/** Letters that it has already, or has not, are left out. */
export function flagStep({ base, flags }: StoredMessage, { add = '', remove = '' }: FlagChange): Step | undefined {
  const set = [...add].filter((letter) => !flags.includes(letter)).join('');
  const clear = [...remove].filter((letter) => flags.includes(letter)).join('');
  return set === '' && clear === '' ? undefined : { base, ...(set && { set }), ...(clear && { clear }) };
}

/** The same of tags, which the log knows. */
export function tagStep({ base }: StoredMessage, log: ChangeLog, { add, remove }: TagChange): Step | undefined {
  const tags = log.tagsOf(base);
  const tag = [...new Set(add)].filter((each) => !tags.has(each));
  const untag = remove.filter((each) => tags.has(each));
  return tag.length + untag.length === 0
    ? undefined
    : { base, ...(tag.length > 0 && { tag }), ...(untag.length > 0 && { untag }) };
}

export function moveStep({ base, folder }: StoredMessage, to: string): Step | undefined {
  return folder === to ? undefined : { base, from: folder, to };
}
