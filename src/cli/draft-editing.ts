/**
 * A message written in the person's editor: from the first draft to one that can be sent, in as many rounds as it takes.
 *
 * Why the draft is a file in the state folder: what was written outlives the program, whatever ends it, and the person is
 * told where it is before the editor starts. It goes when the message was sent, or when nothing was written.
 */
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { xdgPaths } from '../config/paths.ts';
import { AbortedError, UsageError } from '../errors.ts';
import { composeMessage, type MessageRequest } from '../mail/compose.ts';
import type { ComposedMessage } from '../mime/compose.ts';
import { type DraftText, readDraft, typedAddress, withoutNotes, writeDraft } from '../mime/draft-text.ts';
import { DraftFile } from '../store/drafts.ts';
import { companions, forgottenAttachment } from './attachment-check.ts';
import type { ComposeOptions } from './compose-options.ts';
import type { Context } from './context.ts';
import { runEditor } from './editor.ts';

/** Of what goes along, as many are named. */
const MAX_NAMES = 10;

export interface EditOptions {
  edit?: boolean;
  draft?: string;
}

export function addEditOptions(command: Command): Command {
  return command
    .optionsGroup('How it is written:')
    .option('--edit', 'write the message in $VISUAL or $EDITOR')
    .option('--draft <file>', 'go on with a draft that was kept; it says to whom the message goes');
}

/** Whether the text comes from an editor, or from a draft. @throws UsageError where it would and cannot. */
export function wantsEditor(context: Context, options: EditOptions & ComposeOptions): boolean {
  const { edit, draft, body, bodyFile, markdown, markdownFile } = options;
  if ((edit || draft !== undefined) && (markdown !== undefined || markdownFile !== undefined))
    throw new UsageError('conflicting-options', 'A text that is edited is plain, so Markdown has no place.');
  if (draft !== undefined && (body !== undefined || bodyFile !== undefined))
    throw new UsageError('conflicting-options', '--draft has the text, so --body and --body-file have no place.');
  if (edit && !canEdit(context)) {
    throw new UsageError('no-terminal', 'There is no terminal for an editor.', {
      hint: 'Give the text with --body TEXT or --body-file FILE.',
    });
  }
  return edit === true || draft !== undefined;
}

/** Whether an editor can be shown, and its person asked. */
export function canEdit({ choose, stdin }: Context): boolean {
  return choose !== undefined && stdin.isTTY === true;
}

export interface Edited {
  readonly message: ComposedMessage;
  /** Removes the draft of a message that was sent; says where it is otherwise. */
  done(sent: boolean): Promise<void>;
}

/**
 * Lets a person edit a message until it can be sent and is to be. Where nobody can, a draft is taken as it is.
 *
 * @param request what the draft begins with; what a draft does not show, such as attachments, is kept.
 * @throws AbortedError `draft-unchanged`, `draft-kept`; UsageError for a draft that stays wrong; ConfigError `editor-failed`.
 */
export async function editMessage(
  context: Context,
  options: EditOptions & ComposeOptions,
  request: MessageRequest,
): Promise<Edited> {
  const folder = join(xdgPaths(context.surroundings.env, context.surroundings.home).state, '.drafts');
  const first = writeDraft(draftOf(request));
  const resumed = options.draft !== undefined;
  const file = options.draft === undefined ? await DraftFile.create(folder, first) : DraftFile.at(options.draft);
  const written = resumed || options.body !== undefined || options.bodyFile !== undefined;
  const untouched = written ? undefined : first;
  // What a person keeps elsewhere is no leftover of ours.
  const forget = async (): Promise<void> => (dirname(file.path) === folder ? file.remove() : undefined);
  const content = await file.read();
  const session = new EditingSession(context, file, { request, options, untouched });
  try {
    const message = canEdit(context) ? await session.run() : await session.compose(content);
    return { message, done: async (sent) => (sent ? forget() : session.tellPlace()) };
  } catch (error) {
    if (error instanceof AbortedError && error.code === 'draft-unchanged') await forget();
    else session.tellPlace();
    throw error;
  }
}

class EditingSession {
  readonly #context: Context;
  readonly #file: DraftFile;
  readonly #request: MessageRequest;
  readonly #options: ComposeOptions;
  /** The draft as it was, where it says nothing yet that somebody wrote. */
  readonly #untouched: string | undefined;

  constructor(
    context: Context,
    file: DraftFile,
    begun: { request: MessageRequest; options: ComposeOptions; untouched: string | undefined },
  ) {
    this.#context = context;
    this.#file = file;
    this.#request = begun.request;
    this.#options = begun.options;
    this.#untouched = begun.untouched;
  }

  async run(): Promise<ComposedMessage> {
    const { output, surroundings, choose } = this.#context;
    output.say(`Editing ${this.#file.path}. If this ends before it is sent, go on with --draft.`);
    let wrong: { content: string; error: UsageError } | undefined;
    for (;;) {
      await runEditor(this.#file.path, surroundings.env);
      if (surroundings.signal?.aborted) throw new AbortedError('aborted', 'Stopped; nothing was sent.');
      const content = await this.#file.read().catch((error: unknown) => this.#refuse(error));
      if (content instanceof UsageError) throw content;
      this.#checkWritten(content);
      // Whoever saved what was refused, as it was, cannot or does not want to mend it.
      if (wrong !== undefined && withoutNotes(content) === wrong.content) throw wrong.error;
      const message = await this.compose(content).catch((error: unknown) => this.#refuse(error));
      if (message instanceof UsageError) {
        wrong = { content: withoutNotes(content), error: message };
        await this.#note(content, message);
        continue;
      }
      wrong = undefined;
      this.#warn(content);
      output.say(`To ${message.envelope.recipients.join(', ')}${this.#along()}.`);
      const answer = await choose?.('Send, edit again, or quit and keep the draft? [s/e/q] ', 'seq');
      if (answer === 's') return message;
      if (answer === 'q') throw new AbortedError('draft-kept', 'Nothing was sent.');
    }
  }

  /** @throws UsageError for what is wrong in it. */
  async compose(content: string): Promise<ComposedMessage> {
    const draft = readDraft(content);
    const { attach, attachments } = this.#request;
    if (
      draft.text.trim() === '' &&
      (attach ?? []).length + (attachments ?? []).length === 0 &&
      this.#request.html === undefined
    ) {
      throw unchanged('the draft has no text');
    }
    return composeMessage({ ...this.#request, ...draft, from: draft.from }, undefined);
  }

  /** What is asked next is whether to send it. */
  #warn(content: string): void {
    const written = { text: readDraft(content).text, attachments: companions(this.#request).length > 0 };
    const forgotten = forgottenAttachment(written, this.#options);
    if (forgotten !== undefined) this.#context.output.warn(forgotten);
  }

  #along(): string {
    const names = companions(this.#request);
    const shown = names.slice(0, MAX_NAMES).join(', ');
    if (names.length > MAX_NAMES) return `, with ${shown} and ${names.length - MAX_NAMES} more`;
    return names.length > 0 ? `, with ${shown}` : '';
  }

  /** Where the draft is, for whoever goes on with it. */
  tellPlace(): void {
    this.#context.output.warn(`the draft is kept; go on with the same command and --draft ${this.#file.path}`);
  }

  #checkWritten(content: string): void {
    if (withoutNotes(content).trim() === '') throw unchanged('the draft is empty');
    if (content === this.#untouched)
      throw unchanged('the draft was not changed', 'An editor that returns at once needs an option such as --wait.');
  }

  #refuse(error: unknown): UsageError {
    if (error instanceof UsageError) return error;
    throw error;
  }

  /** The reason on top of the draft, and on the terminal behind the editor. */
  async #note(content: string, error: UsageError): Promise<void> {
    this.#context.output.warn(error.message);
    const notes = [`Not sent: ${error.message}`, ...(error.hint === undefined ? [] : [error.hint])];
    await this.#file.write([...notes.map((note) => `# ${note}`), withoutNotes(content)].join('\n'));
  }
}

function unchanged(why: string, hint?: string): AbortedError {
  return new AbortedError('draft-unchanged', `Nothing was sent: ${why}.`, { hint });
}

function draftOf(request: MessageRequest): DraftText {
  const texts = (list: MessageRequest['to'] = []): string[] =>
    list.map((one) => (typeof one === 'string' ? one : typedAddress(one)));
  return {
    from: request.from,
    to: texts(request.to),
    cc: texts(request.cc),
    bcc: [...(request.bcc ?? [])],
    replyTo: request.replyTo,
    subject: request.subject,
    headers: [...(request.headers ?? [])],
    text: request.text ?? '',
  };
}
