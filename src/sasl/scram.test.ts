import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AuthError } from '../errors.ts';
import type { ServerStep } from './mechanism.ts';
import { ScramClient, ScramServer } from './scram.ts';
import { clientProof, deriveKeys } from './scram-keys.ts';
import { base64, utf8 } from './text.ts';

const credentials = { user: 'user', password: 'pencil' };
const lookup = async (user: string) => (user === credentials.user ? credentials.password : undefined);

const vectors = [
  {
    source: 'RFC 5802 §5',
    hash: 'sha1',
    nonce: 'fyko+d2lbbFgONRv9qkxdawL',
    draw: { nonce: '3rfcNHYJY1ZVvWVs7j', salt: Buffer.from('QSXCR+Q6sek8bf92', 'base64') },
    clientFirst: 'n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL',
    serverFirst: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
    clientFinal: 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
    serverFinal: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
  },
  {
    source: 'RFC 7677 §3',
    hash: 'sha256',
    nonce: 'rOprNGfwEbeRWgbNEkqO',
    draw: { nonce: '%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0', salt: Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64') },
    clientFirst: 'n,,n=user,r=rOprNGfwEbeRWgbNEkqO',
    serverFirst: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
    clientFinal:
      'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
    serverFinal: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
  },
] as const;
const [sha1] = vectors;

for (const { source, hash, nonce, draw, clientFirst, serverFirst, clientFinal, serverFinal } of vectors) {
  test(`${source}: the example, from both sides`, async () => {
    const client = new ScramClient(hash, credentials, 'none', nonce);
    assert.deepEqual(await client.initial(), utf8(clientFirst));
    assert.deepEqual(await client.respond(utf8(serverFirst)), utf8(clientFinal));
    assert.equal((await client.respond(utf8(serverFinal))).length, 0);
    client.finish();

    const server = new ScramServer(hash, lookup, { draw });
    assert.deepEqual(await server.step(undefined), { challenge: new Uint8Array() });
    assert.deepEqual(await server.step(utf8(clientFirst)), { challenge: utf8(serverFirst) });
    assert.deepEqual(await server.step(utf8(clientFinal)), { challenge: utf8(serverFinal) });
    assert.deepEqual(await server.step(new Uint8Array()), { user: 'user' });
    assert.ok('failed' in (await server.step(new Uint8Array())));
  });
}

async function started(): Promise<ScramClient> {
  const client = new ScramClient('sha1', credentials, 'none', sha1.nonce);
  await client.initial();
  return client;
}

async function proved(): Promise<ScramClient> {
  const client = await started();
  await client.respond(utf8(sha1.serverFirst));
  return client;
}

const code = (expected: string) => (error: unknown) => {
  assert.ok(error instanceof AuthError);
  assert.equal(error.code, expected);
  assert.ok(!`${error.message}${error.hint}`.includes('pencil'));
  return true;
};

const nonce = 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j';
const tampered: readonly (readonly [string, string | Uint8Array])[] = [
  ['a nonce of its own', 'r=3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096'],
  ['our nonce and nothing more', 'r=fyko+d2lbbFgONRv9qkxdawL,s=QSXCR+Q6sek8bf92,i=4096'],
  ['a control character in the nonce', `${nonce}\x07,s=QSXCR+Q6sek8bf92,i=4096`],
  ['an extension first', `m=strange,${nonce},s=QSXCR+Q6sek8bf92,i=4096`],
  ['an extension last', `${nonce},s=QSXCR+Q6sek8bf92,i=4096,m=strange`],
  ['no salt', `${nonce},i=4096`],
  ['no iterations', `${nonce},s=QSXCR+Q6sek8bf92`],
  ['another order', `s=QSXCR+Q6sek8bf92,${nonce},i=4096`],
  ['an empty salt', `${nonce},s=,i=4096`],
  ['a salt that is not base64', `${nonce},s=QSXC*+Q6,i=4096`],
  ['a salt without padding', `${nonce},s=W22ZaJ0SNY7soEsUEjb6gQ,i=4096`],
  ['a salt past the cap', `${nonce},s=${Buffer.alloc(1025).toString('base64')},i=4096`],
  ['a salt of 1 MB', `${nonce},s=${Buffer.alloc(1 << 20).toString('base64')},i=4096`],
  ['its final message at once', sha1.serverFinal],
  ['nothing', ''],
  ['bytes that are not UTF-8', Uint8Array.of(0x72, 0x3d, 0xff)],
  ...[
    '1',
    '4095',
    '5000001',
    '2147483647',
    '99999999999999999999',
    '4096abc',
    '-1',
    '0x1000',
    ' 4096',
    '4096 ',
    '+4096',
  ]
    .concat(['04096', '4e3', '4096.0', '', '४०९६'])
    .map((count) => [`i=${count}`, `${nonce},s=QSXCR+Q6sek8bf92,i=${count}`] as const),
];

for (const [what, message] of tampered) {
  test(`the client refuses ${what}`, async () => {
    const client = await started();
    const challenge = typeof message === 'string' ? utf8(message) : message;
    await assert.rejects(client.respond(challenge), code('auth-protocol'));
    assert.throws(() => client.finish(), code('auth-server-not-proven'));
    await assert.rejects(client.respond(utf8(sha1.serverFirst)), code('auth-protocol'), 'there is no second chance');
  });
}

test('optional extensions are ignored, but signed for', async () => {
  const client = await started();
  const answer = await client.respond(utf8(`${sha1.serverFirst},x=later`));
  assert.notDeepEqual(answer, utf8(sha1.clientFinal));
  await assert.rejects(client.respond(utf8(sha1.serverFinal)), code('auth-server-not-proven'));
});

test('success without a verified signature is a failure', async () => {
  const untouched = new ScramClient('sha1', credentials);
  assert.throws(() => untouched.finish(), code('auth-server-not-proven'));
  const early = await started();
  assert.throws(() => early.finish(), code('auth-server-not-proven'));
  const late = await proved();
  assert.throws(() => late.finish(), code('auth-server-not-proven'));
});

for (const signature of ['v=', 'v=rmF9pqV8S7suAoZWja4dJRkFsKU=', 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ', 'v=AAAA', 'v=***']) {
  test(`the signature ${signature} proves nothing`, async () => {
    const client = await proved();
    await assert.rejects(client.respond(utf8(signature)), code('auth-server-not-proven'));
    await assert.rejects(client.respond(utf8(sha1.serverFinal)), code('auth-protocol'), 'there is no second chance');
    assert.throws(() => client.finish(), code('auth-server-not-proven'));
  });
}

for (const final of ['', 'x=1', `m=1,${sha1.serverFinal}`, `${sha1.serverFinal},m=1`, sha1.serverFirst]) {
  test(`a last message ${JSON.stringify(final.slice(0, 20))}… is malformed`, async () => {
    await assert.rejects((await proved()).respond(utf8(final)), code('auth-protocol'));
  });
}

test('`e=` is a refusal at any point; the text of an unknown one is not repeated', async () => {
  await assert.rejects((await started()).respond(utf8('e=unknown-user')), code('auth-rejected'));
  await assert.rejects((await proved()).respond(utf8('e=invalid-proof')), { message: /\(invalid-proof\)/ });
  await assert.rejects((await proved()).respond(utf8('e=no-resources')), { temporary: true });
  await assert.rejects((await proved()).respond(utf8('e=\x1b[31m')), (error) => {
    assert.ok(error instanceof AuthError && !error.message.includes('\x1b'));
    return code('auth-rejected')(error);
  });
});

test('a challenge after the proof of the server is refused', async () => {
  const client = await proved();
  await client.respond(utf8(sha1.serverFinal));
  await assert.rejects(client.respond(utf8('')), code('auth-protocol'));
});

test('`,` and `=` in a name are escaped, and an authorization identity goes into the header', async () => {
  const client = new ScramClient('sha1', { user: 'a=b,c=2C', password: 'x', authzid: 'd,e' }, 'none', 'N');
  assert.deepEqual(await client.initial(), utf8('n,a=d=2Ce,n=a=3Db=2Cc=3D2C,r=N'));
});

test('a password that SASLprep prohibits is refused before anything is said', async () => {
  await assert.rejects(new ScramClient('sha1', { user: 'user', password: 'a\tb' }).initial(), {
    name: 'UsageError',
    code: 'bad-credentials',
  });
});

const firsts = [
  'p=tls-unique,,n=user,r=N',
  'x,,n=user,r=N',
  'n,b=x,n=user,r=N',
  'n,,n=us=er,r=N',
  'n,,n=us=2cer,r=N',
  'n,,m=x,n=user,r=N',
  'n,,n=user,r=N,m=x',
  'n,,n=user,r=',
  'n,,r=N,n=user',
  'n,,n=user',
  'n',
  '',
];
for (const first of firsts) {
  test(`the server refuses the first message ${JSON.stringify(first)}`, async () => {
    assert.ok('failed' in (await new ScramServer('sha1', lookup).step(utf8(first))));
  });
}

/** Runs the server of RFC 5802 §5 with a final message of the test's own. */
async function finalStep(final: string, first: string = sha1.clientFirst): Promise<ServerStep> {
  const server = new ScramServer('sha1', lookup, { draw: sha1.draw });
  assert.ok('challenge' in (await server.step(utf8(first))));
  return await server.step(utf8(final));
}

const proof = 'p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=';
for (const final of [
  `c=biws,${nonce},p=`,
  `c=biws,${nonce},p=AAAA`,
  `c=biws,${nonce},p=v0X8v3Bz2T0CJGbJQyF0X+HI4Tt=`,
  `c=biws,${nonce},p=A0X8v3Bz2T0CJGbJQyF0X+HI4Ts=`,
  `c=biws,${nonce}x,${proof}`,
  `c=eSws,${nonce},${proof}`,
  `${nonce},${proof}`,
  `c=biws,${nonce}`,
  '',
]) {
  test(`the server refuses the final message ${JSON.stringify(final)}`, async () => {
    assert.ok('failed' in (await finalStep(final)));
  });
}

test('an answer to another challenge is refused, though its proof is right', async () => {
  const keys = await deriveKeys('sha1', 'pencil', sha1.draw.salt, 4096);
  const withoutProof = 'c=biws,r=fyko+d2lbbFgONRv9qkxdawLreplayed';
  const proof = clientProof(keys, `n=user,r=${sha1.nonce},${sha1.serverFirst},${withoutProof}`);
  const step = await finalStep(`${withoutProof},p=${base64(proof)}`);
  assert.deepEqual(step, { failed: 'the final message has another nonce' });
});

test('a header rewritten on the way is noticed', async () => {
  assert.ok('failed' in (await finalStep(sha1.clientFinal, sha1.clientFirst.replace('n,,', 'y,,'))));
});

test('an unknown user is asked like a known one, and refused in the same words', async () => {
  const unknown = new ScramServer('sha1', async () => undefined, { draw: sha1.draw });
  assert.deepEqual(await unknown.step(utf8(sha1.clientFirst)), { challenge: utf8(sha1.serverFirst) });
  const wrong = await finalStep(`c=biws,${nonce},p=A0X8v3Bz2T0CJGbJQyF0X+HI4Ts=`);
  assert.deepEqual(await unknown.step(utf8(sha1.clientFinal)), wrong);
});

test('nonce and salt are drawn anew each time', async () => {
  const challenges = new Set<string>();
  for (let i = 0; i < 5; i++) {
    const step = await new ScramServer('sha1', lookup).step(utf8(sha1.clientFirst));
    assert.ok('challenge' in step);
    for (const part of Buffer.from(step.challenge).toString().split(',').slice(0, 2)) challenges.add(part);
  }
  assert.equal(challenges.size, 10);
});
