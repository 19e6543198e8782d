import assert from 'node:assert/strict';
import { test } from 'node:test';
import { htmlToText } from './html.ts';

/** What an HTML text becomes, line by line. */
const ROWS: readonly [what: string, html: string, lines: readonly string[]][] = [
  ['paragraphs and breaks', '<p>One\n two<p>Three<br>four', ['One two', '', 'Three', 'four']],
  ['white space', 'a <b> b</b>  <i>c </i>d', ['a b c d']],
  ['headings', '<h1>Top</h1><h2>Below</h2><h3>Deep</h3>x', ['Top', '===', '', 'Below', '-----', '', 'Deep', '', 'x']],
  ['lists', '<ul><li>a<li>b<ol start=3><li>c<li>d</ol></ul>e', ['* a', '* b', '', '  3. c', '  4. d', '', 'e']],
  ['quotes', '<blockquote>a<blockquote>b</blockquote></blockquote>c', ['> a', '>', '>> b', '', 'c']],
  ['kept space', '<pre>a\n  b\n\nc</pre>', ['a', '  b', '', 'c']],
  ['entities', '&lt;b&gt; &amp;amp; &euro;&nbsp;5', ['<b> &amp; €\u00a05']],
  [
    'images',
    '<img alt="a cat" src=http://x.test/><img src=http://x.test/pixel><img src=cid:1>',
    ['[image: a cat][image]'],
  ],
  ['what nobody sees', '<style>b{}</style><script>x()</script><p style="display:none">no<p hidden>no<p>yes', ['yes']],
  ['a rule', 'a<hr>b', ['a', '-'.repeat(40), 'b']],
];

for (const [what, html, lines] of ROWS) {
  test(`text of HTML: ${what}`, async () => {
    assert.deepEqual((await htmlToText(html)).split('\n'), lines);
  });
}

test('links are numbered where they stand, once each, and listed at the end', async () => {
  const html =
    '<p>See <a href="https://x.test/a">here</a>, <a href="mailto:ann@x.test">write</a>, or <a href="https://x.test/a">again</a>. <a href="https://x.test/b">https://x.test/b</a>';
  assert.equal(
    await htmlToText(html),
    'See here [1], write [2], or again [1]. https://x.test/b\n\n[1] https://x.test/a\n[2] mailto:ann@x.test',
  );
});

test('a link whose text names another host says where it leads', async () => {
  const text = await htmlToText(
    '<a href="https://evil.test/x">https://bank.example/login</a> <a href="https://www.ok.test">ok.test</a>',
  );
  assert.match(text, /^https:\/\/bank\.example\/login \[1: leads to evil\.test\] ok\.test \[2\]\n/);
});

test('what is no page and no letter is not listed as a link', async () => {
  for (const href of [
    'javascript:alert(1)',
    'java\nscript:alert(1)',
    'file:///etc/passwd',
    'data:text/html,x',
    '\\\\host\\share',
    'smb://h/x',
  ]) {
    const text = await htmlToText(`<a href="${href}">click</a>`);
    assert.equal(text, `click (${href.replace('\n', '')})`);
  }
  assert.equal(await htmlToText('<a href="#top">up</a> <a href="page.html">page</a>'), 'up page');
});

test('tables with data are columns, numbers to the right', async () => {
  const html =
    '<table><tr><th>Item<th>Price<tr><td>Tea<td>3.50 €<tr><td>Biscuits<td>12.00 €</table><table border=1><tr><td>a<td>b</table>';
  assert.deepEqual((await htmlToText(html)).split('\n'), [
    'Item        Price',
    '--------  -------',
    'Tea        3.50 €',
    'Biscuits  12.00 €',
    '',
    'a  b',
  ]);
});

test('a table that is too wide is written row by row', async () => {
  const html = `<table><tr><th>Name<th>Text<tr><td>one<td>${'word '.repeat(20)}<tr><td>two<td>short</table>`;
  const text = await htmlToText(html, { columns: 40 });
  assert.equal(text, `Name: one\nText: ${'word '.repeat(20).trim()}\n\nName: two\nText: short`);
});

test('tables that arrange a page flow, and what is in them is laid out as elsewhere', async () => {
  const html = `<table width=600><tr><td><table><tr><td><h3>News</h3><p>${'long text '.repeat(12)}</p></td></tr></table></td><td>Side</td></tr><tr><td>Total:<td>5</table>`;
  assert.deepEqual((await htmlToText(html)).split('\n'), [
    'News',
    '',
    'long text '.repeat(12).trim(),
    'Side',
    'Total:  5',
  ]);
});

test('columns are measured by whoever knows the terminal', async () => {
  const wide = (text: string) => Array.from(text).reduce((sum, letter) => sum + (letter > '\u1000' ? 2 : 1), 0);
  const html = '<table><tr><th>字<th>x<tr><td>漢字漢字<td>y</table>';
  assert.deepEqual((await htmlToText(html, { width: wide })).split('\n'), [
    '字        x',
    '--------  -',
    '漢字漢字  y',
  ]);
});

test('no control character comes out', async () => {
  const text = await htmlToText('a\u001b[31mb&#27;c&#x9b;d<br>e\u0007\u0085f');
  assert.match(text, /^[^\p{Cc}]*\n?[^\p{Cc}]*\n?[^\p{Cc}]*$/u);
});

test('what pads a newsletter is no text, and joiners stay where they join', async () => {
  const padding = '&zwnj;&nbsp;&#847;&nbsp;&#8203;&nbsp;&shy;&#8199;&#65279; '.repeat(50);
  assert.equal(
    await htmlToText(`<p>News for you ${padding}</p><p>${padding}</p><p>Dear Ann`),
    'News for you\n\nDear Ann',
  );
  assert.equal(await htmlToText('Donau&shy;dampf&#8203;schiff&#8288;fahrt'), 'Donaudampfschifffahrt');
  for (const joined of ['می\u200cخواهم', '👩\u200d💻', 'क्\u200dष'])
    assert.equal(await htmlToText(`<p>${joined}`), joined);
  // What turns the direction round stays, for whoever prints it to show.
  assert.equal(await htmlToText('a\u202eb'), 'a\u202eb');
});

test('invisible characters do not hide where a link leads', async () => {
  const text = await htmlToText('<a href="https://evil.test/">bank&#8203;.exam&shy;ple</a>');
  assert.equal(text, 'bank.example [1: leads to evil.test]\n\n[1] https://evil.test/');
});

test('documents made to hurt give some text', async () => {
  const hostile = {
    nested: `${'<b>'.repeat(300_000)}deep`,
    unclosed: `${'<div>'.repeat(300_000)}deep`,
    mismatched: `${'<p><td></x>'.repeat(100_000)}deep`,
    crossed: `${'<i><b>'.repeat(200)}${'</u>'.repeat(400_000)}deep`,
    quotes: `${'<blockquote>a'.repeat(400)}${'<br>x'.repeat(300_000)}deep`,
    tables: `${'<table><tr><td>'.repeat(160)}${'<br>x'.repeat(300_000)}deep`,
    cells: `<table><tr>${'<td colspan=1000>x'.repeat(100_000)}deep`,
    rows: `<table>${'<tr><td>x<td>y'.repeat(100_000)}deep`,
    short: `<table>${'<tr><td>x'.repeat(200_000)}deep`,
    heading: `<h1>${'x<br>'.repeat(300_000)}deep</h1>`,
    entities: `${'&amp;'.repeat(400_000)}deep`,
    angles: `${'<'.repeat(1_000_000)} deep`,
    addresses: `${'http://.@'.repeat(120_000)}deep`,
    links: `${'<a href=http://x.test/>y</a>'.repeat(70_000)}deep`,
    inline: `${'<b>a</b>'.repeat(200_000)}deep`,
  };
  for (const [name, html] of Object.entries(hostile)) {
    assert.ok((await htmlToText(html)).includes('deep'), name);
  }
});

test('past every bound the source is shown, and a document that is cut says so', async () => {
  const html = `${'<b>'.repeat(501)}<i>deep</i>`;
  assert.equal(await htmlToText(html), html);
  assert.match(await htmlToText(`<p>${'word '.repeat(500_000)}`), /word\n…$/);
});
