/** What a command is to the program that loads it. */
import type { Command } from 'commander';
import type { Context } from './context.ts';

/** Makes an action of commander's out of a command's work, which may end with an exit code of its own. */
export type Run = <A extends unknown[]>(
  work: (context: Context, ...args: A) => Promise<number | undefined | void>,
) => (...args: A) => Promise<void>;

/** Adds a command's arguments, options and help, and what it does. */
export type Define = (command: Command, run: Run) => void;
