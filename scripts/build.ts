/**
 * Builds what is published: the types (tsc), the library as an ES module for each export, and the program as one file
 * (esbuild). A library of a hundred small files took a third longer to start with.
 *
 * In a folder of its own first, so that a build that fails, or two at once, leave a whole `dist` behind.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, renameSync, rmSync } from 'node:fs';
import { build, type BuildOptions } from 'esbuild';

const fresh = `dist.${process.pid}.new`;
const old = `dist.${process.pid}.old`;
const common = {
  bundle: true,
  platform: 'node',
  target: 'node24',
  minifySyntax: true,
  legalComments: 'none',
} as const satisfies BuildOptions;

/** The sources of the exports, by the names they have in `dist`. */
function exported(): string[] {
  const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as {
    exports: Record<string, { default?: string }>;
  };
  const built = Object.values(manifest.exports).flatMap((target) => target.default ?? []);
  return built.map((path) => path.replace('./dist/', 'src/').replace(/\.js$/, '.ts'));
}

try {
  const { status } = spawnSync('tsc', ['--project', 'tsconfig.build.json', '--outDir', fresh], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
  await build({
    ...common,
    entryPoints: exported(),
    outbase: 'src',
    outdir: fresh,
    format: 'esm',
    // What several exports share is there once, so that an error of one is an error of all.
    splitting: true,
    chunkNames: 'shared/[hash]',
    packages: 'external',
  });
  await build({
    ...common,
    entryPoints: ['src/cli/bin.ts'],
    outfile: `${fresh}/posthorn.cjs`,
    format: 'cjs',
    // It is read at every start. Names stay as they are: they are in the stack of an error.
    minifyWhitespace: true,
    // Loaded by few commands, and too large to be read at every start: they stay in node_modules.
    external: [
      'sanitize-html',
      'marked',
      '@peculiar/x509',
      'reflect-metadata',
      'htmlparser2',
      'pngjs',
      'jpeg-js',
      'iconv-lite',
      '@mongodb-js/saslprep',
    ],
  });
  try {
    renameSync('dist', old);
  } catch {
    // The first build on this machine.
  }
  renameSync(fresh, 'dist');
} finally {
  for (const folder of [fresh, old]) rmSync(folder, { recursive: true, force: true });
}
