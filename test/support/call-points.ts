/** Where a run can be disturbed: each of its calls that the disk or the server can tell from its absence. */
import type { Threads, Traced } from './traced.ts';

/** Opens, writes, syncs, links, renames, removals and sends. */
const CALLS =
  'openat,mkdir,chmod,write,writev,pwrite64,pwritev,ftruncate,fsync,fdatasync,link,rename,unlink,sendto,sendmsg';

export interface CallPoint {
  readonly threads: Exclude<Threads, 'all'>;
  readonly call: string;
  /** Which one of these calls of the thread, from 1. */
  readonly at: number;
}

/** Calls about what a fetch keeps, by the path or the descriptor they are about. */
export const KEPT = /\((?:\d+<|AT_FDCWD<[^>]*>, "|")[^">]*\/(?:data|state)\/posthorn/;
/** Calls that say something to a server. */
export const SAID = /\(\d+<socket:/;

/** What to write down in the run that finds the points. */
export const COUNTED: readonly string[] = ['-e', `trace=${CALLS}`];

/** The calls of a run that one of these matches, as strace writes them with strings as they are; the others only count. */
export function callPoints({ trace, pid }: Traced, ...matching: readonly RegExp[]): CallPoint[] {
  const counts = new Map<string, number>();
  const points: CallPoint[] = [];
  for (const [line, thread, call = ''] of trace.matchAll(/^(\d+) +([a-z]\w*)\(.*$/gm)) {
    const threads = Number(thread) === pid ? 'main' : 'pool';
    const at = (counts.get(`${threads} ${call}`) ?? 0) + 1;
    counts.set(`${threads} ${call}`, at);
    const said = line.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (matching.some((each) => each.test(said))) points.push({ threads, call, at });
  }
  return points;
}
