/** What strace wrote down of a program (`-y -xx`), as calls: the changes of files, and what was said to a server. */

/** A call that changed something, in the order in which it was done. Paths are absolute. */
export type FileCall =
  | { readonly call: 'open'; readonly path: string; readonly fd: number; readonly truncates: boolean }
  | { readonly call: 'folder'; readonly path: string }
  /** Without an offset, behind what this descriptor wrote before. */
  | { readonly call: 'write'; readonly fd: number; readonly bytes: Buffer; readonly offset: number | undefined }
  | { readonly call: 'truncate'; readonly fd: number; readonly length: number }
  | { readonly call: 'sync'; readonly fd: number }
  | { readonly call: 'link' | 'rename'; readonly from: string; readonly to: string }
  | { readonly call: 'unlink'; readonly path: string }
  | { readonly call: 'close'; readonly fd: number }
  | { readonly call: 'send'; readonly text: string };

/** What strace has to write down for `readCalls`. */
export const FILE_CALLS: readonly string[] = [
  '-e',
  'trace=openat,mkdir,write,writev,pwrite64,pwritev,ftruncate,fsync,fdatasync,link,rename,unlink,close,sendto,sendmsg',
];

/** The successful calls of all threads; a call that strace saw in two parts counts where it ended. */
export function readCalls(trace: string): FileCall[] {
  const begun = new Map<string, string>();
  const calls: FileCall[] = [];
  for (const line of trace.split('\n')) {
    const [, thread = '', text = ''] = /^(\d+) +(.*)$/.exec(line) ?? [];
    const [, beginning] = /^(.*) <unfinished \.\.\.>$/.exec(text) ?? [];
    if (beginning !== undefined) {
      begun.set(thread, beginning);
      continue;
    }
    const [, end] = /^<\.\.\. \w+ resumed>(.*)$/.exec(text) ?? [];
    const call = readCall(end === undefined ? text : `${begun.get(thread) ?? ''}${end}`);
    if (call !== undefined) calls.push(call);
  }
  return calls;
}

function readCall(text: string): FileCall | undefined {
  const [, name = '', args = '', result = ''] = /^(\w+)\((.*)\) += (\d+)/.exec(text) ?? [];
  const strings = [...args.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => unescape(hex));
  const [first = Buffer.alloc(0), second = Buffer.alloc(0)] = strings;
  const fd = Number(/^\d+/.exec(args)?.[0]);
  const [path, other] = [String(first), String(second)];
  if (name === 'openat') {
    const opened = { call: 'open', path, fd: Number(result), truncates: args.includes('O_TRUNC') } as const;
    return opened;
  }
  if (name === 'mkdir') return { call: 'folder', path };
  if (name === 'link' || name === 'rename') return { call: name, from: path, to: other };
  if (name === 'unlink') return { call: name, path };
  if (name === 'fsync' || name === 'fdatasync') return { call: 'sync', fd };
  if (name === 'close') return { call: 'close', fd };
  if (name === 'ftruncate') return { call: 'truncate', fd, length: Number(/(\d+)$/.exec(args)?.[1]) };
  const bytes = Buffer.concat(strings).subarray(0, Number(result));
  if (isSocket(args)) return { call: 'send', text: bytes.toString('latin1') };
  if (name === 'pwrite64' || name === 'pwritev')
    return { call: 'write', fd, bytes, offset: Number(/(\d+)$/.exec(args)?.[1]) };
  return name.startsWith('write') ? { call: 'write', fd, bytes, offset: undefined } : undefined;
}

/** Whether the first argument is a descriptor of a socket, which `-y` says behind its number. */
function isSocket(args: string): boolean {
  return unescape(/^\d+<((?:\\x[0-9a-f]{2})*)>/.exec(args)?.[1] ?? '')
    .toString()
    .startsWith('socket:');
}

function unescape(text: string): Buffer {
  return Buffer.from(text.replaceAll('\\x', ''), 'hex');
}
