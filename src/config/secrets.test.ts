import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inspect } from 'node:util';
import { ConfigError } from '../errors.ts';
import { type PasswordSources, resolvePassword } from './secrets.ts';

const PATH = process.env['PATH'];
const evaluate = (passwordeval: string, more: Partial<PasswordSources> = {}) =>
  resolvePassword({ passwordeval, env: { PATH }, ...more });

test('the order of sources', async () => {
  const all = {
    passwordeval: 'echo from-flag',
    env: { PATH, POSTHORN_PASSWORD: 'from-env' },
    account: { passwordeval: 'echo from-account', password: () => 'literal' },
    prompt: async () => 'typed',
  };
  const { passwordeval: _, ...noFlag } = all;
  const noEnv = { ...noFlag, env: { PATH, POSTHORN_PASSWORD: '' } };
  assert.equal(await resolvePassword(all), 'from-flag');
  assert.equal(await resolvePassword(noFlag), 'from-env');
  assert.equal(await resolvePassword(noEnv), 'from-account');
  assert.equal(await resolvePassword({ ...noEnv, account: { password: () => 'literal' } }), 'literal');
  assert.equal(await resolvePassword({ env: {}, prompt: all.prompt }), 'typed');
});

test('no source at all names all the ways', async () => {
  await assert.rejects(resolvePassword({ env: {} }), (error: ConfigError) => {
    assert.equal(error.code, 'no-password');
    assert.match(error.hint ?? '', /--passwordeval.*POSTHORN_PASSWORD.*terminal/);
    return true;
  });
});

test('the first line of a command, without its end', async () => {
  assert.equal(await evaluate(String.raw`printf 'p w  \r\nuser: x\n'`), 'p w  ');
  assert.equal(await evaluate('printf pässwort'), 'pässwort');
});

test('a command gets neither our password nor our standard input', async () => {
  assert.equal(
    await evaluate('echo "${POSTHORN_PASSWORD-unset}"', { env: { PATH, POSTHORN_PASSWORD: 'geheim' } }),
    'unset',
  );
  assert.equal(await evaluate('cat; echo end'), 'end');
});

test('a failing command never shows what it printed', async () => {
  const cases: [string, RegExp][] = [
    ['echo geheim; exit 3', /status 3/],
    ['echo geheim; kill -9 $$', /SIGKILL/],
    ['true', /printed nothing/],
    [String.raw`printf 'geheim\377'`, /not UTF-8/],
    ['head -c 70000 /dev/zero | tr "\\0" a', /64 KiB/],
  ];
  for (const [command, message] of cases) {
    await assert.rejects(evaluate(command), (error: unknown) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.code, 'passwordeval-failed');
      assert.match(error.message, message);
      assert.doesNotMatch(inspect(error), /geheim/);
      return true;
    });
  }
});

test('a command that leaves something behind is done when it has ended itself', async () => {
  const begun = performance.now();
  assert.equal(await evaluate('sleep 20 & echo geheim'), 'geheim');
  await assert.rejects(evaluate('sleep 20 & exit 3'), /status 3/);
  assert.ok(performance.now() - begun < 10_000);
});

test('a command that hangs is given up, whatever it left behind', async () => {
  await assert.rejects(evaluate('sleep 1 & sleep 1', { timeout: 50 }), { code: 'passwordeval-failed' });
});

test('line breaks and NUL are refused from every source', async () => {
  for (const password of ['a\rb', 'a\nb', 'a\0b']) {
    await assert.rejects(resolvePassword({ env: { POSTHORN_PASSWORD: password } }), { code: 'bad-password' });
  }
  await assert.rejects(evaluate(String.raw`printf 'a\rb\n'`), { code: 'bad-password' });
});
