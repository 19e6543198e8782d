import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { flowText } from './compose-flowed.ts';

/** RFC 3676 §4.1 to §4.5, from the reader's side: each paragraph a line again. */
function joined(flowed: string): string[] {
  const out: string[] = [];
  let open: { quotes: string; text: string } | undefined;
  for (const line of flowed.split('\n')) {
    const [quotes = ''] = /^>*/.exec(line) ?? [];
    const text = line.slice(quotes.length).replace(/^ /, '');
    if (open !== undefined) assert.equal(open.quotes, quotes, 'a paragraph has one depth');
    const whole: string = (open?.text ?? '') + text;
    open = text.endsWith(' ') && text !== '-- ' ? { quotes, text: whole } : undefined;
    if (open === undefined) out.push(`${quotes}${quotes === '' || whole === '' ? '' : ' '}${whole}`);
  }
  assert.equal(open, undefined, 'the last line is whole');
  return out;
}

test('what is wrapped is the same when it is joined', () => {
  const word = fc.constantFrom('a', 'word', 'From', '>', '--', 'ü'.repeat(9), 'x'.repeat(90), '', '日本');
  const line = fc.array(word, { maxLength: 60 }).map((words) => words.join(' '));
  fc.assert(
    fc.property(fc.array(line, { minLength: 1, maxLength: 6 }), (lines) => {
      const expected = lines.map((each) => {
        if (each === '-- ') return each;
        const [quotes = ''] = /^>(?: ?>)*/.exec(each) ?? [];
        const rest = each.slice(quotes.length).replace(quotes === '' ? '' : /^ /, '');
        const depth = quotes.replaceAll(' ', '');
        if (rest === '-- ' && depth !== '') return `${depth} -- `;
        return `${depth}${depth === '' || rest.trim() === '' ? '' : ' '}${rest.trimEnd()}`;
      });
      assert.deepEqual(joined(flowText(lines.join('\r\n'))), expected);
    }),
  );
});

test('lines are short where there are spaces to break at', () => {
  const text = `${'some words '.repeat(40)}\n> ${'quoted words '.repeat(40)}\n>> twice\n`;
  const lines = flowText(text).split('\n');
  for (const line of lines) assert.ok(line.length <= 78, line);
  assert.ok(lines.filter((line) => line.startsWith('> ')).length > 5);
  assert.equal(lines.at(-2), '>> twice');
});

test('what could be taken for something else is stuffed, and a signature stays one', () => {
  assert.equal(flowText(' indented\nFrom here\n-- \nAnn'), '  indented\n From here\n-- \nAnn');
  assert.equal(flowText('trailing  \n>quoted'), 'trailing\n> quoted');
});
