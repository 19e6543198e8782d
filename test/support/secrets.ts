/** Checks that what was shown and what was thrown holds no password, in none of the forms in which it is sent. */
import assert from 'node:assert/strict';
import { inspect } from 'node:util';

export const USER = 'ann';
export const PASSWORD = 'tops3cret';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** The password, and everything that gives it away: its base64, and the PLAIN message for the users of the tests. */
const SECRETS: readonly string[] = [
  PASSWORD,
  base64(PASSWORD),
  ...[USER, 'ann@example.org'].map((user) => base64(`\0${user}\0${PASSWORD}`)),
  Buffer.from(PASSWORD).toString('hex'),
];

/** `shown`: lines of a transcript, errors, anything. Errors are looked at with their causes and all they carry. */
export function assertNoSecret(...shown: readonly unknown[]): void {
  for (const each of shown) {
    const text =
      typeof each === 'string' ? each : inspect(each, { depth: 8, maxArrayLength: null, maxStringLength: null });
    for (const secret of SECRETS) assert.ok(!text.includes(secret), `a secret was shown: ${text}`);
  }
}
