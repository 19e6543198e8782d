/** What `npm ci` and importers rely on, seen before a clean machine does. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

const manifest = JSON.parse(readFileSync('package.json', 'utf8'));
const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));

test('the lock file names the optional packages of every platform', () => {
  // A registry mirror that lacks some makes npm leave them out, and `npm ci` then refuses the file everywhere.
  for (const { optionalDependencies = {} } of Object.values<{ optionalDependencies?: object }>(lock.packages)) {
    for (const name of Object.keys(optionalDependencies)) assert.ok(lock.packages[`node_modules/${name}`], name);
  }
});

test('the lock file names no place that packages come from', () => {
  assert.ok(!readFileSync('package-lock.json', 'utf8').includes('"resolved"'));
});

test('every dependency is pinned, and every install script is approved', () => {
  const versions = Object.values<string>({ ...manifest.dependencies, ...manifest.devDependencies });
  for (const version of versions) assert.match(version, /^\d+\.\d+\.\d+$/);
  for (const approved of Object.keys(manifest.allowScripts)) {
    const [, name = '', version] = /^(.+)@(.+)$/.exec(approved) ?? [];
    assert.equal(manifest.devDependencies[name], version);
  }
});

test('every export has its source', () => {
  for (const target of Object.values<{ default: string } | string>(manifest.exports)) {
    if (typeof target === 'string') continue;
    assert.ok(existsSync(target.default.replace('./dist/', 'src/').replace(/\.js$/, '.ts')), target.default);
  }
});
