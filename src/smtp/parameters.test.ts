import assert from 'node:assert/strict';
import { suite, test } from 'node:test';
import fc from 'fast-check';
import { SmtpReplyError } from '../errors.ts';
import { announce, formatTime, parseCapabilities, parseTime } from './capabilities.ts';
import { MAIL_PARAMETERS, type MailParameters, type Parameter, RCPT_PARAMETERS } from './parameters.ts';
import { formatCapabilities } from '../wire/capabilities.ts';
import { readParameters } from './received.ts';

const seconds = fc.integer({ min: 1, max: 999_999_999 });
const printable = fc.string({ unit: 'binary-ascii', minLength: 1 }).filter((text) => /^[ -~]+$/.test(text));
const time = fc.date({ min: new Date('2000-01-01'), max: new Date('9999-01-01'), noInvalidDate: true }).map((date) => {
  return new Date(Math.floor(date.getTime() / 1000) * 1000);
});

function plain<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true });
}

const mail: fc.Arbitrary<MailParameters> = fc.record(
  {
    size: fc.nat(),
    body: fc.constantFrom('8bit', 'binary'),
    utf8: fc.constant(true),
    submitter: fc.string({ unit: 'grapheme' }),
    return: fc.constantFrom('full', 'headers'),
    envelopeId: printable.filter((id) => id.length <= 33),
    requireTls: fc.constant(true),
    hold: fc.oneof(plain({ seconds }), plain({ until: time })),
    deliverBy: fc.oneof(
      plain({ seconds, late: fc.constant('return'), trace: fc.boolean() }),
      plain({ seconds: fc.integer({ min: -9999, max: 9999 }), late: fc.constant('notify'), trace: fc.boolean() }),
    ),
    priority: fc.integer({ min: -9, max: 9 }),
  },
  { requiredKeys: [], noNullPrototype: true },
) as fc.Arbitrary<MailParameters>;

const recipient = fc.record(
  {
    notify: fc.oneof(
      fc.constant('never' as const),
      fc.subarray(['success', 'failure', 'delay'] as const, { minLength: 1 }),
    ),
    originalRecipient: plain({
      type: fc.constantFrom('rfc822', 'utf-8', 'x400'),
      address: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** Everything is announced, and nothing bounds it. */
const ALL = new Map([...MAIL_PARAMETERS, ...RCPT_PARAMETERS].map(({ extension }) => [extension, []]));

function write<T>(table: readonly Parameter<T>[], asked: T): [string, string][] {
  return table.flatMap((row) => {
    const value = row.write(asked);
    return value === undefined ? [] : [[row.keyword, value]];
  });
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    assert.ok(error instanceof SmtpReplyError);
    return `${error.replyCode} ${error.enhanced}`;
  }
  throw new Error('nothing was refused');
}

suite('parameters', () => {
  test('what a client writes, a server reads the same, on one line without a space', () => {
    // A time that is past is refused, so that times are compared with a clock of their own elsewhere.
    const future = mail.map(({ hold, ...rest }) => (hold && 'until' in hold ? rest : { hold, ...rest }));
    fc.assert(
      fc.property(future, (asked) => {
        const words = write(MAIL_PARAMETERS, asked);
        for (const [, value] of words) assert.match(value, /^[!-~]*$/);
        const said = Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
        assert.deepEqual(
          readParameters(MAIL_PARAMETERS, words, () => ALL),
          said,
        );
      }),
    );
    fc.assert(
      fc.property(recipient, (asked) => {
        const words = write(RCPT_PARAMETERS, asked);
        for (const [, value] of words) assert.match(value, /^[!-~]*$/);
        assert.deepEqual(
          readParameters(RCPT_PARAMETERS, words, () => ALL),
          asked,
        );
      }),
    );
  });

  test('no value makes a server fail in another way than with 501, 552 or 555', () => {
    const words = fc.array(
      fc.tuple(
        fc.constantFrom(...[...MAIL_PARAMETERS, ...RCPT_PARAMETERS].map(({ keyword }) => keyword), 'X'),
        fc.oneof(fc.string(), fc.stringMatching(/^[\w;:+{}\\-]*$/)),
      ),
    );
    const offered = parseCapabilities(['', 'DSN', 'SIZE 10', 'FUTURERELEASE 10 x', 'DELIVERBY 5', 'MT-PRIORITY']);
    fc.assert(
      fc.property(words, (given) => {
        for (const table of [MAIL_PARAMETERS, RCPT_PARAMETERS] as const) {
          try {
            readParameters(table as readonly Parameter<object>[], given, () => offered);
          } catch (error) {
            assert.ok(error instanceof SmtpReplyError && [501, 552, 555].includes(error.replyCode));
          }
        }
      }),
    );
  });

  test('a parameter is read only where its extension was announced', () => {
    for (const { keyword } of MAIL_PARAMETERS) {
      assert.equal(
        refusal(() => readParameters(MAIL_PARAMETERS, [[keyword, '']], () => new Map())),
        '555 5.5.4',
      );
    }
  });

  test('a message too large is 552, and nothing is looked up where nothing is said', () => {
    const announced = new Map([['SIZE', ['10']]]);
    assert.equal(
      refusal(() => readParameters(MAIL_PARAMETERS, [['SIZE', '11']], () => announced)),
      '552 5.3.4',
    );
    assert.deepEqual(
      readParameters(MAIL_PARAMETERS, [], () => assert.fail()),
      {},
    );
  });
});

suite('what a backend can do', () => {
  const everything = {
    dsn: true,
    requireTls: true,
    futureRelease: { seconds: 60, until: new Date('2030-01-01T00:00:00Z') },
    deliverBy: { least: 5 },
    priority: 'MIXER',
    binary: true,
  };

  test('is announced, a line each', () => {
    assert.deepEqual(formatCapabilities(announce(everything, true, true)), [
      'DSN',
      'REQUIRETLS',
      'FUTURERELEASE 60 2030-01-01T00:00:00Z',
      'DELIVERBY 5',
      'MT-PRIORITY MIXER',
      'BINARYMIME',
    ]);
    assert.deepEqual(formatCapabilities(announce({ deliverBy: {}, priority: true }, false, false)), [
      'DELIVERBY',
      'MT-PRIORITY',
    ]);
  });

  test('without TLS there is no REQUIRETLS, and without CHUNKING nothing binary', () => {
    const names = [...announce(everything, false, false).keys()];
    assert.deepEqual(names, ['DSN', 'FUTURERELEASE', 'DELIVERBY', 'MT-PRIORITY']);
    assert.equal(announce({}, true, true).size, 0);
  });

  test('times go there and back, and what is none is none', () => {
    fc.assert(fc.property(time, (date) => assert.deepEqual(parseTime(formatTime(date)), date)));
    assert.deepEqual(parseTime('2030-01-01T02:00:00.5+02:00'), new Date('2030-01-01T00:00:00.500Z'));
    for (const text of ['', 'tomorrow', '2030-01-01', '2030-01-01T00:00:00', '2030-13-01T00:00:00Z', '0']) {
      assert.equal(parseTime(text), undefined, text);
    }
  });
});
