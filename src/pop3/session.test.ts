import assert from 'node:assert/strict';
import { test } from 'node:test';
import { COMMANDS, type State, type Verb } from './commands.ts';
import { Session } from './session.ts';

const STATES: readonly State[] = ['authorization', 'transaction', 'update'];
const VERBS = Object.keys(COMMANDS) as Verb[];

function sessionIn(state: State): Session {
  const session = new Session();
  session.state = state;
  return session;
}

test('a session begins with authorization', () => assert.equal(new Session().state, 'authorization'));

test('what is legal in which state is what RFC 1939, 2449, 2595, 5034 and 6856 say', () => {
  const legal = (state: State) => VERBS.filter((verb) => sessionIn(state).permits(verb)).sort();
  assert.deepEqual(legal('authorization'), ['APOP', 'AUTH', 'CAPA', 'LANG', 'PASS', 'QUIT', 'STLS', 'USER', 'UTF8']);
  assert.deepEqual(legal('transaction'), [
    'CAPA',
    'DELE',
    'LANG',
    'LIST',
    'NOOP',
    'QUIT',
    'RETR',
    'RSET',
    'STAT',
    'TOP',
    'UIDL',
  ]);
  assert.deepEqual(legal('update'), []);
});

test('only APOP, AUTH and PASS lead to the transaction state, and only QUIT from there to update', () => {
  const moves = STATES.slice(0, 2).flatMap((state) =>
    VERBS.filter((verb) => sessionIn(state).permits(verb)).flatMap((verb) => {
      const session = sessionIn(state);
      session.succeeded(verb);
      return session.state === state ? [] : [`${verb}: ${state} to ${session.state}`];
    }),
  );
  assert.deepEqual(moves.sort(), [
    'APOP: authorization to transaction',
    'AUTH: authorization to transaction',
    'PASS: authorization to transaction',
    'QUIT: transaction to update',
  ]);
});

test('secrets are known to be secret, and nothing is sent behind what changes the session', () => {
  assert.deepEqual(VERBS.filter((verb) => COMMANDS[verb].secret).sort(), ['APOP', 'AUTH', 'PASS']);
  assert.deepEqual(VERBS.filter((verb) => COMMANDS[verb].last).sort(), ['APOP', 'AUTH', 'PASS', 'QUIT', 'STLS']);
});
