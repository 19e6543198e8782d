/** Our reading of every message of the corpus against the expectation, and the page that tells of it. */
import { DIFFERENCES } from './differences.ts';
import { type Expectation, FACETS, type Facet, type Facets } from './facets.ts';
import { jsmime } from './jsmime.ts';
import { mime4j } from './mime4j.ts';
import { ourFacets } from './ours.ts';
import { byMailparser, byPostalMime, type Opinion, type Verdict, verdict } from './peers.ts';
import { stalwart } from './stalwart.ts';

export interface Row {
  readonly message: string;
  readonly facet: Facet;
  readonly expected: readonly string[];
  readonly ours: readonly string[];
  readonly mailparser: Verdict;
  readonly postalMime: Verdict;
  readonly reason: string | undefined;
}

export interface Comparison {
  readonly expectations: readonly Expectation[];
  readonly facets: number;
  /** Only what differs. */
  readonly rows: readonly Row[];
}

export async function compareAll(corpus: string): Promise<Comparison> {
  const expectations = [...mime4j(corpus), ...jsmime(corpus), ...stalwart(corpus)];
  const rows: Row[] = [];
  let facets = 0;
  for (const expectation of expectations) {
    facets += Object.keys(expectation.facets).length;
    rows.push(...(await compare(expectation)));
  }
  return { expectations, facets, rows };
}

async function compare({ name, octets, facets }: Expectation): Promise<Row[]> {
  const ours: Facets = await ourFacets(octets, facets);
  const differing = FACETS.filter(
    (facet) => facets[facet] !== undefined && JSON.stringify(facets[facet]) !== JSON.stringify(ours[facet]),
  );
  if (differing.length === 0) return [];
  const [mailparser, postalMime] = [await byMailparser(octets), await byPostalMime(octets)];
  return differing.map((facet) => {
    const [wanted, read] = [facets[facet] ?? [], ours[facet] ?? []];
    const side = (peer: Opinion) => verdict(peer, facet, wanted, read);
    const where = `${name}: ${facet}` as const;
    return {
      message: name,
      facet,
      expected: wanted.filter((line) => !read.includes(line)),
      ours: read.filter((line) => !wanted.includes(line)),
      mailparser: side(mailparser),
      postalMime: side(postalMime),
      reason: DIFFERENCES.find((difference) => difference.where.includes(where))?.reason,
    };
  });
}

const CORPORA = ['mime4j', 'jsmime', 'stalwart'];

/** The section of docs/mime.md, in Markdown. */
export function renderComparison({ expectations, facets, rows }: Comparison): string {
  const names = expectations.map(({ name }) => name);
  const wrong = rows.filter(({ reason }) => reason === undefined);
  const sides = (row: Row) => [row.mailparser, row.postalMime];
  const alone = rows.filter((row) => sides(row).every((side) => side === 'as we' || side === 'otherwise'));
  const counts = CORPORA.map((corpus) => {
    const own = names.filter((name) => name.startsWith(`${corpus}/`));
    const differ = own.filter((name) => rows.some(({ message, reason }) => message === name && reason !== undefined));
    const bad = own.filter((name) => wrong.some(({ message }) => message === name));
    return [
      corpus,
      own.length,
      own.filter((name) => !rows.some(({ message }) => message === name)).length,
      differ.length,
      bad.length,
    ];
  });
  const total = counts.reduce(
    ([, ...sums], [, ...row]) => ['all', ...sums.map((sum, at) => Number(sum) + Number(row[at]))],
    ['all', 0, 0, 0, 0],
  );
  return [
    '| corpus | messages | agree | differ | wrong |',
    '|---|---|---|---|---|',
    ...[...counts, total].map((row) => `| ${row.join(' | ')} |`),
    '',
    `${facets} things were compared (trees, bodies, texts, subjects, addresses, dates, ids, names); ${rows.length} of them differ.`,
    `Of ${alone.length} of these neither mailparser nor postal-mime reads what is expected either.`,
    ...DIFFERENCES.flatMap(({ reason }) => ['', reason, '', ...rowsOf(rows.filter((row) => row.reason === reason))]),
    ...(wrong.length === 0 ? [] : ['', 'Wrong:', '', ...rowsOf(wrong)]),
  ].join('\n');
}

function rowsOf(rows: readonly Row[]): string[] {
  return [
    '| message | what | expected | ours | mailparser | postal-mime |',
    '|---|---|---|---|---|---|',
    ...rows.map(
      (row) =>
        `| ${row.message} | ${row.facet} | ${cell(row.expected)} | ${cell(row.ours)} | ${row.mailparser} | ${row.postalMime} |`,
    ),
  ];
}

function cell(lines: readonly string[]): string {
  return lines.length === 0 ? '' : lines.map((line) => `\`${line.replaceAll('|', '\\|').slice(0, 60)}\``).join(', ');
}
