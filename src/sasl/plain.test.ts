import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PlainClient, PlainServer } from './plain.ts';
import { utf8 } from './text.ts';

const lookup = async (user: string) => ({ tim: 'tanstaaftanstaaf', Ursel: 'xipj3plmq' })[user];

test('RFC 4616 §4: the examples', async () => {
  assert.deepEqual(
    await new PlainClient({ user: 'tim', password: 'tanstaaftanstaaf' }).initial(),
    utf8('\0tim\0tanstaaftanstaaf'),
  );
  assert.deepEqual(
    await new PlainClient({ authzid: 'Kurt', user: 'Ursel', password: 'xipj3plmq' }).initial(),
    utf8('Kurt\0Ursel\0xipj3plmq'),
  );
});

test('the server takes an initial response, or asks for the message with an empty challenge', async () => {
  const message = utf8('\0tim\0tanstaaftanstaaf');
  assert.deepEqual(await new PlainServer(lookup).step(message), { user: 'tim' });
  const server = new PlainServer(lookup);
  assert.deepEqual(await server.step(undefined), { challenge: new Uint8Array() });
  assert.deepEqual(await server.step(message), { user: 'tim' });
  assert.ok('failed' in (await server.step(message)), 'a second login in one exchange');
});

test('acting as oneself is permitted, as somebody else not', async () => {
  assert.deepEqual(await new PlainServer(lookup).step(utf8('Ursel\0Ursel\0xipj3plmq')), { user: 'Ursel' });
  assert.ok('failed' in (await new PlainServer(lookup).step(utf8('Kurt\0Ursel\0xipj3plmq'))));
});

const malformed: readonly (readonly [string, Uint8Array])[] = [
  ['nothing', utf8('')],
  ['no NUL', utf8('tim tanstaaftanstaaf')],
  ['one NUL', utf8('tim\0tanstaaftanstaaf')],
  ['NUL in the password', utf8('\0tim\0tanstaaftanstaaf\0')],
  ['NUL in the name', utf8('\0ti\0m\0tanstaaftanstaaf')],
  ['no name', utf8('\0\0tanstaaftanstaaf')],
  ['no password', utf8('\0tim\0')],
  ['not UTF-8', Uint8Array.of(0, 0x74, 0, 0xff)],
  ['a huge field', utf8(`\0tim\0${'x'.repeat(1_000_000)}`)],
];

for (const [what, message] of malformed) {
  test(`the server refuses ${what}`, async () => {
    assert.ok('failed' in (await new PlainServer(lookup).step(message)));
  });
}

test('a failure shows no password', async () => {
  const verdict = await new PlainServer(lookup).step(utf8('\0tim\0wrong horse'));
  assert.ok('failed' in verdict && !verdict.failed.includes('horse'));
});
