import assert from 'node:assert/strict';
import { hostname, userInfo } from 'node:os';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatName, isBase, parseName, secondsOf, sortFlags, uniqueBase } from './name.ts';

test('a base name is made of the time and random digits', () => {
  assert.equal(uniqueBase(1700000000.9, new Uint8Array(12).fill(0xab)), '1700000000.Rabababababababab.abababab');
  assert.equal(secondsOf('1700000000.Rab.cd'), 1700000000);
  assert.equal(secondsOf('draft'), 0);
});

test('a name tells neither host nor user', () => {
  const base = uniqueBase(1700000000, new Uint8Array(12));
  assert.ok(!base.includes(hostname()) && !base.includes(userInfo().username));
});

test('names are taken apart and put together', () => {
  assert.deepEqual(parseName('1.a.b:2,SFS'), { base: '1.a.b', flags: 'FS' });
  assert.deepEqual(parseName('1.a.b'), { base: '1.a.b', flags: '' });
  assert.deepEqual(parseName('1.a.b,S=12:2,'), { base: '1.a.b,S=12', flags: '' });
  assert.deepEqual(parseName('1.a.b:1,S'), { base: '1.a.b', flags: '' });
  assert.equal(formatName({ base: '1.a.b', flags: 'TaS1S' }), '1.a.b:2,STa');
});

test('what is no name of a message', () => {
  for (const name of ['', '.', '..', '.hidden', ':2,S']) assert.equal(parseName(name), undefined, name);
  for (const name of ['a/b', 'a:b', 'a\0b', '../x', 'x'.repeat(256)]) assert.ok(!isBase(name), name);
});

test('flags survive a round trip', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      const flags = sortFlags(text);
      assert.deepEqual(parseName(formatName({ base: '1.x.y', flags })), { base: '1.x.y', flags });
    }),
  );
});
