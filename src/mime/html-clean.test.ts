import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Parser } from 'htmlparser2';
import { WAYS } from '../../test/support/remote-content.ts';
import { cleanPage } from './html-clean.ts';

const NOTHING = { header: [], warnings: [], title: 't', images: new Map<string, string>() };

async function clean(html: string, images: readonly (readonly [string, string])[] = []): Promise<string> {
  const page = await cleanPage([html], { ...NOTHING, images: new Map(images) });
  return page.slice(page.indexOf('<article>') + 9, page.lastIndexOf('</article>'));
}

const LINK = 'rel="noreferrer noopener" target="_blank"';
const PNG = 'data:image/png;base64,AAAA';

const ROWS: readonly [html: string, cleaned: string][] = [
  ['<p align=center>a<b>b</b>', '<p align="center">a<b>b</b></p>'],
  ['<a href="https://x.test/?a=1&b">x</a>', `<a href="https://x.test/?a=1&amp;b" ${LINK}>x</a>`],
  ['<a href="mailto:a@x.test" onclick=x>x</a>', `<a href="mailto:a@x.test" ${LINK}>x</a>`],
  ['<a href="ja&#10;vascript:x">x</a>', '<a>x</a>'],
  [
    '<a href="\\\\host\\share">x</a><a href="//x.test">y</a><a href="file:///etc/passwd">z</a>',
    '<a>x</a><a>y</a><a>z</a>',
  ],
  ['<a href="page.html">x</a><a href="smb://h/x">y</a><a href="data:text/html,x">z</a>', '<a>x</a><a>y</a><a>z</a>'],
  ['<img src="cid:a@b" alt="x" width=3>', `<img width="3" src="${PNG}" alt="x" />`],
  ['<img src="CID:a%40b">', `<img src="${PNG}" alt="" />`],
  ['<img src="cid:other" alt="&lt;b&gt;">', '<span>[image: &lt;b&gt;]</span>'],
  ['<img src="data:image/svg+xml;base64,AAAA">', '<span></span>'],
  [`<img src="${PNG}">`, `<img src="${PNG}" alt="" />`],
  ['<p style="color:red;background:url(x);position:fixed;margin:1px">x', '<p style="color:red;margin:1px">x</p>'],
  ['<p style="background:rgb(1, 2, 3);width:expression(x)">x', '<p style="background:rgb(1, 2, 3)">x</p>'],
  ['<script>x</script><style>y</style><title>z</title><svg><b>q</b></svg>r', 'r'],
  ['a\u0000\u001b[31m\u009bb', 'a[31mb'],
];

for (const [html, cleaned] of ROWS) {
  test(`cleans ${JSON.stringify(html).slice(0, 70)}`, async () =>
    assert.equal(await clean(html, [['a@b', PNG]]), cleaned));
}

test('nothing is left that names a place, but links and images of the message', async () => {
  for (const way of WAYS) {
    const cleaned = await clean(way('http://evil.test/x'));
    const parser = new Parser({
      onopentag(name, attributes) {
        for (const [key, value] of Object.entries(attributes)) {
          const allowed =
            /^(?:align|valign|dir|lang|width|height|color|face|size|border|cellpadding|cellspacing|colspan|rowspan|start|bgcolor|style|alt|rel|target)$/;
          if (name === 'a' && key === 'href') assert.match(value, /^(?:https?:|mailto:)/);
          else if (name === 'img' && key === 'src') assert.match(value, /^data:image\/(?:png|jpeg|gif|webp|bmp);/);
          else assert.match(key, allowed, cleaned);
          if (key !== 'alt' && key !== 'href') assert.doesNotMatch(value, /evil\.test|url|\\/i, cleaned);
        }
        assert.doesNotMatch(name, /^(?:script|style|link|meta|base|form|input|iframe|object|embed|svg|math)$/);
      },
    });
    parser.end(cleaned);
  }
});

test('the policy stands before everything that came from outside', async () => {
  const page = await cleanPage(['<b>x'], {
    ...NOTHING,
    title: '</title><script>',
    header: [['From', '<img>']],
    warnings: ['"&'],
  });
  assert.ok(page.indexOf("default-src 'none'; img-src data:; style-src 'unsafe-inline'") < page.indexOf('<title>'));
  assert.match(page, /<title>&lt;\/title&gt;&lt;script&gt;<\/title>/);
  assert.match(page, /<p><b>From:<\/b> <bdi>&lt;img&gt;<\/bdi><\/p><p class="warning">&quot;&amp;<\/p>/);
});

test('pieces never swallow each other', async () => {
  const page = await cleanPage(['<a href="http://evil.test/?', 'secret', '">x'], NOTHING);
  assert.doesNotMatch(page, /evil\.test[^<]*secret/);
  assert.match(page, /<article>secret<\/article>/);
});

test('documents made to hurt', async () => {
  for (const html of [
    '<b>'.repeat(300_000),
    '<div>'.repeat(100_000),
    `<p style="${'color:red;'.repeat(50_000)}">x`,
    `<p style="color:${'rgb('.repeat(50_000)}">x`,
    '<'.repeat(500_000),
    `<img src="cid:${'a'.repeat(500_000)}">`,
  ]) {
    assert.equal(typeof (await clean(html)), 'string');
  }
});
