/**
 * Brings the dependencies, and with them the right Node, before any npm script runs. Plain JavaScript for whatever Node
 * the machine has: the `node` package then puts the pinned one first on the path of npm's scripts.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';

const MARK = 'node_modules/.posthorn-setup';
const lock = readFileSync('package-lock.json', 'utf8');

if (!existsSync(MARK) || readFileSync(MARK, 'utf8') !== lock) {
  process.stderr.write('Installing what Posthorn is built with …\n');
  const npm = process.env.npm_execpath;
  const [command, args] = npm === undefined ? ['npm', []] : [process.execPath, [npm]];
  const options = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync(command, [...args, ...options], { stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) {
    process.stderr.write('npm ci failed; nothing was built.\n');
    process.exit(1);
  }
  writeFileSync(MARK, lock);
}
