import assert from 'node:assert/strict';
import { test } from 'node:test';
import { UsageError } from '../errors.ts';
import { parseDeliverTarget } from './deliver-target.ts';

test('places to deliver to', () => {
  const parse = (text: string) => parseDeliverTarget(text, '/home/ann');
  assert.equal(parse('mailbox'), undefined);
  assert.deepEqual(parse('maildir:~/Mail/in'), { kind: 'maildir', path: '/home/ann/Mail/in' });
  assert.deepEqual(parse('mbox:/var/mail/ann'), { kind: 'mbox', path: '/var/mail/ann' });
  assert.deepEqual(parse('mda:/usr/bin/procmail -d ann'), { kind: 'mda', command: '/usr/bin/procmail -d ann' });
  const socket = parse('lmtp+unix://ann%40example.org@/run/lmtp');
  assert.ok(socket?.kind === 'lmtp');
  assert.deepEqual([socket.recipient, socket.url.path, socket.url.user], ['ann@example.org', '/run/lmtp', undefined]);
  assert.deepEqual(parse('lmtp://mx.example.org')?.kind, 'lmtp');
  for (const text of ['', 'Mail/in', 'maildir:', 'maildir:Mail', 'mbox:~ann/x', 'mda: ', 'smtp://host', 'pipe:x'])
    assert.throws(() => parse(text), UsageError, text);
});
