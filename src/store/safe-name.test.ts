import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { numberedName, safeFileName } from './safe-name.ts';

const cases: readonly [wanted: string, safe: string][] = [
  ['report.pdf', 'report.pdf'],
  ['Über uns – 2026.pdf', 'Über uns – 2026.pdf'],
  ['../../.bashrc', 'bashrc'],
  ['/etc/passwd', 'passwd'],
  ['..\\..\\boot.ini', 'boot.ini'],
  ['C:\\Windows\\x.dll', 'x.dll'],
  ['C:x.dll', 'C_x.dll'],
  ['\\\\server\\share\\a.txt', 'a.txt'],
  ['%2e%2e%2fetc', '%2e%2e%2fetc'],
  ['..\u2044..\u2215a\uff0fb\uff3cc', '_.._a_b_c'],
  ['a\0b.txt', 'ab.txt'],
  ['', 'attachment'],
  ['.', 'attachment'],
  ['..', 'attachment'],
  ['...', 'attachment'],
  ['folder/', 'folder'],
  ['///', 'attachment'],
  ['CON', '_CON'],
  ['nul.txt', '_nul.txt'],
  ['COM¹', '_COM¹'],
  ['lpt9.tar.gz', '_lpt9.tar.gz'],
  ['aux .txt', '_aux .txt'],
  ['console.txt', 'console.txt'],
  ['name. . .', 'name'],
  ['-rf', 'rf'],
  ['.profile', 'profile'],
  ['~root', 'root'],
  ['a.txt:ads', 'a.txt_ads'],
  ['a\r\nb\x1b[31m.txt', 'ab[31m.txt'],
  ['invoice\u202efdp.exe', 'invoicefdp.exe'],
  ['e\u200b\u0301.txt', '\u00e9.txt'],
  ['a\u00a0\u2003b.txt', 'a b.txt'],
  ['\u3164\u115f\uffa0\u034f', 'attachment'],
  ['a\u{e0041}\ufe0f\uffff.txt', 'a.txt'],
  [' \u2800.\u2800', 'attachment'],
  [`invoice.pdf${' '.repeat(200)}.exe`, 'invoice.pdf .exe'],
  ['\ud800lone.txt', 'lone.txt'],
  ['a|b?c*d"e<f>g', 'a_b_c_d_e_f_g'],
];

for (const [wanted, safe] of cases) {
  test(`${JSON.stringify(wanted)} becomes ${JSON.stringify(safe)}`, () => assert.equal(safeFileName(wanted), safe));
}

test('a long name keeps its ending and whole characters', () => {
  const safe = safeFileName(`${'ü'.repeat(4096)}.pdf`);
  assert.equal(safe, `${'ü'.repeat(125)}.pdf`);
  assert.equal(Buffer.byteLength(safe), 254);
  assert.equal(Buffer.byteLength(safeFileName('x'.repeat(4096))), 255);
  assert.equal(numberedName('x'.repeat(255), 12), `${'x'.repeat(250)} (12)`);
});

test('the number goes before the ending', () => {
  assert.equal(numberedName('report.pdf', 2), 'report (2).pdf');
  assert.equal(numberedName('report', 3), 'report (3)');
});

test('any text becomes one safe component, and stays as it is the second time', () => {
  const piece = fc.constantFrom(
    ...'./\\: -~()',
    '\0',
    '\u202e',
    '\u200b',
    '\u0301',
    '\uff0f',
    'con',
    'NUL',
    '¹',
    '\ud83d',
    '😀',
    'é',
    'K',
  );
  const name = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 400 }),
    fc.array(fc.oneof(piece, fc.string()), { maxLength: 120 }).map((parts) => parts.join('')),
  );
  const property = fc.property(name, fc.integer({ min: 2, max: 99999 }), (wanted, number) => {
    const safe = safeFileName(wanted);
    for (const result of [safe, numberedName(safe, number)]) {
      assert.ok(result !== '' && result !== '.' && result !== '..');
      assert.doesNotMatch(result, /[/\\:\p{Cc}\p{Cs}\p{Bidi_Control}]/u);
      assert.doesNotMatch(result, /^[-.~ ]|[. ]$/);
      assert.ok(Buffer.byteLength(result) <= 255);
      assert.equal(result, result.normalize('NFC'));
    }
    assert.equal(safeFileName(safe), safe);
  });
  fc.assert(property, { numRuns: 2000 });
});
