import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env } from 'node:process';
import { after, before, test } from 'node:test';
import { StoreError } from '../errors.ts';
import { Spool, type Spooled } from './spool.ts';

let folder: string;
const { TMPDIR } = env;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'posthorn-spool-test-'));
  env['TMPDIR'] = folder;
});
after(async () => {
  if (TMPDIR === undefined) delete env['TMPDIR'];
  else env['TMPDIR'] = TMPDIR;
  await rm(folder, { recursive: true });
});

async function contentOf(spooled: Spooled): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of spooled.read()) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function files(): Promise<string[]> {
  const [only = ''] = await readdir(folder);
  return readdir(join(folder, only));
}

for (const size of [0, 1, 65_536, 65_537, 1_000_000]) {
  test(`${size} bytes come back as often as wanted`, async () => {
    const spool = await Spool.create();
    const sink = spool.store();
    const content = Buffer.alloc(size, 'mail\r\n');
    for (let start = 0; start < size; start += 10_000) await sink.write(content.subarray(start, start + 10_000));
    const spooled = await sink.commit();
    assert.equal(spooled.size, size);
    assert.deepEqual(await contentOf(spooled), content);
    assert.deepEqual(await contentOf(spooled), content);
    assert.equal((await files()).length, size > 65_536 ? 1 : 0);
    await spooled.remove();
    assert.deepEqual(await files(), []);
    await spool.close();
    assert.deepEqual(await readdir(folder), []);
  });
}

test('the folder is private and goes with everything in it; what is read then is an error', async () => {
  const spool = await Spool.create();
  const [name = ''] = await readdir(folder);
  assert.equal((await stat(join(folder, name))).mode & 0o777, 0o700);
  const aborted = spool.store();
  await aborted.write(Buffer.alloc(100_000));
  await aborted.abort();
  assert.deepEqual(await files(), []);
  const sink = spool.store();
  await sink.write(Buffer.alloc(100_000));
  const spooled = await sink.commit();
  await spool.close();
  assert.deepEqual(await readdir(folder), []);
  await assert.rejects(contentOf(spooled), StoreError);
});
