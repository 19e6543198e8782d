/** Drafts: private, durable, replaced in one step, and refused where others could reach them. */
import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { test, type TestContext } from 'node:test';
import { DraftFile } from './drafts.ts';

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'posthorn-drafts-'));
  t.after(() => rm(path, { recursive: true, force: true }));
  return join(path, 'state', '.drafts');
}

test('a draft is 0600 in a folder 0700, has a name of its own, and goes when it is removed', async (t) => {
  const path = await folder(t);
  const draft = await DraftFile.create(path, 'one\n');
  const other = await DraftFile.create(path, 'two\n');
  assert.match(basename(draft.path), /^\d{8}-\d{6}-[0-9a-f]{6}\.eml$/);
  assert.notEqual(draft.path, other.path);
  assert.deepEqual([statSync(path).mode & 0o777, statSync(draft.path).mode & 0o777], [0o700, 0o600]);
  await draft.write('three\n');
  assert.equal(await DraftFile.at(draft.path).read(), 'three\n');
  assert.equal(readdirSync(path).length, 2, 'nothing is left beside them');
  await draft.remove();
  await draft.remove();
  assert.deepEqual(readdirSync(path), [basename(other.path)]);
});

test('a folder that others can read becomes ours alone; one that they can change is refused', async (t) => {
  const path = await folder(t);
  mkdirSync(path, { recursive: true });
  chmodSync(path, 0o755);
  await DraftFile.create(path, 'x');
  assert.equal(statSync(path).mode & 0o777, 0o700);
  chmodSync(path, 0o770);
  await assert.rejects(DraftFile.create(path, 'x'), { code: 'unsafe-folder' });
});

test('what is no draft is not read, and not written through', async (t) => {
  const path = await folder(t);
  const { path: real } = await DraftFile.create(path, 'x');
  const at = (name: string): DraftFile => DraftFile.at(join(path, name));
  symlinkSync(real, join(path, 'link'));
  writeFileSync(join(path, 'latin1'), Buffer.from('Gr\xfc\xdfe', 'latin1'));
  await assert.rejects(at('link').read(), { code: 'name-taken' });
  await assert.rejects(at('latin1').read(), { code: 'bad-draft' });
  await assert.rejects(at('none').read(), { code: 'input-missing' });
  await assert.rejects(at('.').read(), { code: 'not-a-file' });
  await at('link').write('y');
  assert.equal(readFileSync(real, 'utf8'), 'x');
});
