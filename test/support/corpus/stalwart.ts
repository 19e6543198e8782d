/** The corpus of Stalwart's mail-parser: for each `.eml` a `.json` with a flat list of parts, headers parsed, bodies as text or octets. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Expectation, type Tree, treeFacets } from './facets.ts';

type Body =
  | 'Default'
  | { Text: string }
  | { Html: string }
  | { Binary: number[] }
  | { InlineBinary: number[] }
  | { Message: Message }
  | { Multipart: number[] };

interface Address {
  readonly name: string | null;
  readonly address: string | null;
}

interface Value {
  readonly Text?: string;
  readonly TextList?: readonly string[];
  readonly Address?: { List?: Address[]; Group?: { name: string | null; addresses: Address[] }[] };
  readonly DateTime?: Record<
    'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'tz_hour' | 'tz_minute',
    number
  > & {
    tz_before_gmt: boolean;
  };
  readonly ContentType?: {
    c_type: string;
    c_subtype: string | null;
    attributes: { name: string; value: string }[] | null;
  };
}

interface Part {
  readonly offset_end: number;
  readonly headers: readonly { name: string | { other: string }; value: Value | string }[];
  readonly body: Body;
}

interface Message {
  readonly parts: readonly Part[];
}

export function stalwart(corpus: string): Expectation[] {
  if (!existsSync(join(corpus, 'stalwart'))) return [];
  return globSync('stalwart/*/*.eml', { cwd: corpus })
    .sort()
    .map((path) => {
      const message = JSON.parse(readFileSync(join(corpus, path.replace(/eml$/, 'json')), 'utf8')) as Message;
      const tree = treeOf(message, 0, 'text/plain');
      return {
        name: path.replace(/\.eml$/, ''),
        octets: asItWas(readFileSync(join(corpus, path)), message),
        facets: { ...treeFacets(tree), ...headerFacets(message.parts[0] as Part) },
      };
    });
}

/** Some expectations were made when the lines of the file ended in LF, which their offsets tell. */
function asItWas(octets: Buffer, { parts }: Message): Buffer {
  const bare = Buffer.from(octets.toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
  return Math.abs((parts[0]?.offset_end ?? 0) - bare.length) <= 1 ? bare : octets;
}

function treeOf(message: Message, index: number, fallback: string): Tree {
  const part = message.parts[index] as Part;
  const declared = valueOf(part, 'content_type')?.ContentType;
  const type = declared?.c_subtype ? `${declared.c_type}/${declared.c_subtype}`.toLowerCase() : fallback;
  const attribute = (header: string, name: string) =>
    valueOf(part, header)?.ContentType?.attributes?.find((item) => item.name.toLowerCase() === name)?.value;
  const fileName = attribute('content_disposition', 'filename') ?? attribute('content_type', 'name');
  return { type, fileName, ...contentOf(part.body, message, type) };
}

function contentOf(body: Body, message: Message, type: string): Partial<Tree> {
  if (body === 'Default') return {};
  if ('Text' in body) return { text: body.Text };
  if ('Html' in body) return { text: body.Html };
  if ('Binary' in body) return { body: Uint8Array.from(body.Binary) };
  if ('InlineBinary' in body) return { body: Uint8Array.from(body.InlineBinary) };
  if ('Message' in body) return { children: [treeOf(body.Message, 0, 'text/plain')] };
  const fallback = type === 'multipart/digest' ? 'message/rfc822' : 'text/plain';
  return { children: body.Multipart.map((index) => treeOf(message, index, fallback)) };
}

function valueOf(part: Part, name: string): Value | undefined {
  const found = part.headers.find((header) => header.name === name)?.value;
  return typeof found === 'string' ? undefined : found;
}

function headerFacets(root: Part) {
  const people = (field: string) => {
    const value = valueOf(root, field)?.Address;
    const list = value?.List ?? value?.Group?.flatMap((group) => group.addresses) ?? [];
    return list.map(({ name, address }) => `${field} ${name ?? ''} <${address ?? ''}>`);
  };
  const id = valueOf(root, 'message_id')?.Text;
  return {
    subject: [valueOf(root, 'subject')?.Text ?? ''],
    addresses: ['from', 'to', 'cc'].flatMap(people),
    date: [dateOf(valueOf(root, 'date'))],
    ids: id === undefined ? [] : [`<${id}>`],
  };
}

function dateOf(value: Value | undefined): string {
  const date = value?.DateTime;
  if (date === undefined) return '';
  const local = Date.UTC(date.year, date.month - 1, date.day, date.hour, date.minute, date.second);
  const zone = (date.tz_hour * 60 + date.tz_minute) * 60_000;
  return new Date(date.tz_before_gmt ? local + zone : local - zone).toISOString();
}
