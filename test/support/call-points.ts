/** Where a fetch can be killed: each of its calls that the disk or the server can tell from its absence. */
import type { Threads } from './traced.ts';

/** Opens, writes, syncs, links, renames, removals and sends. */
const CALLS =
  'openat,mkdir,chmod,write,writev,pwrite64,pwritev,ftruncate,fsync,fdatasync,link,rename,unlink,sendto,sendmsg';

export interface KillPoint {
  readonly threads: Exclude<Threads, 'all'>;
  readonly call: string;
  /** Before which one of these calls of the thread, from 1. */
  readonly at: number;
}

/** What to write down in the run that finds the points. */
export const COUNTED: readonly string[] = ['-e', `trace=${CALLS}`];

/**
 * The points of a run of process `pid`, of which `trace` has all of these calls: those that say something to a server or
 * are about a path that matches. The others, such as the loading of modules, only count.
 */
export function killPoints(trace: string, pid: number, path: RegExp): KillPoint[] {
  const counts = new Map<string, number>();
  const points: KillPoint[] = [];
  for (const [line, thread, call = ''] of trace.matchAll(/^(\d+) +([a-z]\w*)\(.*$/gm)) {
    const threads = Number(thread) === pid ? 'main' : 'pool';
    const at = (counts.get(`${threads} ${call}`) ?? 0) + 1;
    counts.set(`${threads} ${call}`, at);
    const said = line.replace(/\\x([0-9a-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
    if (/\(\d+<socket:/.test(said) || path.test(said)) points.push({ threads, call, at });
  }
  return points;
}
