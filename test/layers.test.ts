/**
 * The layer rules of docs/design, from the import graph of src/: what may know what. A broken rule prints itself with
 * the file and what it imports.
 */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { posix } from 'node:path';
import { test } from 'node:test';

const IMPORT = /^(?:import|export)\s[^'";]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm;
const COMMENT = /\/\*[\s\S]*?\*\/|^\s*\/\/.*$/gm;

const root = posix.join(import.meta.dirname, '..');
const files = globSync('src/**/*.ts', { cwd: root }).filter((file) => !file.endsWith('.test.ts'));
const code = new Map(files.map((file) => [file, readFileSync(posix.join(root, file), 'utf8').replace(COMMENT, '')]));
const imports = new Map([...code].map(([file, text]) => [file, importsOf(file, text)]));

function importsOf(file: string, text: string): string[] {
  const names = [...text.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
  return names.map((name) => (name.startsWith('.') ? posix.join(posix.dirname(file), name) : name));
}

/** Everything a file leads to, itself left out. */
function reach(file: string, seen = new Set<string>()): Set<string> {
  for (const next of imports.get(file) ?? []) if (!seen.has(next)) reach(next, seen.add(next));
  return seen;
}

interface Rule {
  readonly says: string;
  readonly files: RegExp;
  readonly not: RegExp;
  /** Also what is imported by what is imported. */
  readonly deep?: boolean;
}

const PURE = /^src\/(?:wire|sasl|mime)\/|^src\/(?:smtp|pop3)\/(?:session|commands)\.ts$|^src\/tui\/update\.ts$/;
const RULES: readonly Rule[] = [
  {
    says: 'pure code does no I/O',
    files: PURE,
    not: /^node:(?!crypto$|url$|util$|buffer$)|^src\/(?:net|store)\//,
    deep: true,
  },
  { says: 'only net knows sockets', files: /^src\/(?!net\/)/, not: /^node:(?:net|tls|dgram|https?|http2)$/ },
  { says: 'only store and config know files', files: /^src\/(?!store\/|config\/)/, not: /^node:fs(?:\/promises)?$/ },
  {
    says: 'only config, cli and tui start programs',
    files: /^src\/(?!config\/|cli\/|tui\/)/,
    not: /^node:child_process$/,
  },
  {
    says: 'only cli and tui know the process, and store asks who holds a lock',
    files: /^src\/(?!cli\/|tui\/|store\/)/,
    not: /^node:process$/,
  },
  { says: 'smtp does not know pop3', files: /^src\/smtp\//, not: /^src\/pop3\// },
  { says: 'pop3 does not know smtp', files: /^src\/pop3\//, not: /^src\/smtp\// },
  { says: 'sasl knows no protocol', files: /^src\/sasl\//, not: /^src\/(?:smtp|pop3)\//, deep: true },
  {
    says: 'cli and tui speak no protocol',
    files: /^src\/(?:cli|tui)\/(?!commands\/probe\.ts)/,
    not: /^src\/(?:smtp|pop3|net|sasl|wire)\//,
  },
  { says: 'nothing but the program knows cli and tui', files: /^src\/(?!cli\/|tui\/)/, not: /^src\/(?:cli|tui)\// },
];

for (const { says, files: which, not, deep } of RULES) {
  test(says, () => {
    const broken = files
      .filter((file) => which.test(file))
      .flatMap((file) => [...(deep === true ? reach(file) : (imports.get(file) ?? []))].map((name) => [file, name]))
      .filter(([, name = '']) => not.test(name));
    assert.deepEqual(
      broken.map(([file, name]) => `${file} imports ${name}: ${says}`),
      [],
    );
  });
}

test('no cycles', () => {
  const steps = files.flatMap((file) => (imports.get(file) ?? []).map((next) => [file, next] as const));
  const circular = steps.filter(([file, next]) => next === file || reach(next).has(file));
  assert.deepEqual(
    circular.map(([file, next]) => `${file} imports ${next}, which leads back`),
    [],
  );
});

test('only cli and tui touch the global process', () => {
  const others = [...code].filter(([file]) => /^src\/(?!cli\/|tui\/)/.test(file));
  assert.deepEqual(
    others.filter(([, text]) => /(?<![\w.$#'])process\./.test(text)).map(([file]) => file),
    [],
  );
});

test('only the output writes to the streams of the process, and the entry where nothing else is left', () => {
  // Whoever is handed a stream and writes to it has not been through the one place that makes text safe.
  const writes =
    /\bstd(?:out|err)\b[\w!?.()]*\.(?:write|end|pipe)\b|\.pipe\((?:\w+\.)*std(?:out|err)|\bconsole\.|process\.(?:emitWarning|_rawDebug)/;
  const talkers = [...code].filter(([, text]) => writes.test(text)).map(([file]) => file);
  assert.deepEqual(talkers.sort(), ['src/cli/bin.ts', 'src/cli/output.ts']);
  // A program that is given our terminal writes to it by itself: those the person named, and no others.
  const named = /\/(?:sandbox|secrets|editor|pager|browser)\.ts$/;
  const inherited = [...code].filter(([file, text]) => /'inherit'/.test(text) && !named.test(file));
  assert.deepEqual(
    inherited.map(([file]) => file),
    [],
  );
});

test('no default exports, no utils, and no barrels but the public ones', () => {
  const bad = [...code].filter(([file, text]) => {
    const barrel = /^export (?:type )?(?:\*|\{[^}]*\}) from /m.test(text);
    return /^export default\b/m.test(text) || /\/utils?\.ts$/.test(file) || (barrel && !file.endsWith('/index.ts'));
  });
  assert.deepEqual(
    bad.map(([file]) => file),
    [],
  );
});

test('every import of ours is of a file that exists', () => {
  const ours = [...imports.values()].flat().filter((name) => name.startsWith('src/'));
  assert.deepEqual(
    ours.filter((name) => !code.has(name)),
    [],
  );
});
