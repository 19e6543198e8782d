/** Builds what is published: the library as ES modules with types (tsc), the program as one file (esbuild). */
import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { build } from 'esbuild';

rmSync('dist', { recursive: true, force: true });
execFileSync('tsc', ['--project', 'tsconfig.build.json'], { stdio: 'inherit' });
await build({
  entryPoints: ['src/cli/bin.ts'],
  outfile: 'dist/posthorn.cjs',
  bundle: true,
  platform: 'node',
  target: 'node24',
  format: 'cjs',
  minifySyntax: true,
  legalComments: 'none',
  // Loaded by few commands, and too large to be read at every start: they stay in node_modules.
  external: ['@peculiar/x509', 'reflect-metadata', 'html-to-text', 'iconv-lite', '@mongodb-js/saslprep'],
});
