/** `npm test`: formatting, lint, types, the build, then every test. Stops at the first that fails. */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';

const tests = globSync('{src,test}/**/*.test.ts').sort();
const STEPS: readonly (readonly [name: string, command: string, ...args: string[]])[] = [
  ['formatting', 'biome', 'format', '.'],
  ['lint', 'oxlint', '--type-aware', '--quiet'],
  ['types', 'tsc', '--noEmit'],
  ['build', process.execPath, 'scripts/build.ts'],
  [
    'tests',
    process.execPath,
    '--test',
    '--test-concurrency=2',
    '--test-timeout=300000',
    '--test-reporter=spec',
    ...tests,
  ],
];

for (const [name, command, ...args] of STEPS) {
  const started = performance.now();
  process.stdout.write(`\n== ${name}\n`);
  const { status } = spawnSync(command, args, { stdio: 'inherit' });
  process.stdout.write(
    `== ${name}: ${status === 0 ? 'passed' : 'FAILED'} in ${((performance.now() - started) / 1000).toFixed(1)} s\n`,
  );
  if (status !== 0) process.exit(1);
}
