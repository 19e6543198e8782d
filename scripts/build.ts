/**
 * Builds what is published: the library as ES modules with types (tsc), the program as one file (esbuild).
 *
 * In a folder of its own first, so that a build that fails, or two at once, leave a whole `dist` behind.
 */
import { spawnSync } from 'node:child_process';
import { renameSync, rmSync } from 'node:fs';
import { build } from 'esbuild';

const fresh = `dist.${process.pid}.new`;
const old = `dist.${process.pid}.old`;
try {
  const { status } = spawnSync('tsc', ['--project', 'tsconfig.build.json', '--outDir', fresh], { stdio: 'inherit' });
  if (status !== 0) process.exit(1);
  await build({
    entryPoints: ['src/cli/bin.ts'],
    outfile: `${fresh}/posthorn.cjs`,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'cjs',
    minifySyntax: true,
    legalComments: 'none',
    // Loaded by few commands, and too large to be read at every start: they stay in node_modules.
    external: [
      'sanitize-html',
      'marked',
      '@peculiar/x509',
      'reflect-metadata',
      'html-to-text',
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
