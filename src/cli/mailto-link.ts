/**
 * A message that begins with a link: what it may say is said, what it may not is told, and nothing leaves before a person
 * has seen it (RFC 6068 §7).
 */
import type { Beginning } from '../mail/reply.ts';
import { parseMailto } from '../mime/mailto.ts';
import { confirm } from './attachment-check.ts';
import type { Context } from './context.ts';
import type { SendingOptions } from './deliver.ts';
import { formatCount } from './table.ts';
import type { Prepared, WritingOptions } from './writing.ts';

/** The most fields of a link that a warning names, and the most lines of its text that are shown. */
const MAX_NAMES = 5;
const MAX_LINES = 40;

export interface LinkBeginning {
  readonly begun: Beginning;
  /** With the text of the link, where the command line has none. */
  readonly options: WritingOptions;
  /** Shows what the link made and asks; a script has read the link itself. @throws AbortedError `not-confirmed`. */
  confirm(message: Prepared): Promise<void>;
}

/** @throws UsageError `bad-mailto`, `bad-address`, `bad-header`. */
export function beginFromLink(context: Context, url: string, given: WritingOptions & SendingOptions): LinkBeginning {
  const { to, cc, subject, body, inReplyTo, ignored } = parseMailto(url);
  const { output } = context;
  const names = ignored.slice(0, MAX_NAMES).map((name) => JSON.stringify(name.slice(0, 40)));
  if (names.length > 0)
    output.warn(`The mailto: URL also asks for ${names.join(', ')}, which no link may set: left out.`);
  const request = {
    to,
    cc,
    ...(subject === undefined ? {} : { subject }),
    ...(inReplyTo === undefined ? {} : { inReplyTo, references: [inReplyTo] }),
  };
  const texts = [given.body, given.bodyFile, given.markdown, given.markdownFile, given.draft];
  const text = texts.every((each) => each === undefined) ? body : undefined;
  return {
    begun: { request, around: same, aroundHtml: same, close: async () => undefined },
    options: text === undefined ? given : { ...given, body: text },
    async confirm({ envelope }) {
      if (given.dryRun === true || given.edit === true) return;
      output.say(`To:      ${envelope.recipients.join(', ')}`);
      output.say(`Subject: ${given.subject ?? subject ?? ''}`);
      const lines = (text ?? '').replace(/\n$/, '').split('\n');
      for (const line of lines.slice(0, MAX_LINES)) output.say(`  ${line}`);
      // Whoever made the link may have put there what is not to be seen.
      const more = lines.length - MAX_LINES;
      if (more > 0) output.say(`  … and ${formatCount(more, 'more line')}, which --dry-run shows.`);
      await confirm(context, 'Send it?');
    },
  };
}

const same = (text: string): string => text;
