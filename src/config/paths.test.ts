import assert from 'node:assert/strict';
import { test } from 'node:test';
import { xdgPaths } from './paths.ts';

test('the usual folders below home', () => {
  assert.deepEqual(xdgPaths({}, '/home/ann'), {
    config: '/home/ann/.config/posthorn',
    data: '/home/ann/.local/share/posthorn',
    state: '/home/ann/.local/state/posthorn',
    cache: '/home/ann/.cache/posthorn',
  });
});

test('XDG variables win; empty and relative ones are ignored', () => {
  const env = { XDG_CONFIG_HOME: '/c', XDG_DATA_HOME: '', XDG_STATE_HOME: 'relative', XDG_CACHE_HOME: '../x' };
  assert.deepEqual(xdgPaths(env, '/h'), {
    config: '/c/posthorn',
    data: '/h/.local/share/posthorn',
    state: '/h/.local/state/posthorn',
    cache: '/h/.cache/posthorn',
  });
});
