/** Whatever the umask, nobody else can read what is made; and no configuration is taken from where one happens to be. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { lstat, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { makeMailHome } from '../support/mail-home.ts';
import { PROGRAM } from '../support/program.ts';

const run = promisify(execFile);

test('all that is made under umask 000 is closed to others', async (t) => {
  const home = await makeMailHome(t);
  const posthorn = (...args: string[]) =>
    run('sh', ['-c', 'umask 000; exec "$@"', 'sh', process.execPath, PROGRAM, ...args], {
      cwd: home.folder,
      env: home.env,
    });
  await posthorn('send', '-t', 'ann@example.org', '-s', 'x', '--body', 'y');
  await posthorn('fetch');
  await posthorn('list');
  await posthorn('read', '1');
  let files = 0;
  for (const place of ['data', 'state', 'cache/posthorn']) {
    for (const name of [
      place,
      ...(await readdir(join(home.folder, place), { recursive: true })).map((below) => join(place, below)),
    ]) {
      const stat = await lstat(join(home.folder, name));
      assert.equal(stat.mode & 0o077, 0, `${name} has mode ${(stat.mode & 0o777).toString(8)}`);
      if (stat.isFile()) files += 1;
    }
  }
  assert.ok(files > 2, `${files} files`);
});

test('a configuration in the current folder is not one', async (t) => {
  const home = await makeMailHome(t);
  const evil = '[account.work]\npop3 = "pop3s://ann@127.0.0.1"\npasswordeval = "touch evil"\n';
  for (const name of ['config.toml', 'posthorn.toml', '.posthorn.toml', '.posthorn'])
    await writeFile(join(home.folder, name), evil, { mode: 0o600 });
  const { code } = await home.posthorn(['fetch']);
  assert.equal(code, 0);
  assert.ok(!(await readdir(home.folder)).includes('evil'));
});
