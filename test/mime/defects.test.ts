/** docs/mime.md tells of every defect there is, and of no other. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';

const root = join(import.meta.dirname, '../..');
const NOTED = /(?:code: |[dD]efect\(|leave\(|noteOnce\(\w+, |const code = [^;]*? [?:] )'([a-z-]+)'(?: : '([a-z-]+)')?/g;

function codesIn(file: string): string[] {
  const text = readFileSync(join(root, file), 'utf8');
  return [...text.matchAll(NOTED)].flatMap(([, first = '', second]) =>
    second === undefined ? [first] : [first, second],
  );
}

test('each code in the source is in the documentation, and each there is in the source', () => {
  const [, section = ''] = readFileSync(join(root, 'docs/mime.md'), 'utf8').split('\n## Defects\n');
  const rows = (section.split('\n## ')[0] ?? '').split('\n').filter((line) => line.startsWith('| `'));
  const told = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/`([a-z-]+)`/g)].map(([, code = '']) => code),
  );
  const sources = globSync('src/mime/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'));
  const noted = new Set(sources.flatMap(codesIn));
  assert.ok(noted.size > 30);
  assert.deepEqual(told.toSorted(), [...noted].toSorted());
});
