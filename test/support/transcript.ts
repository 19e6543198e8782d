/**
 * Conversations as text, in the form that `--trace` prints: the format of the files in `test/transcripts`.
 *
 *     # What this shows, and where it is written down.
 *     > stat, list            what our side is asked to do, one line after the other; a comma pipelines
 *     S: +OK 2 320            what is said on the wire, exactly, secrets in clear
 *     S+ +OK again            leaves in one segment with the line before, however the rest is cut
 *     * closes                the scripted side closes; `* resets` breaks the connection
 *     = {"count":2}           what became of the orders, in their order; an order that just went well may be left out
 *
 * In what is said `\n`, `\r`, `\0`, `\e`, `\\` and `\x9b` are single octets, and a backslash at the end of a line
 * leaves its CRLF out. Empty lines mean nothing.
 */

export type Speaker = 'C' | 'S';

/** What one side says until the other one does: the octets, and the places where they may be cut. */
export interface Turn {
  readonly who: Speaker;
  bytes: Buffer;
  /** Offsets at which a segment may end. */
  readonly seams: number[];
  /** Those of them where a line ends. */
  readonly lineEnds: number[];
}

export interface Transcript {
  readonly orders: readonly string[];
  readonly steps: readonly (Turn | Incident)[];
  readonly outcomes: readonly string[];
  /** Whether some lines are marked as leaving together with others. */
  readonly joined: boolean;
}

/** What happens to the connection itself. */
export type Incident = 'closes' | 'resets';

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', 0: '\0', e: '\x1b', '\\': '\\' };

/** Reads a file of the form above. @throws Error for a line that is none of its kinds. */
export function parseTranscript(text: string): Transcript {
  const orders: string[] = [];
  const outcomes: string[] = [];
  const steps: (Turn | Incident)[] = [];
  if (!text.startsWith('# ')) throw new Error('A transcript begins with a comment that says what it is for.');
  for (const line of text.split('\n')) {
    const [, mark = '', rest = ''] = /^([#>*=]|[CS][:+])(?: (.*))?$/.exec(line) ?? [];
    if (mark === '>') orders.push(rest);
    else if (mark === '=') outcomes.push(rest);
    else if (mark === '*' && (rest === 'closes' || rest === 'resets')) steps.push(rest);
    else if (mark[0] === 'C' || mark[0] === 'S') say(steps, mark[0], rest, mark[1] === '+');
    else if (mark !== '#' && line !== '') throw new Error(`Not a line of a transcript: ${line}`);
  }
  return { orders, steps, outcomes, joined: /^[CS]\+/m.test(text) };
}

function say(steps: (Turn | Incident)[], who: Speaker, text: string, joined: boolean): void {
  const last = steps.at(-1);
  let turn = typeof last === 'object' && last.who === who ? last : undefined;
  if (turn === undefined) {
    turn = { who, bytes: Buffer.alloc(0), seams: [], lineEnds: [] };
    steps.push(turn);
  }
  const from = turn.bytes.length;
  turn.bytes = Buffer.concat([turn.bytes, wireForm(text)]);
  if (joined) return;
  if (from > 0) {
    turn.seams.push(from);
    turn.lineEnds.push(from);
  }
  for (let at = from + 1; at < turn.bytes.length; at++) turn.seams.push(at);
}

function wireForm(text: string): Buffer {
  const bytes = text.replace(/\\(?:x([0-9a-f]{2})|([nr0e\\])|$)/g, (_, hex?: string, name?: string) =>
    hex === undefined ? (ESCAPES[name ?? ''] ?? '') : String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const open = /(?<!\\)(?:\\\\)*\\$/.test(text);
  // Octets above 127 are written as escapes, so Latin-1 is exact.
  return Buffer.from(open ? bytes : `${bytes}\r\n`, 'latin1');
}

/** `whole`: as one segment; `lines`: a line each; `bytes`: an octet each; `cuts`: three pieces, cut by chance. */
export type Cut = 'whole' | 'lines' | 'bytes' | 'cuts';

/** The segments in which a turn leaves. `seed` makes chance repeatable. */
export function segments(turn: Turn, cut: Cut, seed: number): Buffer[] {
  const places = {
    whole: [],
    lines: turn.lineEnds,
    bytes: turn.seams,
    cuts: [...new Set([pick(turn.seams, seed), pick(turn.seams, seed * 31 + 7)])].sort((a, b) => a - b),
  }[cut];
  const ends = [...places.filter((place) => place > 0), turn.bytes.length];
  return ends.map((end, at) => turn.bytes.subarray(at === 0 ? 0 : ends[at - 1], end));
}

function pick(seams: readonly number[], seed: number): number {
  return seams[(Math.imul(seed, 2654435761) >>> 0) % Math.max(1, seams.length)] ?? 0;
}

/** The same conversation with all that one side says at once, and all that the other answers behind it. */
export function atOnce({ steps, ...rest }: Transcript, first: Speaker): Transcript {
  const turns = steps.filter((step) => typeof step === 'object');
  const join = (who: Speaker): Turn => ({
    who,
    bytes: Buffer.concat(turns.filter((turn) => turn.who === who).map(({ bytes }) => bytes)),
    seams: [],
    lineEnds: [],
  });
  const incidents = steps.filter((step) => typeof step === 'string');
  return { ...rest, steps: [join(first), join(first === 'C' ? 'S' : 'C'), ...incidents] };
}
