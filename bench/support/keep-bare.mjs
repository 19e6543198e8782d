/**
 * Makes files durable and does nothing else: `keep-bare.mjs FOLDER COUNT OCTETS`. Each is written under a name of its own, synced,
 * linked to its place and the first name removed, the folder synced once for 64 of them: the least for which a Maildir can promise
 * that nothing is lost, by the fastest way that was found from Node (all but the waits for the disk without a thread).
 */
import { closeSync, constants, fsync, fsyncSync, linkSync, mkdirSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const [folder = '', count = '', octets = ''] = process.argv.slice(2);
const content = Buffer.alloc(Number(octets), 'x');
const [tmp, place] = ['tmp', 'new'].map((name) => join(folder, 'bare', name));
for (const path of [tmp, place]) mkdirSync(path, { recursive: true });
const sync = promisify(fsync);

async function write(at) {
  const file = openSync(join(tmp, at), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  writeSync(file, content);
  await sync(file);
  closeSync(file);
}

for (let from = 0; from < Number(count); from += 64) {
  const names = Array.from({ length: Math.min(64, Number(count) - from) }, (_, at) => String(from + at));
  await Promise.all(names.map(write));
  for (const name of names) linkSync(join(tmp, name), join(place, name));
  const listing = openSync(place, 'r');
  fsyncSync(listing);
  closeSync(listing);
  for (const name of names) unlinkSync(join(tmp, name));
}
