/**
 * A model of a file system that keeps what was synced and promises nothing of the rest: neither the bytes of a file
 * before its own sync, nor an entry of a folder before the folder's. What was not synced may survive all the same, each
 * write and each entry by itself and in any order, torn or as zeros.
 *
 * Why: killing a program leaves all it wrote in the kernel's hands; only a power cut shows which syncs are missing, and
 * disks forgive most of them. The model forgives none. Pure but for `writeTree`.
 */
import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { FileCall } from './file-calls.ts';

/** What becomes of one change that was not synced: lost, there, there in its first part, or there as zeros. */
export type Fate = 'lost' | 'kept' | 'torn' | 'zeros';

interface File {
  readonly kind: 'file';
  data: Buffer;
  synced: Buffer;
  /** Since the last sync: bytes at an offset, or a new length. */
  changes: ({ readonly bytes: Buffer; readonly offset: number } | { readonly length: number })[];
}

interface Folder {
  readonly kind: 'folder';
  entries: Map<string, Node>;
  synced: Map<string, Node>;
  changes: { readonly name: string; readonly node: Node | undefined }[];
}

type Node = File | Folder;

/** What is on the disk when the power is back: bytes by path; a folder has none. Paths are relative to the root. */
export type Survivors = ReadonlyMap<string, Buffer | undefined>;

export class ForgetfulDisk {
  readonly #path: string;
  readonly #root: Folder = folder();
  readonly #open = new Map<number, { readonly node: Node; position: number }>();

  /** An empty disk that is mounted at `path`. Nothing elsewhere is looked at. */
  constructor(path: string) {
    this.#path = path;
  }

  /** Does what a call did. */
  apply(call: FileCall): void {
    if (call.call === 'open') this.#opened(call);
    else if (call.call === 'folder') this.#enter(call.path, folder());
    else if (call.call === 'write') this.#write(call);
    else if (call.call === 'truncate') truncate(this.#open.get(call.fd)?.node, call.length);
    else if (call.call === 'sync') sync(this.#open.get(call.fd)?.node);
    else if (call.call === 'link') this.#enter(call.to, this.#at(call.from));
    else if (call.call === 'rename') {
      this.#enter(call.to, this.#at(call.from));
      this.#enter(call.from, undefined);
    } else if (call.call === 'unlink') this.#enter(call.path, undefined);
    else if (call.call === 'close') this.#open.delete(call.fd);
  }

  /** The program has ended, and another one begins: its descriptors are gone, the machine still runs. */
  restart(): void {
    this.#open.clear();
  }

  /** What a power cut leaves now; `fate` is asked for each change that was not synced. */
  survivors(fate: () => Fate): Survivors {
    const found = new Map<string, Buffer | undefined>();
    // A file of two names has one content.
    const contents = new Map<File, Buffer>();
    const walk = (node: Node, path: string): void => {
      if (node.kind === 'file') {
        const data = contents.get(node) ?? contentOf(node, fate);
        contents.set(node, data);
        found.set(path, data);
        return;
      }
      if (path !== '') found.set(path, undefined);
      for (const [name, child] of entriesOf(node, fate)) walk(child, join(path, name));
    };
    walk(this.#root, '');
    return found;
  }

  #opened({ path, fd, truncates }: FileCall & { call: 'open' }): void {
    let node = this.#at(path);
    if (node === undefined) {
      node = { kind: 'file', data: Buffer.alloc(0), synced: Buffer.alloc(0), changes: [] };
      if (!this.#enter(path, node)) return;
    } else if (truncates) truncate(node, 0);
    this.#open.set(fd, { node, position: 0 });
  }

  #write({ fd, bytes, offset }: FileCall & { call: 'write' }): void {
    const open = this.#open.get(fd);
    if (open?.node.kind !== 'file') return;
    const at = offset ?? open.position;
    open.position = at + bytes.length;
    open.node.data = patched(open.node.data, bytes, at);
    open.node.changes.push({ bytes, offset: at });
  }

  /** Sets or clears a name; false where that is not on this disk. */
  #enter(path: string, node: Node | undefined): boolean {
    const parent = this.#at(dirname(path));
    if (parent?.kind !== 'folder') return false;
    const name = lastOf(path);
    if (node === undefined) parent.entries.delete(name);
    else parent.entries.set(name, node);
    parent.changes.push({ name, node });
    return true;
  }

  #at(path: string): Node | undefined {
    if (path !== this.#path && !path.startsWith(`${this.#path}/`)) return undefined;
    let node: Node | undefined = this.#root;
    for (const name of path.slice(this.#path.length).split('/').filter(Boolean))
      node = node?.kind === 'folder' ? node.entries.get(name) : undefined;
    return node;
  }
}

function folder(): Folder {
  return { kind: 'folder', entries: new Map(), synced: new Map(), changes: [] };
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function truncate(node: Node | undefined, length: number): void {
  if (node?.kind !== 'file') return;
  node.data = resized(node.data, length);
  node.changes.push({ length });
}

function sync(node: Node | undefined): void {
  if (node === undefined) return;
  if (node.kind === 'file') node.synced = node.data;
  else node.synced = new Map(node.entries);
  node.changes = [];
}

function contentOf({ synced, changes }: File, fate: () => Fate): Buffer {
  let data = synced;
  for (const change of changes) {
    const its = fate();
    if (its === 'lost') continue;
    if ('length' in change) data = resized(data, change.length);
    else if (its === 'zeros') data = patched(data, Buffer.alloc(change.bytes.length), change.offset);
    else data = patched(data, its === 'kept' ? change.bytes : half(change.bytes), change.offset);
  }
  return data;
}

function entriesOf({ synced, changes }: Folder, fate: () => Fate): Map<string, Node> {
  const entries = new Map(synced);
  for (const { name, node } of changes) {
    if (fate() === 'lost') continue;
    if (node === undefined) entries.delete(name);
    else entries.set(name, node);
  }
  return entries;
}

function half(bytes: Buffer): Buffer {
  return bytes.subarray(0, bytes.length >> 1);
}

function patched(data: Buffer, bytes: Buffer, offset: number): Buffer {
  const whole = resized(data, Math.max(data.length, offset + bytes.length));
  whole.set(bytes, offset);
  return whole;
}

/** A copy of another length. */
function resized(data: Buffer, length: number): Buffer {
  const other = Buffer.alloc(length);
  other.set(data.subarray(0, length));
  return other;
}

/** Puts files and folders where they belong; there is nothing yet. */
export function writeTree(root: string, tree: Survivors): void {
  const written = new Map<Buffer, string>();
  for (const [path, data] of tree) {
    const target = join(root, path);
    const twin = data && written.get(data);
    if (data === undefined) mkdirSync(target, { mode: 0o700 });
    else if (twin !== undefined) linkSync(twin, target);
    else writeFileSync(target, data, { mode: 0o600 });
    if (data !== undefined) written.set(data, target);
  }
}
