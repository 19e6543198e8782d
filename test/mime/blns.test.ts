/**
 * The Big List of Naughty Strings, each as subject, display name and file name: composed, then read by us, by Python's
 * `email` and by mailparser. What one of them reads otherwise is named here with its reason.
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { simpleParser } from 'mailparser';
import { UsageError } from '../../src/errors.ts';
import { makeAddress } from '../../src/mime/address.ts';
import { compose } from '../../src/mime/compose.ts';
import { readMessage } from '../../src/mime/message.ts';
import { collect, stream } from '../../src/mime/support.test.ts';

const list = join(import.meta.dirname, '../../../shared/corpus/blns/blns.json');
const strings = existsSync(list) ? (JSON.parse(readFileSync(list, 'utf8')) as string[]) : [];

interface Reading {
  readonly subject: string;
  readonly name: string;
  readonly file: string;
}

interface Case {
  readonly text: string;
  readonly octets: Buffer;
}

async function composed(text: string): Promise<Case> {
  const message = compose({
    from: makeAddress(text, 'ann', 'example.org'),
    to: [makeAddress('', 'bob', 'example.net')],
    subject: text,
    text: 'hello',
    attachments: [{ name: text, open: () => stream(Buffer.from('content')) }],
  });
  return { text, octets: await collect(message.chunks()) };
}

async function byUs({ octets }: Case): Promise<Reading> {
  const { subject, from, attachments, defects } = await readMessage(octets);
  assert.deepEqual(defects, []);
  return { subject, name: from[0]?.name ?? '', file: attachments[0]?.fileName ?? '' };
}

async function byMailparser({ octets }: Case): Promise<Reading> {
  const { subject = '', from, attachments } = await simpleParser(octets);
  return { subject, name: from?.value[0]?.name ?? '', file: attachments[0]?.filename ?? '' };
}

const PYTHON = `
import sys, json, base64, email, email.policy
for line in sys.stdin:
    m = email.message_from_bytes(base64.b64decode(line), policy=email.policy.default)
    file = [p for p in m.walk()][-1]['content-disposition'].params.get('filename')
    print(json.dumps({'subject': m['subject'] or '', 'name': m['from'].addresses[0].display_name, 'file': file or ''}))
`;

function byPython(cases: readonly Case[]): Reading[] {
  const input = cases.map(({ octets }) => octets.toString('base64')).join('\n');
  const { stdout, stderr } = spawnSync('python3', ['-c', PYTHON], { input, maxBuffer: 1 << 26 });
  assert.equal(stderr.toString(), '');
  return stdout
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Reading);
}

/** The strings of which a reading differs in one place, without white space at their ends. */
function differing(cases: readonly Case[], readings: readonly Reading[], place: keyof Reading): string[] {
  return cases.flatMap(({ text }, index) => (readings[index]?.[place].trim() === text.trim() ? [] : [text]));
}

const noPython = spawnSync('python3', ['-c', 'import email.policy']).status !== 0 && 'python3 is not here';

describe('naughty strings', { skip: strings.length > 0 ? false : 'the list is not here' }, () => {
  const cases: Case[] = [];
  const refused: string[] = [];
  before(async () => {
    for (const text of strings) {
      try {
        cases.push(await composed(text));
      } catch (error) {
        if (!(error instanceof UsageError)) throw error;
        assert.equal(error.code, 'bad-header');
        refused.push(text);
      }
    }
  });

  test('only those with control characters or line separators are refused', () => {
    assert.equal(strings.length, 515);
    assert.equal(refused.length, 7);
    for (const text of refused) assert.match(text, /[\p{Cc}\u2028\u2029]/u);
  });

  test('each comes back as it was', async () => {
    const readings: Reading[] = [];
    for (const each of cases) readings.push(await byUs(each));
    for (const place of ['subject', 'name', 'file'] as const)
      assert.deepEqual(differing(cases, readings, place), [], place);
  });

  test('Python reads the same, but for spaces in long names', { skip: noPython }, () => {
    const readings = byPython(cases);
    assert.deepEqual(differing(cases, readings, 'subject'), []);
    assert.deepEqual(differing(cases, readings, 'file'), []);
    // Its `email` keeps the space between two encoded-words of a phrase, which is none (RFC 2047 §6.2).
    const several = ({ octets }: Case) =>
      (/^From:(?:.*\r\n )*.*/m.exec(octets.toString('latin1'))?.[0].match(/=\?UTF-8/g) ?? []).length > 1;
    const short = cases.flatMap((each, index) => (several(each) ? [] : [[each, readings[index]] as const]));
    assert.ok(short.length > 400);
    assert.deepEqual(
      differing(
        short.map(([each]) => each),
        short.map(([, reading]) => reading as Reading),
        'name',
      ),
      [],
    );
    const squeezed = (text = '') => text.replace(/\s+/g, '');
    for (const [index, { text }] of cases.entries()) assert.equal(squeezed(readings[index]?.name), squeezed(text));
  });

  test('mailparser reads the same', async () => {
    const readings: Reading[] = [];
    for (const each of cases) readings.push(await byMailparser(each));
    for (const place of ['subject', 'name', 'file'] as const)
      assert.deepEqual(differing(cases, readings, place), [], place);
  });
});
