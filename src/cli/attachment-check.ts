/**
 * The last look before a message leaves: whether its text speaks of a file that nobody attached.
 *
 * On a terminal it is asked; a script is told, and goes on. For every command that sends what a person wrote.
 */
import { basename } from 'node:path';
import { AbortedError } from '../errors.ts';
import type { MessageRequest } from '../mail/compose.ts';
import { attachmentMention } from '../mime/attachment-mention.ts';
import type { Context } from './context.ts';
import type { ComposeOptions } from './compose-options.ts';

export interface Written {
  readonly text?: string | undefined;
  readonly html?: string | undefined;
  /** Whether any file or message goes along. */
  readonly attachments: boolean;
}

/** The names of what goes along. */
export function companions({ attachments = [], attach = [], inline = [], calendar }: MessageRequest): string[] {
  const files = [...attach, ...inline].map((path) => basename(path));
  return [...attachments.map(({ name }) => name), ...files, ...(calendar === undefined ? [] : ['an invitation'])];
}

/** What to tell whoever wrote this; undefined where nothing seems forgotten. */
export function forgottenAttachment(
  { text, html, attachments }: Written,
  { attachmentCheck = true }: Pick<ComposeOptions, 'attachmentCheck'>,
): string | undefined {
  if (attachments || !attachmentCheck) return undefined;
  const word = attachmentMention(text ?? html?.replace(/<[^<>]*>/g, ' ') ?? '');
  return word === undefined ? undefined : `The text says “${word}”, and nothing is attached.`;
}

/** @throws AbortedError `not-confirmed` where a person said no. */
export async function checkAttachments(
  context: Context,
  written: Written,
  options: Pick<ComposeOptions, 'attachmentCheck'> & { dryRun?: boolean },
): Promise<void> {
  const forgotten = forgottenAttachment(written, options);
  if (forgotten === undefined) return;
  context.output.warn(forgotten);
  if (options.dryRun !== true) await confirm(context, 'Send it all the same?', 'Attach a file with --attach.');
}

/**
 * Asks whether to go on. Where nobody is there, or a program pipes the message in, having said it is enough: a script is
 * never kept waiting.
 *
 * @throws AbortedError `not-confirmed`.
 */
export async function confirm(context: Context, question: string, hint?: string): Promise<void> {
  const { choose, output, stdin } = context;
  if (choose === undefined || stdin.isTTY !== true || output.isJson) return;
  if ((await choose(`${question} [y/n] `, 'yn')) === 'n')
    throw new AbortedError('not-confirmed', 'Nothing was sent.', { hint });
}
