/** A message of the corpus as our parser reads it, in the form its expectation has. */
import { decodeText, loadCharsets } from '../../../src/mime/charset.ts';
import type { Codec } from '../../../src/mime/codec.ts';
import { MessageParser } from '../../../src/mime/parse.ts';
import type { Part } from '../../../src/mime/part.ts';
import { fileName } from '../../../src/mime/part-info.ts';
import { readHeaders } from '../../../src/mime/summary.ts';
import { createDecoder } from '../../../src/mime/transfer.ts';
import { bodyLine, type Facet, type Facets, textLine } from './facets.ts';

interface Seen {
  readonly part: Part;
  readonly decoder: Codec;
  readonly raw: Buffer[];
  readonly decoded: Buffer[];
}

/** Bodies and texts only of the parts that `expected` knows them of. */
export async function ourFacets(octets: Buffer, expected: Facets): Promise<Required<Facets>> {
  const seen = readParts(octets);
  await loadCharsets(seen.map(({ part }) => part.params.get('charset') ?? ''));
  for (const { part } of seen) await part.headers.loadCharsets();
  const leaves = seen.filter(({ part }) => part.kind === 'leaf');
  const summary = await readHeaders(octets);
  const people = (['from', 'to', 'cc'] as const).flatMap((field) =>
    summary[field].map(({ name, address }) => `${field} ${name} <${address}>`),
  );
  const known = (facet: Facet) => {
    const numbers = new Set(expected[facet]?.map((line) => line.split(' ')[0]));
    // Where a corpus knows some bodies as octets and others as text, each is compared as what it is known.
    return expected.bodies === undefined || expected.texts === undefined
      ? leaves
      : leaves.filter(({ part }) => numbers.has(part.number));
  };
  return {
    structure: seen.map(({ part }) => `${part.number || '-'} ${part.type}`),
    raw: leaves.map(({ part, raw }) => bodyLine(part.number, Buffer.concat(raw))),
    bodies: known('bodies').map(({ part, decoded }) => bodyLine(part.number, Buffer.concat(decoded))),
    texts: known('texts').map(({ part, decoded }) =>
      textLine(part.number, decodeText(Buffer.concat(decoded), part.params.get('charset')).text),
    ),
    subject: [summary.subject],
    addresses: people,
    date: [summary.date?.toISOString() ?? ''],
    ids: summary.messageId === undefined ? [] : [summary.messageId],
    names: seen.flatMap(({ part }) => {
      const name = fileName(part);
      return name === undefined ? [] : [`${part.number || '-'} ${name}`];
    }),
  };
}

function readParts(octets: Buffer): Seen[] {
  const seen: Seen[] = [];
  const byPart = new Map<Part, Seen>();
  const parser = new MessageParser({
    partStart(part) {
      const entry = { part, decoder: createDecoder(part.encoding), raw: [], decoded: [] };
      seen.push(entry);
      byPart.set(part, entry);
    },
    body(part, chunk) {
      const entry = byPart.get(part);
      entry?.raw.push(Buffer.from(chunk));
      entry?.decoded.push(Buffer.from(entry.decoder.push(chunk)));
    },
    partEnd(part) {
      const entry = byPart.get(part);
      entry?.decoded.push(Buffer.from(entry.decoder.end()));
    },
  });
  parser.push(octets);
  parser.end();
  return seen;
}
