/**
 * Logging in to a Postfix whose passwords are Cyrus SASL's: another server of each mechanism, SCRAM above all, which
 * knows only what Cyrus keeps in its database.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { startDovecot } from '../support/dovecot.ts';
import { interop } from '../support/interop.ts';
import { arrived, logged, servedBy, smtpUrl } from '../support/mail-servers.ts';
import { startPostfix } from '../support/postfix.ts';
import { makeHome } from '../support/program.ts';
import { unpacked } from '../support/unpacked.ts';

const CYRUS = unpacked('Cyrus SASL', ['sasl2-bin']);
const MECHANISMS = ['PLAIN', 'LOGIN', 'CRAM-MD5', 'SCRAM-SHA-1', 'SCRAM-SHA-256'];

/** A database with ann in it, in a folder that Postfix, which gives up root, can read. */
async function makeDatabase(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'cyrus-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'users.db');
  const env = { ...process.env, LD_LIBRARY_PATH: CYRUS.libraries() };
  const args = ['-p', '-c', '-f', path, '-u', 'example.org', 'ann'];
  execFileSync(CYRUS.path('usr/sbin/saslpasswd2'), args, { env, input: 'secret' });
  await chmod(folder, 0o755);
  await chmod(path, 0o644);
  return path;
}

interop('every mechanism submits to a Postfix with Cyrus SASL, once', ['dovecot', 'postfix', CYRUS], async (t) => {
  const dovecot = await startDovecot(t);
  const postfix = await startPostfix(t, { dovecot, cyrusDatabase: await makeDatabase(t) });
  const home = await makeHome(t, servedBy(dovecot, postfix));
  const args = ['send', '-t', 'ann@example.org', '--body', 'x', '--trace', '--smtp', smtpUrl(postfix)];
  for (const mechanism of MECHANISMS) {
    const { code, stderr } = await home.posthorn([...args, '--auth', mechanism]);
    assert.equal(code, 0, `${mechanism}: ${stderr}${postfix.log()}`);
    await logged(postfix, new RegExp(`sasl_method=${mechanism}, sasl_username=ann@example\\.org$`, 'm'));
    const wrong = await home.posthorn([...args, '--auth', mechanism], { env: { POSTHORN_PASSWORD: 'wr0ng' } });
    assert.equal(wrong.code, 77, `${mechanism}: ${wrong.stderr}`);
    assert.match(wrong.stderr, /refused the user name or the password of ann@example\.org/);
    assert.equal(wrong.stderr.match(/^C: AUTH /gm)?.length, 1);
    assert.doesNotMatch(wrong.stderr, /^C: MAIL|wr0ng/m);
  }
  await arrived(dovecot, MECHANISMS.length);
});
