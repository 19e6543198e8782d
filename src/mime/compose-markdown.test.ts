import assert from 'node:assert/strict';
import { test } from 'node:test';
import { markdownBodies } from './compose-markdown.ts';

const body = async (source: string): Promise<string> => (await markdownBodies(source)).html.trim();

test('Markdown becomes HTML', async () => {
  const { html } = await markdownBodies('# Grüße\n\nHello *world*\n\n- a\n- b\n\n| x | y |\n|---|--:|\n| 1 | 2 |\n');
  assert.match(html, /<h1>Grüße<\/h1>\s*<p>Hello <em>world<\/em><\/p>\s*<ul>\s*<li>a<\/li>/);
  assert.match(html, /<td align="right">2<\/td>/);
  assert.equal(await body('![logo](cid:logo.png)'), '<p><img src="cid:logo.png" alt="logo" /></p>');
});

const HOSTILE: readonly string[] = [
  '<script>alert(1)</script>',
  '<img src=x onerror=alert(1)>',
  '[x](javascript:alert(1))',
  '[x](  JaVaScRiPt:alert(1))',
  '<a href="&#106;avascript:alert(1)">x</a>',
  '<a href="java\nscript:alert(1)">x</a>',
  '![x](javascript:alert(1))',
  '![x](data:text/html;base64,PHNjcmlwdD4=)',
  '![x](file:///etc/passwd)',
  '<iframe src="https://x.test"></iframe>',
  '<svg onload=alert(1)><style>@import "x"</style></svg>',
  '<form action="https://x.test"><input name=a></form>',
  '<base href="https://x.test"><meta http-equiv=refresh content="0;url=x">',
  '<p style="background:url(https://x.test)">x</p>',
  '<!--[if IE]><script>alert(1)</script><![endif]-->',
];

test('what runs, fetches or asks is cleaned out of the HTML', async () => {
  for (const source of HOSTILE) {
    const html = await body(source);
    assert.doesNotMatch(
      html,
      /javascript:|data:|file:|<script|<iframe|<svg|<style|<form|<input|<base|<meta|\son\w+=|style=|<!--/i,
      html,
    );
  }
});

test('the text is the source, made readable', async () => {
  const rows: readonly (readonly [source: string, text: string])[] = [
    ['# Title\n\n*word* and **more**', '# Title\n\n*word* and **more**'],
    ['see [the page](https://example.org/a_(b) "A title")', 'see the page <https://example.org/a_(b)>'],
    ['[https://example.org](https://example.org)', 'https://example.org'],
    ['[write](mailto:ann@example.org)', 'write <ann@example.org>'],
    ['![a chart](cid:chart.png) ![](cid:x.png)', '[a chart] '],
    ['1\\. not a list, 2 \\* 3, \\[x\\](y)', '1. not a list, 2 * 3, [x](y)'],
    ['`[code](x)` and ``\\*``', '`[code](x)` and ``\\*``'],
    ['```\n[code](x) \\*\n```\n[a](b)', '```\n[code](x) \\*\n```\na <b>'],
    ['~~~~\n[a](b)\n~~~\n[a](b)\n~~~~\n[a](b)', '~~~~\n[a](b)\n~~~\n[a](b)\n~~~~\na <b>'],
  ];
  for (const [source, text] of rows) assert.equal((await markdownBodies(source)).text, text);
});

test('what is nested too deeply is refused, and time is bounded', async () => {
  await assert.rejects(markdownBodies('>'.repeat(20_000)), { code: 'bad-markdown' });
  for (const piece of ['[', '[a](', '`', '![', '\\', '<', '*a ', '[a](b "']) {
    assert.ok((await markdownBodies(piece.repeat(20_000))).text.length > 0);
  }
});
