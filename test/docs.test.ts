/** Every example in the documentation works as it is printed: TypeScript is run, `posthorn` lines are run in the sandbox. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { EXIT_CODES } from '../src/cli/exit-codes.ts';
import { MECHANISMS } from '../src/sasl/mechanisms.ts';
import { VERSION } from '../src/version.ts';

const run = promisify(execFile);

/** The fenced blocks of a language in a page. */
async function blocks(page: string, language: string): Promise<string[]> {
  const text = await readFile(page, 'utf8');
  return [...text.matchAll(/^```(\w*)\n(.*?)^```$/gms)]
    .filter(([, name]) => name === language)
    .map(([, , code]) => code ?? '');
}

/** A folder in which `posthorn` is installed, with the files the examples name. */
async function workplace(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'posthorn-docs-'));
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
  await run('mkdir', ['-p', join(folder, 'node_modules'), join(folder, 'bin')]);
  await symlink(resolve('.'), join(folder, 'node_modules/posthorn'));
  await writeFile(
    join(folder, 'bin/posthorn'),
    `#!/bin/sh\nexec '${process.execPath}' '${resolve('bin/posthorn.cjs')}' "$@"\n`,
    { mode: 0o755 },
  );
  await writeFile(join(folder, 'report.pdf'), '%PDF-1.4 a report');
  await writeFile(join(folder, 'notes.txt'), 'notes\n');
  return folder;
}

/** As strict as a program can be that uses the library, and with a look into its own types. */
const STRICT = {
  module: 'nodenext',
  target: 'es2024',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
  types: ['node'],
  typeRoots: [resolve('node_modules/@types')],
};

for (const page of ['README.md', 'docs/library.md']) {
  test(`the TypeScript in ${page} runs`, async (t) => {
    const folder = await workplace();
    t.after(() => rm(folder, { recursive: true, force: true }));
    const programs = await blocks(page, 'ts');
    assert.ok(programs.length > 0);
    for (const [at, program] of programs.entries()) {
      await writeFile(join(folder, `example-${at}.ts`), program);
      const { stdout, stderr } = await run(process.execPath, [`example-${at}.ts`], { cwd: folder });
      assert.equal(stderr, '');
      assert.notEqual(stdout, '');
    }
  });

  test(`the TypeScript in ${page} has no fault of type`, async (t) => {
    const folder = await workplace();
    t.after(() => rm(folder, { recursive: true, force: true }));
    for (const [at, program] of (await blocks(page, 'ts')).entries())
      await writeFile(join(folder, `example-${at}.ts`), program);
    await writeFile(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: STRICT }));
    // What tsc finds is on its standard output.
    const { stdout } = await run(resolve('node_modules/.bin/tsc'), [], { cwd: folder }).catch((error) => error);
    assert.equal(stdout, '');
  });
}

test('the tour in README.md runs, in the sandbox it begins with', async (t) => {
  const folder = await workplace();
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [first = '', ...tour] = (await blocks('README.md', 'sh')).join('').trim().split('\n');
  assert.equal(first, 'posthorn sandbox run -- sh');
  const script = ['set -ex', ...tour].join('\n');
  const { stdout } = await run(join(folder, 'bin/posthorn'), ['sandbox', 'run', '--', 'sh', '-c', script], {
    cwd: folder,
    env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
  });
  assert.match(stdout, /Subject: {2}The report/);
  assert.equal(await readFile(join(folder, 'attachments/report.pdf'), 'utf8'), '%PDF-1.4 a report');
});

test('the examples in docs/mailbox.md run, one after the other', async (t) => {
  const folder = await workplace();
  t.after(() => rm(folder, { recursive: true, force: true }));
  const script = ['set -e', 'posthorn fetch', ...(await blocks('docs/mailbox.md', 'sh'))].join('\n');
  await run(join(folder, 'bin/posthorn'), ['sandbox', 'run', '--', 'sh', '-c', script], {
    cwd: folder,
    env: { ...process.env, PATH: `${join(folder, 'bin')}:${process.env['PATH']}` },
  });
});

test('docs/configuration.md shows a configuration that is one', async (t) => {
  const folder = await workplace();
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [config = ''] = await blocks('docs/configuration.md', 'toml');
  await writeFile(join(folder, 'config.toml'), config, { mode: 0o600 });
  const { loadConfig } = await import('../src/config/load.ts');
  const { accounts } = await loadConfig({
    path: join(folder, 'config.toml'),
    env: {},
    home: folder,
    uid: process.getuid?.(),
  });
  assert.deepEqual([...accounts.keys()], ['home', 'work']);
});

test('docs/filters.md shows rules that are rules', async (t) => {
  const folder = await workplace();
  t.after(() => rm(folder, { recursive: true, force: true }));
  const [rules = ''] = await blocks('docs/filters.md', 'toml');
  const path = join(folder, 'config.toml');
  await writeFile(path, `${rules}\n[account.work]\npop3 = "pop3s://ann@mail.example.org"\n`, { mode: 0o600 });
  const { loadConfig } = await import('../src/config/load.ts');
  const { accounts } = await loadConfig({ path, env: {}, home: folder, uid: process.getuid?.() });
  assert.equal(accounts.get('work')?.filters?.length, 3);
});

test('docs/configuration.md has every mechanism, in the order in which one is chosen', async () => {
  const page = await readFile('docs/configuration.md', 'utf8');
  const rows = [...page.matchAll(/^\| `([A-Z0-9-]+)` \| (password|client certificate|token) \|/gm)];
  assert.deepEqual(
    rows.map(([, name, proof = '']) => [name, proof.replace('client ', '')]),
    MECHANISMS.map(({ name, proof }) => [name, proof]),
  );
});

test('docs/exit-codes.md has every exit code with its meaning', async () => {
  const page = await readFile('docs/exit-codes.md', 'utf8');
  for (const { code, name, meaning } of EXIT_CODES)
    assert.ok(page.includes(`| ${code} | ${name} | ${meaning} |`), `${code}`);
});

test('docs/library.md names every function and class of the library', async () => {
  const page = await readFile('docs/library.md', 'utf8');
  const { exports } = JSON.parse(await readFile('package.json', 'utf8'));
  for (const entry of Object.keys(exports).filter((name) => name !== './package.json')) {
    const names = Object.keys(await import(join('posthorn', entry)));
    assert.ok(names.length > 0, entry);
    const missing = names.filter((name) => !new RegExp(`\\b${name}\\b`).test(page));
    assert.deepEqual(missing, [], entry);
  }
});

test('the version is the package’s, and in the changelog', async () => {
  const { version } = JSON.parse(await readFile('package.json', 'utf8'));
  assert.equal(VERSION, version);
  assert.ok((await readFile('CHANGELOG.md', 'utf8')).includes(`## ${version}`));
});
