/** What a login is bound to, against the openssl program: values from other hands than ours. */
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { LineParser } from '../wire/line.ts';
import { certifiedNames, endPoint } from './binding.ts';
import type { Channel } from './channel.ts';
import { openChannel } from './connect.ts';
import { listen, type ServerIdentity } from './listen.ts';

const run = promisify(execFile);
const folder = await mkdtemp(join(tmpdir(), 'posthorn-binding-'));
after(() => rm(folder, { recursive: true }));

/** Makes a self-signed certificate and returns it in DER, with its identity. */
async function make(name: string, ...how: readonly string[]): Promise<{ der: Buffer; identity: ServerIdentity }> {
  const [key, certificate] = [join(folder, `${name}.key`), join(folder, `${name}.pem`)];
  const files = ['-nodes', '-keyout', key, '-out', certificate, '-days', '2', '-subj', '/CN=localhost'];
  await run('openssl', ['req', '-x509', ...how, ...files]);
  await run('openssl', ['x509', '-in', certificate, '-outform', 'der', '-out', join(folder, `${name}.der`)]);
  const [pem, secret] = await Promise.all([readFile(certificate, 'utf8'), readFile(key, 'utf8')]);
  return { der: await readFile(join(folder, `${name}.der`)), identity: { certificate: pem, key: secret } };
}

const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
const RSA = ['-newkey', 'rsa:2048'];
const SIGNATURES: readonly (readonly [name: string, hash: string | undefined, how: readonly string[]])[] = [
  ['ecdsa-sha1', 'sha256', [...EC, '-sha1']],
  ['ecdsa-sha256', 'sha256', [...EC, '-sha256']],
  ['ecdsa-sha384', 'sha384', [...EC, '-sha384']],
  ['ecdsa-sha512', 'sha512', [...EC, '-sha512']],
  ['rsa-md5', 'sha256', [...RSA, '-md5']],
  ['rsa-sha1', 'sha256', [...RSA, '-sha1']],
  ['rsa-sha256', 'sha256', [...RSA, '-sha256']],
  ['rsa-sha384', 'sha384', [...RSA, '-sha384']],
  ['rsa-sha512', 'sha512', [...RSA, '-sha512']],
  ['rsa-pss', undefined, [...RSA, '-sha256', '-sigopt', 'rsa_padding_mode:pss']],
  ['ed25519', undefined, ['-newkey', 'ed25519']],
];

for (const [name, hash, how] of SIGNATURES) {
  test(`RFC 5929 §4.1: the end point of a certificate signed with ${name} is its ${hash ?? 'nothing'}`, async () => {
    const { der } = await make(name, ...how);
    const value = endPoint(der);
    if (hash === undefined) return assert.equal(value, undefined);
    const { stdout } = await run('openssl', ['dgst', `-${hash}`, '-r', join(folder, `${name}.der`)]);
    assert.equal(Buffer.from(value ?? []).toString('hex'), stdout.split(' ')[0]);
  });
}

test('RFC 9266: the exporter is what openssl exports, and only TLS 1.3 has it', async () => {
  const { identity } = await make('server', ...EC);
  for (const version of ['-tls1_3', '-tls1_2']) {
    const accepted = Promise.withResolvers<Channel>();
    const listener = await listen({ implicit: identity }, accepted.resolve);
    const keying = ['-keymatexport', 'EXPORTER-Channel-Binding', '-keymatexportlen', '32'];
    const client = spawn('openssl', ['s_client', version, '-connect', `127.0.0.1:${listener.port}`, ...keying], {
      timeout: 20_000,
    });
    const ended = once(client, 'close');
    let shown = '';
    client.stdout.on('data', (chunk: Buffer) => {
      shown += chunk.toString();
    });
    const channel = await accepted.promise;
    await channel.write(Buffer.from('bye\r\n'));
    await channel.close();
    client.stdin.end();
    await ended;
    await listener.close();
    const types = channel.bindings.map(({ type }) => type);
    const [exported] = channel.bindings.map(({ data }) => Buffer.from(data).toString('hex').toUpperCase());
    const seen = /Keying material: ([0-9A-F]{64})/.exec(shown)?.[1];
    if (version === '-tls1_2') assert.deepEqual(types, ['tls-server-end-point']);
    else assert.deepEqual([types, exported], [['tls-exporter', 'tls-server-end-point'], seen]);
  }
});

test('both ends of a connection have the same values, another connection has another exporter', async () => {
  const { identity, der } = await make('both', ...EC, '-addext', 'subjectAltName=DNS:localhost');
  const bindings: unknown[][] = [];
  for (let round = 0; round < 2; round++) {
    const accepted = Promise.withResolvers<Channel>();
    const listener = await listen({ implicit: identity }, accepted.resolve);
    const tls = { ca: [identity.certificate] };
    const client = await openChannel({ host: 'localhost', port: listener.port, security: 'implicit', tls });
    const server = await accepted.promise;
    await server.write(Buffer.from('hello\r\n'));
    assert.equal(await client.read(new LineParser()), 'hello');
    assert.deepEqual(client.bindings, server.bindings);
    assert.deepEqual(client.bindings[1]?.data, endPoint(der));
    assert.deepEqual(server.certified, []);
    bindings.push([...client.bindings]);
    await client.close();
    await listener.close();
  }
  assert.notDeepEqual(bindings[0]?.[0], bindings[1]?.[0]);
  assert.deepEqual(bindings[0]?.[1], bindings[1]?.[1]);
});

test('a client certificate names its addresses, or else its common name, and nobody when it was not verified', () => {
  const names = (subjectaltname: string | undefined, CN: unknown, authorized = true): string[] =>
    certifiedNames({ authorized, getPeerCertificate: () => ({ subjectaltname, subject: { CN } }) } as TLSSocket);
  assert.deepEqual(names(undefined, 'ann'), ['ann']);
  assert.deepEqual(names('DNS:x, email:ann@example.org, email:a@b', 'ann'), ['ann@example.org', 'a@b']);
  assert.deepEqual(names('DNS:x', 'ann'), ['ann']);
  assert.deepEqual(names('email:ann@example.org', 'ann', false), []);
  assert.deepEqual(names(undefined, ['ann', 'bob']), []);
  assert.deepEqual(names(undefined, undefined), []);
  // One name made to look like several.
  assert.deepEqual(names('URI:"http://x, email:root@example.org, y"', undefined), []);
});
