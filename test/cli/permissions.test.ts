/** Whatever the umask, nobody else can read what is made; and no configuration is taken from where one happens to be. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod, lstat, mkdir, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { makeMailHome } from '../support/mail-home.ts';
import { makeHome, PROGRAM } from '../support/program.ts';

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

test('what Node has compiled is kept, and taken, only where nobody else can write', async (t) => {
  const home = await makeHome(t);
  const { NODE_COMPILE_CACHE: _, ...env } = home.env;
  const [shared, base] = [join(home.folder, 'shared'), join(home.folder, 'cache')];
  const [own, elsewhere] = [join(base, 'posthorn/.compiled'), join(home.folder, 'elsewhere')];
  for (const folder of [shared, base, elsewhere]) await mkdir(folder, { recursive: true });
  const version = () =>
    run('sh', ['-c', 'umask 000; exec "$@"', 'sh', process.execPath, PROGRAM, '--version'], {
      env: { ...env, TMPDIR: shared },
    });
  await version();
  assert.equal((await readdir(own, { recursive: true })).length, 2);
  assert.equal((await lstat(own)).mode & 0o777, 0o700);
  const open = () => mkdir(own).then(() => chmod(own, 0o777));
  for (const spoil of [open, () => symlink(elsewhere, own)]) {
    await rm(own, { recursive: true });
    await spoil();
    await version();
    assert.deepEqual(await readdir(own), []);
  }
  // The folder for temporary files is everybody's.
  assert.deepEqual(await readdir(shared), []);
});
