/** Servers that offer too little, or ask for more than usual (RFC 8996, RFC 8314 §4.1, RFC 8446 §4.3.2). */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { type Authority, makeAuthority, readIdentity } from '../../test/support/certificate.ts';
import { reason } from '../../test/support/peer.ts';
import { startSServer } from '../../test/support/s-server.ts';
import { ConnectionLostError, TlsError } from '../errors.ts';
import { LineParser } from '../wire/line.ts';
import { openChannel } from './connect.ts';

const run = promisify(execFile);
const WEAKEST = ['-cipher', 'ALL:@SECLEVEL=0'];
let folder = '';
let authority: Authority;
let ca = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weak-'));
  authority = await makeAuthority(folder);
  ca = await readFile(authority.caFile, 'utf8');
});
after(() => rm(folder, { recursive: true, force: true }));

/** A certificate for localhost of the test's authority, with a key and a hash of the test's choice. */
async function certificate(newKey: readonly string[], hash = 'sha256'): Promise<string[]> {
  const file = join(folder, crypto.randomUUID());
  const names = ['-subj', '/O=Weak', '-addext', 'subjectAltName=DNS:localhost'];
  await run('openssl', ['req', '-new', ...newKey, '-nodes', '-keyout', `${file}.key`, '-out', `${file}.csr`, ...names]);
  const signer = ['-CA', authority.caFile, '-CAkey', authority.keyFile, '-copy_extensions', 'copy', '-days', '1'];
  await run('openssl', ['x509', '-req', '-in', `${file}.csr`, `-${hash}`, ...signer, '-out', `${file}.pem`]);
  return ['-cert', `${file}.pem`, '-key', `${file}.key`];
}

const GOOD = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
const RSA = (bits: number): string[] => ['-newkey', `rsa:${bits}`];

const CASES: [what: string, arguments_: () => Promise<string[]>, code: string | undefined, says: RegExp][] = [
  ['a sound one', async () => certificate(GOOD), undefined, /./],
  ['TLS 1.2 and an RSA key of 2048 bits', async () => [...(await certificate(RSA(2048))), '-tls1_2'], undefined, /./],
  ['TLS 1.0', async () => [...(await certificate(GOOD)), '-tls1', ...WEAKEST], 'tls-handshake', /no version of TLS/],
  ['TLS 1.1', async () => [...(await certificate(GOOD)), '-tls1_1', ...WEAKEST], 'tls-handshake', /no version of TLS/],
  ['an RSA key of 1024 bits', async () => [...(await certificate(RSA(1024))), ...WEAKEST], 'tls-weak', /its key is too weak/],
  ['the same over TLS 1.2', async () => [...(await certificate(RSA(1024))), '-tls1_2', ...WEAKEST], 'tls-weak', /key/],
  ['a signature with SHA-1', async () => [...(await certificate(RSA(2048), 'sha1')), ...WEAKEST], 'tls-weak', /hash/],
  ['no certificate, with anonymous DH', async () => ['-nocert', '-tls1_2', '-cipher', 'ADH:@SECLEVEL=0'], 'tls-handshake', /./],
  ['no certificate, with anonymous ECDH', async () => ['-nocert', '-tls1_2', '-cipher', 'AECDH:@SECLEVEL=0'], 'tls-handshake', /./],
  ['a cipher that hides nothing', async () => [...(await certificate(GOOD)), '-tls1_2', '-cipher', 'eNULL:@SECLEVEL=0'], 'tls-handshake', /./],
]; // biome-ignore format: a table

for (const [what, args, code, says] of CASES) {
  test(`${what}: ${code ?? 'accepted'}`, async (t) => {
    const port = await startSServer(t, await args());
    const opening = openChannel({ host: 'localhost', port, security: 'implicit', tls: { ca: [ca] }, timeout: 10_000 });
    if (code === undefined) return (await opening).close();
    const error = await reason(opening);
    assert.ok(error instanceof TlsError, String(error));
    assert.equal(error.code, code);
    assert.match(error.message, says);
    assert.ok(error.hint);
  });
}

test('a server that wants our certificate says so when the handshake is over for us: that is passed on', async (t) => {
  const port = await startSServer(t, [...(await certificate(GOOD)), '-Verify', '1', '-verify_return_error']);
  const [, certificateFile = '', , keyFile = ''] = await certificate(GOOD);
  const own = await readIdentity({ certificateFile, keyFile });
  const greeting = async (more: Partial<typeof own>) => {
    const channel = await openChannel({ host: 'localhost', port, security: 'implicit', tls: { ca: [ca], ...more } });
    return channel.read(new LineParser(), { timeout: 10_000 });
  };
  const cases: [Partial<typeof own>, RegExp, RegExp][] = [
    [{}, /closed the connection: it asks for a client certificate\./, /--tls-certificate FILE/],
    [own, /closed the connection: it does not trust the authority of our certificate\./, /--tls-certificate/],
  ];
  for (const [more, says, todo] of cases) {
    const error = await reason(greeting(more));
    assert.ok(error instanceof ConnectionLostError, String(error));
    assert.match(error.message, says);
    assert.match(error.hint ?? '', todo);
  }
});
