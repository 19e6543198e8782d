import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { Journal, type JournalMark } from './journal.ts';

let folder: string;
before(async () => void (folder = await mkdtemp(join(tmpdir(), 'posthorn-journal-'))));
after(() => rm(folder, { recursive: true }));

const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
const code = (expected: string) => (error: unknown) =>
  error instanceof Error && 'code' in error && error.code === expected;

async function written(
  name: string,
  batches: readonly string[][],
): Promise<{ path: string; bytes: Buffer; ends: number[] }> {
  const path = join(folder, name);
  const journal = await Journal.open(path, text);
  const ends = [(await stat(path)).size];
  for (const batch of batches) {
    await journal.append(batch);
    ends.push((await stat(path)).size);
  }
  await journal.close();
  return { path, bytes: await readFile(path), ends };
}

test('records come back in order, across openings', async () => {
  const { path } = await written('order', [['a', 'b'], ['c\n\u2028']]);
  const journal = await Journal.open(path, text);
  assert.deepEqual(journal.records, ['a', 'b', 'c\n\u2028']);
  await Promise.all([journal.append(['d']), journal.append(['e', 'f'])]);
  await journal.close();
  assert.deepEqual(await Journal.read(path, text), ['a', 'b', 'c\n\u2028', 'd', 'e', 'f']);
  assert.equal((await stat(path)).mode & 0o777, 0o600);
});

test('many records and long lines are read back', async () => {
  const records = Array.from({ length: 10_000 }, (_, index) => `${index} ${'x'.repeat(300)}`);
  const { path } = await written('many', [records]);
  assert.deepEqual(await Journal.read(path, text), records);
});

test('no journal reads as no records, and nothing is created', async () => {
  const path = join(folder, 'absent');
  assert.deepEqual(await Journal.read(path, text), []);
  await assert.rejects(stat(path));
});

test('a torn tail is cut off, at whatever byte it was torn', async () => {
  const { path, bytes, ends } = await written('torn', [['one'], ['two', 'three']]);
  for (let length = 0; length < bytes.length; length += 1) {
    await writeFile(path, bytes.subarray(0, length));
    const journal = await Journal.open(path, text);
    const whole = length >= (ends[1] ?? 0);
    assert.deepEqual(journal.records, whole ? ['one'] : [], `torn at ${length}`);
    await journal.append(['next']);
    await journal.close();
    assert.deepEqual(await Journal.read(path, text), whole ? ['one', 'next'] : ['next']);
  }
});

test('zeros where the last line should be are a torn tail', async () => {
  const { path, bytes, ends } = await written('zeros', [['one'], ['two']]);
  bytes.fill(0, ends[1]);
  await writeFile(path, bytes);
  assert.deepEqual((await Journal.open(path, text).then(closed)).records, ['one']);
});

test('reading beside a writer leaves a torn tail alone', async () => {
  const { path, bytes } = await written('beside', [['one'], ['two']]);
  await writeFile(path, bytes.subarray(0, -3));
  assert.deepEqual(await Journal.read(path, text), ['one']);
  assert.equal((await stat(path)).size, bytes.length - 3);
});

test('one flipped bit anywhere before the last line is loud', async () => {
  const { path, bytes, ends } = await written('flipped', [['one'], ['two'], ['three']]);
  for (let bit = 0; bit < 8 * (ends[2] ?? 0); bit += 1) {
    const copy = Buffer.from(bytes);
    copy.writeUInt8(copy.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    await writeFile(path, copy);
    const expected = (error: unknown) => code('journal-damaged')(error) || code('journal-unknown')(error);
    await assert.rejects(Journal.read(path, text), expected, `bit ${bit}`);
  }
  assert.equal((await readFile(path)).length, bytes.length);
});

test('a file of another kind is refused and not cut', async () => {
  const path = join(folder, 'other');
  await writeFile(path, 'precious');
  await assert.rejects(Journal.open(path, text), code('journal-unknown'));
  assert.equal(await readFile(path, 'utf8'), 'precious');
});

test('a record that the reader does not know is damage', async () => {
  const { path } = await written('unknown', [['one']]);
  await assert.rejects(
    Journal.open(path, (value) => (value === 'two' ? value : undefined)),
    code('journal-damaged'),
  );
});

test('a link in place of the journal is not followed', async () => {
  const path = join(folder, 'link');
  await symlink(join(folder, 'order'), path);
  await assert.rejects(Journal.open(path, text), code('name-taken'));
});

async function closed<T extends { close(): Promise<void> }>(journal: T): Promise<T> {
  await journal.close();
  return journal;
}

test('what was appended behind a mark is read alone, and another journal is told from the one that was read', async () => {
  const { path, bytes } = await written('since', [['a', 'b'], ['c']]);
  const first = await Journal.readSince(path, text);
  assert.deepEqual(first?.records, ['a', 'b', 'c']);
  assert.deepEqual((await Journal.readSince(path, text, first.mark))?.records, []);
  const journal = await Journal.open(path, text);
  await journal.append(['d']);
  await journal.close();
  const second = await Journal.readSince(path, text, first.mark);
  assert.deepEqual(second?.records, ['d']);
  assert.deepEqual((await Journal.readSince(path, text, second.mark))?.mark, second.mark);
  // The line that was the last one is another, the file is shorter, or gone.
  await written('another', [['a', 'x'], ['y']]);
  assert.equal(await Journal.readSince(join(folder, 'another'), text, first.mark), undefined);
  await writeFile(path, bytes.subarray(0, -1));
  assert.equal(await Journal.readSince(path, text, second.mark), undefined);
  await rm(path);
  assert.equal(await Journal.readSince(path, text, second.mark), undefined);
  assert.deepEqual((await Journal.readSince(path, text))?.records, []);
});

test('a journal is read a part at a time, by whole lines, and none means the end', async () => {
  const { path } = await written('parts', [['a', 'b', 'c'], [], ['d'], ['e']]);
  const parts: (readonly string[])[] = [];
  for (let mark: JournalMark | undefined; ; ) {
    const part = await Journal.readSince(path, text, mark, 2);
    assert.ok(part);
    parts.push(part.records);
    if (part.records.length === 0) break;
    ({ mark } = part);
  }
  assert.deepEqual(parts, [['a', 'b', 'c'], ['d', 'e'], []]);
});

test('a line that is being written is left for the next reading', async () => {
  const { path, bytes } = await written('half', [['a'], ['b']]);
  for (let end = bytes.length - 1; end > bytes.length - 12; end--) {
    await writeFile(path, bytes.subarray(0, end));
    const half = await Journal.readSince(path, text);
    assert.deepEqual(half?.records, ['a']);
    await writeFile(path, bytes);
    assert.deepEqual((await Journal.readSince(path, text, half.mark))?.records, ['b']);
  }
});
