/** Which names a certificate is good for (RFC 6125 §6.4, RFC 2818 §3.1): the traps that clients have fallen into. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { duplexPair } from 'node:stream';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { reason } from '../../test/support/peer.ts';
import { TlsError } from '../errors.ts';
import { Channel } from './channel.ts';
import { type ServerIdentity, secureServer } from './listen.ts';
import { startTls } from './tls.ts';

const run = promisify(execFile);
const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
let folder = '';

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'names-'));
});
after(() => rm(folder, { recursive: true, force: true }));

/** A certificate that is its own authority, so that nothing but its names can be wrong with it. */
async function certificateFor(commonName: string, alternatives: string | undefined): Promise<ServerIdentity> {
  const file = join(folder, crypto.randomUUID());
  const names = alternatives === undefined ? [] : ['-addext', `subjectAltName=${alternatives}`];
  const files = ['-keyout', `${file}.key`, '-out', `${file}.pem`];
  await run('openssl', ['req', '-x509', ...KEY, ...files, ...names, '-days', '2', '-subj', `/CN=${commonName}`]);
  return { certificate: await readFile(`${file}.pem`, 'utf8'), key: await readFile(`${file}.key`, 'utf8') };
}

async function handshake(identity: ServerIdentity, host: string): Promise<unknown> {
  const [near, far] = duplexPair();
  const server = secureServer(new Channel(far, { role: 'server' }), identity).catch(() => undefined);
  const client = new Channel(near, { role: 'client' });
  const error = await reason(client.upgrade((plain) => startTls(plain, host, { ca: [identity.certificate] })));
  near.destroy();
  await server;
  far.destroy();
  return error;
}

/** The extension with one DNS name, in DER, which openssl puts in as it is (RFC 5280 §4.2.1.6). */
function derOf(name: string): string {
  const octets = Buffer.from(name);
  const hex = Buffer.from([0x30, octets.length + 2, 0x82, octets.length, ...octets]).toString('hex');
  return hex.replaceAll(/..(?!$)/g, '$&:');
}

const CASES: [host: string, commonName: string, alternatives: string | undefined, accepted: boolean][] = [
  ['mail.good.test', 'x', 'DNS:mail.good.test', true],
  ['MAIL.good.test', 'x', 'DNS:mail.GOOD.test', true],
  ['mail.good.test', 'x', 'DNS:*.good.test', true],
  ['a.mail.good.test', 'x', 'DNS:*.good.test', false],
  ['good.test', 'x', 'DNS:*.good.test', false],
  ['good.test', 'x', 'DNS:*.test', false],
  ['a.b.x.test', 'x', 'DNS:*.*.x.test', false],
  ['good.test', 'good.test', 'DNS:evil.test', false],
  ['good.test', 'good.test', 'URI:https://evil.test', false],
  ['good.test', 'x', 'URI:https://good.test', false],
  ['good.test', 'x', 'DNS:good.test.evil.test', false],
  // CVE-2009-2408: a name with a NUL in it, which a reader of C strings takes for the part before.
  ['good.test', 'x', `DER:${derOf('good.test\0.evil.test')}`, false],
  ['good.test', 'good.test', `DER:${derOf('good.test\0.evil.test')}`, false],
  // CVE-2021-44532: what looks like a second name is part of the first.
  ['good.test', 'x', `DER:${derOf('evil.test, DNS:good.test')}`, false],
  ['good.test.', 'x', 'DNS:good.test', true],
  ['bücher.test', 'x', 'DNS:xn--bcher-kva.test', true],
  ['bücher.test', 'x', 'DNS:bucher.test', false],
  ['127.0.0.1', 'x', 'IP:127.0.0.1', true],
  ['2001:db8::1', 'x', 'IP:2001:db8:0::1', true],
  ['2001:db8::1', 'x', 'IP:2001:db8::2', false],
  ['::ffff:127.0.0.1', 'x', 'IP:127.0.0.2', false],
  ['127.0.0.1', 'x', 'DNS:127.0.0.1', false],
  ['127.0.0.1', '127.0.0.1', undefined, false],
  ['127.0.0.1', 'x', 'IP:127.0.0.2', false],
];

for (const [host, commonName, alternatives, accepted] of CASES) {
  test(`${host}: ${accepted ? 'yes' : 'no'} to CN ${commonName}, SAN ${alternatives ?? 'none'}`, async () => {
    const error = await handshake(await certificateFor(commonName, alternatives), host);
    if (accepted) return assert.equal(error, undefined);
    assert.ok(error instanceof TlsError, String(error));
    assert.equal(error.code, 'tls-wrong-host');
  });
}
