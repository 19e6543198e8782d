/** `posthorn undo`: takes the last change to messages back. */
import type { Command } from 'commander';
import { type Undone, undoChange } from '../../mail/change.ts';
import type { Verb } from '../../store/change-log.ts';
import { messages } from '../change-view.ts';
import type { Run } from '../command.ts';
import type { Context } from '../context.ts';

/** What is again as it was: behind "3 messages", and behind "Message 3". */
const DONE: Readonly<Record<Verb, readonly [several: string, one: string]>> = {
  flag: ['have their flags back', 'has its flags back'],
  tag: ['have the tags they had', 'has the tags it had'],
  move: ['were moved back', 'was moved back'],
  delete: ['were moved back', 'was moved back'],
  filter: ['are as they were before the rules', 'is as it was before the rules'],
  purge: ['', ''],
  undo: ['', ''],
};

const EXAMPLES = `
Takes back what flag, tag, move, delete or the rules of a fetch did last; once more, what they did before that. What
other programs did to the same messages meanwhile stays. What was removed for good does not come back.

Example:
  posthorn delete 1 && posthorn undo`;

export function define(command: Command, run: Run): void {
  command.addHelpText('after', EXAMPLES).action(run((context) => undo(context)));
}

async function undo(context: Context): Promise<void> {
  const undone = await undoChange(await context.account());
  const { output } = context;
  const { verb, at, changed, unchanged } = undone;
  if (output.isJson) return output.json({ undone: verb, at: at.toISOString(), changed, unchanged });
  output.say(sentence(undone));
}

function sentence({ verb, changed, unchanged, folders }: Undone): string {
  const [folder, another] = folders;
  const where = folder !== undefined && another === undefined ? ` to ${folder}` : '';
  const done = DONE[verb][changed.length === 1 ? 1 : 0];
  const those =
    changed.length === 0 ? 'None of its messages is where it left them' : `${messages(changed)} ${done}${where}`;
  const rest =
    changed.length > 0 && unchanged.length > 0 ? ` ${unchanged.length} are no longer where it left them.` : '';
  return `Undone: ${verb}. ${those}.${rest}`;
}
