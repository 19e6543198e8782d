import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AFTER_DOT, COMMANDS, DATA_BLOCK, GREETING, IDLE, type State, type Verb } from './commands.ts';
import { Session } from './session.ts';

const STATES: readonly State[] = ['connected', 'ready', 'mail', 'rcpt', 'bdat', 'closed'];
const VERBS = Object.keys(COMMANDS) as Verb[];

function sessionIn(state: State): Session {
  const session = new Session();
  session.state = state;
  return session;
}

test('what is legal in which state (RFC 5321 §4.1.4)', () => {
  const legal = (state: State) =>
    VERBS.filter((verb) => sessionIn(state).permits(verb))
      .sort()
      .join(' ');
  assert.equal(legal('connected'), 'EHLO EXPN HELO HELP LHLO NOOP QUIT RSET VRFY');
  assert.equal(legal('ready'), 'AUTH EHLO EXPN HELO HELP LHLO MAIL NOOP QUIT RSET STARTTLS VRFY');
  assert.equal(legal('mail'), 'EHLO EXPN HELO HELP LHLO NOOP QUIT RCPT RSET VRFY');
  assert.equal(legal('bdat'), 'BDAT EHLO EXPN HELO HELP LHLO NOOP QUIT RSET VRFY');
  assert.equal(legal('rcpt'), 'BDAT DATA EHLO EXPN HELO HELP LHLO NOOP QUIT RCPT RSET VRFY');
  assert.equal(legal('closed'), '');
});

test('a message goes through its states, and another may follow', () => {
  const session = new Session();
  const path = (['EHLO', 'AUTH', 'MAIL', 'RCPT', 'RCPT', 'DATA', 'MAIL', 'QUIT'] as const).map((verb) => {
    assert.ok(session.permits(verb), verb);
    session.succeeded(verb);
    return session.state;
  });
  assert.deepEqual(path, ['ready', 'ready', 'mail', 'rcpt', 'rcpt', 'ready', 'mail', 'closed']);
});

test('STARTTLS forgets the greeting (RFC 3207 §4.2), EHLO the message', () => {
  const session = sessionIn('ready');
  session.succeeded('STARTTLS');
  assert.equal(session.state, 'connected');
  const other = sessionIn('rcpt');
  other.succeeded('EHLO');
  assert.equal(other.state, 'ready');
});

test('a reset ends a message and greets nobody', () => {
  const after = STATES.map((state) => {
    const session = sessionIn(state);
    session.reset();
    return session.state;
  });
  assert.deepEqual(after, ['connected', 'ready', 'ready', 'ready', 'ready', 'closed']);
});

test('nothing is sent behind what RFC 2920 §3.1 wants last, and only AUTH is secret', () => {
  assert.deepEqual(VERBS.filter((verb) => COMMANDS[verb].last).sort(), [
    'AUTH',
    'DATA',
    'EHLO',
    'EXPN',
    'HELO',
    'LHLO',
    'NOOP',
    'QUIT',
    'STARTTLS',
    'VRFY',
  ]);
  assert.deepEqual(
    VERBS.filter((verb) => COMMANDS[verb].secret),
    ['AUTH'],
  );
});

test('nobody is given less time than RFC 5321 §4.5.3.2 asks for', () => {
  const minutes = (milliseconds: number): number => milliseconds / 60_000;
  const least: Partial<Record<Verb, number>> = {
    MAIL: 5,
    RCPT: 5,
    DATA: 2,
    BDAT: 10,
    RSET: 5,
    VRFY: 5,
    EXPN: 5,
    NOOP: 5,
  };
  for (const [verb, time] of Object.entries(least)) assert.ok(minutes(COMMANDS[verb as Verb].timeout) >= time, verb);
  assert.deepEqual([GREETING, AFTER_DOT, IDLE, DATA_BLOCK].map(minutes), [5, 10, 5, 3]);
});
