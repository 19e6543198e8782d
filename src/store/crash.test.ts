/**
 * A fetch that is killed before each of its file operations in turn, and one that runs out of disk: after the next run
 * every message is there exactly once, and nothing was deletable that is not.
 */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { after, before, test } from 'node:test';
import { Mailbox, type MailboxPaths } from './mailbox.ts';

let folder: string;
before(async () => void (folder = await mkdtemp(join(tmpdir(), 'posthorn-crash-'))));
after(() => rm(folder, { recursive: true }));

const SIZES = [10, 600_000];
const LISTING = SIZES.map((size, index) => ({ uidl: `u${index}`, size }));
const pathsIn = (root: string): MailboxPaths => ({ maildir: join(root, 'mail'), state: join(root, 'state') });

/** Fetches the listing and says on stdout which messages could be deleted on the server. */
const FETCH = `
  const { Mailbox } = await import(${JSON.stringify(new URL('./mailbox.ts', import.meta.url).href)});
  const mailbox = await Mailbox.open(paths);
  const planned = await mailbox.plan(mailbox.survey(listing).filter(({ state }) => state !== 'stored'));
  for (const each of planned) {
    const delivery = mailbox.deliver(each);
    await delivery.write(Buffer.alloc(each.size, each.uidl));
    await mailbox.commit([delivery]);
    if (mailbox.deletable(each)) writeSync(1, each.uidl + '\\n');
  }
  await mailbox.close();`;

/** The same from a server without UIDL: all is received, and only what is not here is planned. */
const FETCH_BY_CONTENT = `
  const { Mailbox } = await import(${JSON.stringify(new URL('./mailbox.ts', import.meta.url).href)});
  const mailbox = await Mailbox.open(paths);
  for (const { uidl: letter, size } of listing) {
    const delivery = mailbox.receive();
    await delivery.write(Buffer.alloc(size, letter));
    const here = mailbox.recognize(delivery.sha256, new Set(mailbox.present())) !== undefined;
    if (here) await delivery.abort();
    else await mailbox.commitNew([{ delivery, uidl: '', size }]);
    writeSync(1, letter + '\\n');
  }
  await mailbox.close();`;

/** Counts the file operations that change something and kills the process before the given one. */
const killer = (fetch: string): string => `
  import fs, { writeSync } from 'node:fs';
  import promises from 'node:fs/promises';
  import { syncBuiltinESMExports } from 'node:module';
  const [left, paths, listing] = JSON.parse(process.argv[1]);
  let count = left;
  const wrap = (object, name) => {
    const real = object[name];
    object[name] = function (...args) {
      count -= 1;
      if (count === 0) process.kill(process.pid, 'SIGKILL');
      return real.apply(this, args);
    };
  };
  const handle = await promises.open('/dev/null');
  for (const name of ['write', 'sync', 'datasync', 'truncate', 'close']) wrap(Object.getPrototypeOf(handle), name);
  for (const name of ['open', 'link', 'rename', 'unlink', 'mkdir']) wrap(promises, name);
  for (const name of ['linkSync', 'writeFileSync', 'rmSync', 'renameSync']) wrap(fs, name);
  syncBuiltinESMExports();
  ${fetch}`;

async function check(root: string, deletable: readonly string[]): Promise<void> {
  const mailbox = await Mailbox.open(pathsIn(root));
  const survey = mailbox.survey(LISTING);
  for (const { uidl, state } of survey) assert.ok(state === 'stored' || !deletable.includes(uidl), `${uidl} is lost`);
  const planned = await mailbox.plan(survey.filter(({ state }) => state !== 'stored'));
  for (const each of planned) {
    const delivery = mailbox.deliver(each);
    await delivery.write(Buffer.alloc(each.size, each.uidl));
    await mailbox.commit([delivery]);
  }
  const messages = mailbox.messages();
  await mailbox.close();
  assert.deepEqual(
    messages.map(({ number, uidl }) => [number, uidl]),
    [
      [1, 'u0'],
      [2, 'u1'],
    ],
  );
  for (const [index, { path, size }] of messages.entries()) {
    assert.deepEqual(await readFile(path), Buffer.alloc(SIZES[index] ?? 0, `u${index}`));
    assert.equal(size, SIZES[index]);
  }
  assert.equal((await readdir(join(root, 'mail', 'new'))).length, 2);
  assert.deepEqual(await readdir(join(root, 'mail', 'tmp')), []);
}

/** Kills the fetch before each of its file operations in turn, and looks at what is left. */
async function killEverywhere(
  fetch: string,
  look: (root: string, safe: readonly string[]) => Promise<void>,
): Promise<void> {
  let kills = 0;
  for (let count = 1; ; count += 1) {
    const root = join(folder, String(count));
    const input = JSON.stringify([count, pathsIn(root), LISTING]);
    // The cache spares each child the compilation.
    const cached = { ...env, NODE_COMPILE_CACHE: join(folder, 'cache') };
    const run = spawnSync(execPath, ['--input-type=module', '-e', killer(fetch), input], {
      encoding: 'utf8',
      env: cached,
    });
    if (run.signal !== 'SIGKILL') {
      assert.equal(run.status, 0, run.stderr);
      await rm(root, { recursive: true });
      break;
    }
    kills += 1;
    await look(root, run.stdout.split('\n').filter(Boolean));
    await rm(root, { recursive: true });
  }
  assert.ok(kills > 40, `only ${kills} operations were seen`);
}

test('killed before any of its file operations, a fetch loses nothing and delivers nothing twice', () =>
  killEverywhere(FETCH, check));

/** Once more, and then every message is here exactly once; what could have been deleted there was here before. */
async function checkByContent(root: string, safe: readonly string[]): Promise<void> {
  const mailbox = await Mailbox.open(pathsIn(root));
  for (const { uidl: letter, size } of LISTING) {
    const delivery = mailbox.receive();
    await delivery.write(Buffer.alloc(size, letter));
    const here = mailbox.recognize(delivery.sha256, new Set(mailbox.present())) !== undefined;
    assert.ok(here || !safe.includes(letter), `${letter} is lost`);
    if (here) await delivery.abort();
    else await mailbox.commitNew([{ delivery, uidl: '', size }]);
  }
  const messages = mailbox.messages();
  await mailbox.close();
  const contents = await Promise.all(messages.map(({ path }) => readFile(path)));
  assert.deepEqual(
    contents,
    LISTING.map(({ uidl: letter, size }) => Buffer.alloc(size, letter)),
  );
  assert.equal((await readdir(join(root, 'mail', 'new'))).length, 2);
}

test('nor does a fetch that knows messages by their content only', () =>
  killEverywhere(FETCH_BY_CONTENT, checkByContent));

test('a full disk stops before a loss, and the next run with space finishes', async (context) => {
  const root = join(folder, 'full');
  try {
    execFileSync('unshare', ['-m', 'true'], { stdio: 'ignore' });
  } catch {
    return context.skip('needs a mount namespace');
  }
  const script = `
    import { writeSync } from 'node:fs';
    const [paths, listing] = JSON.parse(process.argv[1]);
    try { ${FETCH} } catch (error) { writeSync(1, 'error ' + error.code + '\\n'); }`;
  const input = JSON.stringify([pathsIn(root), LISTING]);
  const shell =
    'mkdir "$1" && mount -t tmpfs -o size=256k,mode=700 tmpfs "$1" && "$2" --input-type=module -e "$3" "$4" && ls "$1/mail/tmp" && mount -o remount,size=8m "$1" && "$2" --input-type=module -e "$3" "$4"';
  const out = execFileSync('unshare', ['-m', 'sh', '-c', shell, 'sh', root, execPath, script, input], {
    encoding: 'utf8',
  });
  assert.deepEqual(out.split('\n'), ['u0', 'error disk-full', 'u1', '']);
});
