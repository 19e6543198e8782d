/**
 * A message as plain values for `--json`: docs/json.md names every key. Pure; whoever prints it makes it safe.
 */
import type { Address } from '../mime/address.ts';
import { type AuthenticationResult, authentication } from '../mime/authentication.ts';
import type { Message } from '../mime/message.ts';
import type { PartInfo } from '../mime/part-info.ts';
import { type Sign, signs } from '../mime/signs.ts';
import type { Summary } from '../mime/summary.ts';
import { noticesJson } from './notice-view.ts';

/** What lists show of a header. */
type Shown = Pick<Summary, 'subject' | 'date' | 'messageId'> & {
  readonly [field in 'from' | 'to' | 'cc']: readonly Pick<Address, 'name' | 'address'>[];
};

/** The facts of a header. */
export function summaryJson(summary: Shown | undefined) {
  return {
    subject: summary?.subject ?? null,
    from: (summary?.from ?? []).map(addressJson),
    to: (summary?.to ?? []).map(addressJson),
    cc: (summary?.cc ?? []).map(addressJson),
    date: dateJson(summary?.date),
    messageId: summary?.messageId ?? null,
  };
}

/**
 * A whole message.
 *
 * @param text what `readableText` gives.
 * @param trusted the servers whose Authentication-Results are believed.
 */
export function messageJson(message: Message, text: string | undefined, trusted: readonly string[]) {
  return {
    ...summaryJson(message),
    replyTo: message.replyTo.map(addressJson),
    inReplyTo: message.inReplyTo ?? null,
    references: message.references,
    text: text ?? null,
    html: message.html ?? null,
    attachments: message.attachments.map(partJson),
    inline: message.inline.map(partJson),
    parts: message.parts.map(partJson),
    ...noticesJson(message),
    size: message.size,
    warnings: signs(message, { trusted }).map(signJson),
    authentication: authentication(message.headers, trusted).map(resultJson),
    defects: message.defects.map(({ code, offset, part }) => ({ code, offset: offset ?? null, part: part || null })),
  };
}

function addressJson({ name, address }: Pick<Address, 'name' | 'address'>) {
  return { name: name === '' ? null : name, address };
}

function partJson({ number, type, charset, disposition, fileName, size, contentId }: PartInfo) {
  return {
    part: number,
    type,
    charset: charset ?? null,
    disposition: disposition ?? null,
    name: fileName ?? null,
    size,
    contentId: contentId ?? null,
  };
}

function signJson({ code, text }: Sign) {
  return { code, text };
}

function resultJson({ server, method, result, properties }: AuthenticationResult) {
  return { server, method, result, properties };
}

function dateJson(date: Date | undefined): string | null {
  return date === undefined || Number.isNaN(date.getTime()) ? null : date.toISOString();
}
