/** SCRAM with channel binding (RFC 5802 §6), and what becomes of somebody in the middle. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChannelBinding } from './binding.ts';
import type { ClientContext, ServerContext, ServerStep } from './mechanism.ts';
import { findMechanism } from './mechanisms.ts';
import { offeredMechanisms } from './offer.ts';
import { ScramClient, ScramServer } from './scram.ts';
import { chooseMechanism, offersBinding } from './select.ts';
import { base64, utf8 } from './text.ts';

const credentials = { user: 'user', password: 'pencil' };
const verifier = { password: async (user: string) => (user === 'user' ? 'pencil' : undefined) };
const exporter = (text: string): ChannelBinding => ({ type: 'tls-exporter', data: utf8(text) });
const endPoint = (text: string): ChannelBinding => ({ type: 'tls-server-end-point', data: utf8(text) });
const ours = exporter('this connection');

async function login(name: string, client: ClientContext, server: ServerContext, named = name): Promise<ServerStep> {
  const mine = findMechanism(name)?.client(credentials, client);
  const theirs = findMechanism(named)?.server(verifier, server);
  assert.ok(mine !== undefined && theirs !== undefined);
  let step = await theirs.step(await mine.initial());
  while ('challenge' in step) step = await theirs.step(await mine.respond(step.challenge));
  if ('user' in step) mine.finish();
  return step;
}

/** Chooses from an offer as a client does, and logs in to a server that made another offer, perhaps. */
async function chosen(offer: readonly string[], client: ClientContext, server: ServerContext): Promise<ServerStep> {
  const bindable = client.binding !== undefined;
  const { mechanism } = chooseMechanism(offer, { tls: true, insecure: false, bindable });
  assert.ok(mechanism !== undefined);
  return login(mechanism.name, { ...client, bindingOffered: offersBinding(offer) }, server);
}

for (const name of ['SCRAM-SHA-1-PLUS', 'SCRAM-SHA-256-PLUS']) {
  for (const binding of [ours, endPoint('a hash')]) {
    test(`${name} with ${binding.type}: the same channel on both sides`, async () => {
      const server = { bindings: [exporter('this connection'), endPoint('a hash')] };
      assert.deepEqual(await login(name, { binding }, server), { user: 'user' });
    });
  }

  test(`${name}: another connection, another type, a form that was not agreed on`, async () => {
    const client = { binding: ours };
    assert.ok('failed' in (await login(name, client, { bindings: [exporter('another connection')] })));
    assert.ok('failed' in (await login(name, client, { bindings: [endPoint('this connection')] })));
    assert.ok('failed' in (await login(name, client, { bindings: [] })));
    const bare = name.replace('-PLUS', '');
    assert.ok('failed' in (await login(name, client, { bindings: [ours] }, bare)));
    assert.ok('failed' in (await login(bare, {}, { bindings: [ours] }, name)));
  });
}

test('the flag on the wire says what is bound, what could be, and what cannot', async () => {
  const first = async (binding: ChannelBinding | 'unoffered' | 'none') =>
    new TextDecoder().decode(await new ScramClient('sha256', credentials, binding, 'N').initial());
  assert.equal(await first(ours), 'p=tls-exporter,,n=user,r=N');
  assert.equal(await first(endPoint('x')), 'p=tls-server-end-point,,n=user,r=N');
  assert.equal(await first('unoffered'), 'y,,n=user,r=N');
  assert.equal(await first('none'), 'n,,n=user,r=N');
});

test('the header and the value of the channel are repeated under the proof (RFC 5802 §7, cbind-input)', async () => {
  const client = new ScramClient('sha1', credentials, { type: 'tls-exporter', data: Buffer.from([0, 255, 44]) }, 'N');
  await client.initial();
  const final = new TextDecoder().decode(await client.respond(utf8('r=Nx,s=QSXCR+Q6sek8bf92,i=4096')));
  const bound = Buffer.concat([Buffer.from('p=tls-exporter,,'), Buffer.from([0, 255, 44])]);
  assert.ok(final.startsWith(`c=${base64(bound)},r=Nx,p=`));
});

test('an offer from which the bound forms were taken away is noticed, by the server', async () => {
  const server = { bindings: [ours] };
  const offer = offeredMechanisms(verifier, server).map(({ name }) => name);
  assert.deepEqual(await chosen(offer, { binding: ours }, server), { user: 'user' });
  const stripped = offer.filter((name) => !name.endsWith('-PLUS'));
  assert.ok('failed' in (await chosen(stripped, { binding: ours }, server)));
  // Taking only the strongest away leads to another bound form, not to an unbound one.
  const thinned = offer.filter((name) => name !== 'SCRAM-SHA-256-PLUS');
  assert.ok('failed' in (await chosen(thinned, { binding: exporter('the connection to the attacker') }, server)));
  assert.deepEqual(await chosen(thinned, { binding: ours }, server), { user: 'user' });
});

test('a server that cannot bind lets in whoever could, and one that can lets in whoever cannot', async () => {
  assert.deepEqual(await chosen(['SCRAM-SHA-256'], { binding: ours }, {}), { user: 'user' });
  assert.deepEqual(await chosen(['SCRAM-SHA-256', 'SCRAM-SHA-256-PLUS'], {}, { bindings: [ours] }), { user: 'user' });
});

test('a form without -PLUS that was asked for by name is no downgrade', async () => {
  const client = { binding: ours, bindingOffered: true };
  assert.deepEqual(await login('SCRAM-SHA-256', client, { bindings: [ours] }), { user: 'user' });
});

test('a refused binding is said for a person, and what else the server says is not', async () => {
  const client = new ScramClient('sha1', credentials, ours);
  await client.initial();
  await assert.rejects(client.respond(utf8('e=channel-bindings-dont-match')), {
    code: 'auth-rejected',
    message: 'The server refused the credentials (channel-bindings-dont-match).',
    hint: /between you and the server/,
  });
});

for (const flag of [
  'p=',
  'p',
  'p=a b',
  'p=tls-exporter,',
  'P=tls-exporter',
  `p=${'x'.repeat(61)}`,
  'p=tls-unique',
  'y',
]) {
  test(`the server of a bound form refuses ${JSON.stringify(flag)}`, async () => {
    const server = new ScramServer('sha1', verifier.password, { bindings: [ours], plus: true });
    assert.ok('failed' in (await server.step(utf8(`${flag},,n=user,r=N`))));
  });
}
