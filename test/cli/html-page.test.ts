/**
 * `read --html`: whatever a message is made of, a real browser asks nobody for anything and runs nothing; and the copy is
 * nobody else's to read, and gone afterwards.
 */
import assert from 'node:assert/strict';
import { chmodSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { Frame } from 'playwright-core';
import { cleanPage } from '../../src/mime/html-clean.ts';
import { noChromium, startChromium, type Visited } from '../support/chromium.ts';
import { putMessages } from '../support/maildir.ts';
import { makeHome } from '../support/program.ts';
import { WAYS } from '../support/remote-content.ts';
import { noTerminal, startOnTerminal } from '../support/tty.ts';

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const NOTHING = { header: [], warnings: [], title: 't', images: new Map<string, string>() };
/** Milliseconds a page has to do what it should not. */
const PATIENCE = 3000;

const home = await makeHome({ after }, { POSTHORN_PASSWORD: 'hunter2' });
const LETTER = `From: "bank@bank.example" <x@evil.test>
Subject: </title><script>window.ran=1</script>
Content-Type: multipart/related; boundary=b

--b
Content-Type: text/html; charset=utf-8

<p style="color:red;position:fixed">Grüße <a href="https://evil.test/?q=1&amp;r">here</a>
<img src="cid:one%40x" alt=dot><img src="http://evil.test/x" alt="a cat"><img src="cid:nope" alt="">
--b
Content-Type: image/png
Content-ID: <one@x>
Content-Transfer-Encoding: base64

${PIXEL}
--b--
`;
await putMessages(home, [LETTER, 'From: ann@example.org\nSubject: plain\n\n1 < 2 & "3"\n']);

/** Loads pages, each in a frame of its own, and says in how many of them a script ran. */
async function visit({ browser }: Visited, pages: readonly string[]): Promise<number> {
  const frames = pages.map((html, index) => {
    const path = join(home.folder, `frame-${index}.html`);
    writeFileSync(path, html);
    return `<iframe src="${pathToFileURL(path).href}"></iframe>`;
  });
  const outer = join(home.folder, 'frames.html');
  writeFileSync(outer, `<!DOCTYPE html>${frames.join('')}`);
  const context = await browser.newContext();
  const page = await context.newPage();
  // What loads for ever is not waited for.
  await page.goto(pathToFileURL(outer).href, { waitUntil: 'commit' });
  await page.waitForTimeout(PATIENCE);
  assert.ok(page.frames().length > pages.length);
  const flag = async (frame: Frame) =>
    Promise.race([frame.evaluate('window.ran').catch(() => undefined), pause(PATIENCE)]);
  const flags = await Promise.all(page.frames().map(flag));
  assert.equal(context.pages().length, 1);
  await context.close();
  return flags.filter((flag) => flag !== undefined).length;
}

test('no page makes a request, and none runs a script; the same letters uncleaned do', {
  skip: noChromium,
}, async (t) => {
  const visited = await startChromium(t);
  const letters = WAYS.map((way, index) => way(`${visited.origin}/${index}`));
  const cleaned = await Promise.all(letters.map((html) => cleanPage([html], NOTHING)));
  const all = await cleanPage([letters.join('\n'), ...letters], NOTHING);
  assert.equal(await visit(visited, [...cleaned, all]), 0);
  assert.equal(visited.requests.join(), '');
  assert.equal(visited.connections(), 0);
  const ran = await visit(
    visited,
    letters.map((html) => `<!DOCTYPE html><p>${html}`),
  );
  const asked = new Set(visited.requests.map((path) => Number.parseInt(path.slice(1), 10)));
  assert.ok(asked.size > 40, `only ${asked.size} ways work at all`);
  assert.ok(ran > 5, `only ${ran} scripts run at all`);
});

test('the policy alone stops what a cleaner could miss', { skip: noChromium }, async (t) => {
  const visited = await startChromium(t);
  const [head, tail] = (await cleanPage(['MARK'], NOTHING)).split('MARK') as [string, string];
  // A new document, a connection ahead of one, and the icon of the page are not ruled by any policy of the page.
  const beyond = /refresh|rel=(?:dns-prefetch|preconnect|icon|prefetch)|<script>.*submit|manifest=/;
  const letters = WAYS.map((way, index) => way(`${visited.origin}/${index}`)).filter((html) => !beyond.test(html));
  const ran = await visit(
    visited,
    letters.map((html) => head + html + tail),
  );
  assert.equal(ran, 0);
  assert.equal(visited.requests.join(), '');
});

test('what is shown: the letter, its own images, and who sent it', { skip: noChromium }, async (t) => {
  const { stdout, code } = await home.posthorn(['read', '1', '--html']);
  assert.equal(code, 0);
  const visited = await startChromium(t);
  const page = await (await visited.browser.newContext()).newPage();
  const path = join(home.folder, 'shown.html');
  writeFileSync(path, stdout);
  await page.goto(pathToFileURL(path).href);
  assert.equal(await page.title(), '</title><script>window.ran=1</script>');
  assert.equal(await page.locator('header p').first().innerText(), 'From: "bank@bank.example" <x@evil.test>');
  assert.match(await page.locator('.warning').first().innerText(), /looks like the address bank@bank\.example/);
  assert.match(await page.locator('article').innerText(), /^Grüße here +\[image: a cat\]$/);
  assert.equal(await page.evaluate('document.images.length'), 1);
  assert.equal(await page.evaluate('document.images[0].naturalWidth'), 1);
  const style = "getComputedStyle(document.querySelector('article p'))";
  assert.deepEqual(await page.evaluate(`[${style}.color, ${style}.position]`), ['rgb(255, 0, 0)', 'static']);
  const link = page.locator('article a');
  assert.equal(await link.getAttribute('rel'), 'noreferrer noopener');
  const shown = await page.evaluate("getComputedStyle(document.querySelector('article a'), '::after').content");
  assert.equal(shown, '" [https://evil.test/?q=1&r]"');
  assert.equal(visited.requests.join(), '');
});

test('the letter cannot hide or turn round where a link leads', { skip: noChromium }, async (t) => {
  const hiding =
    'font-size:0;letter-spacing:-20px;word-spacing:-99px;text-indent:-999px;color:#fff;text-transform:uppercase';
  const letter = `<bdo dir=rtl style="${hiding}"><a href="https://evil.test/moc.knab//:sptth" style="${hiding}">bank</a></bdo>`;
  const visited = await startChromium(t);
  const page = await (await visited.browser.newContext()).newPage();
  const path = join(home.folder, 'hiding.html');
  writeFileSync(path, await cleanPage([letter], NOTHING));
  await page.goto(pathToFileURL(path).href);
  const style = "getComputedStyle(document.querySelector('article a'), '::after')";
  const names = ['fontSize', 'letterSpacing', 'wordSpacing', 'textIndent', 'color', 'textTransform', 'direction'];
  assert.deepEqual(await page.evaluate(`[${names.map((name) => `${style}.${name}`).join()}]`), [
    '13px',
    'normal',
    '0px',
    '0px',
    'rgb(85, 85, 85)',
    'none',
    'ltr',
  ]);
});

test('a message without HTML is its text', async () => {
  for (const args of [
    ['read', '2', '--html'],
    ['read', '--html', '2', '-'],
  ]) {
    const { code, stdout } = await home.posthorn(args);
    assert.equal(code, 0);
    assert.match(stdout, /<article><pre>1 &lt; 2 &amp; "3"\n<\/pre><\/article>/);
  }
});

test('the copy is private, opened without a shell or secrets, and removed', { skip: noTerminal }, async () => {
  const browser = join(home.folder, 'my browser');
  const seen = join(home.folder, 'seen');
  const script = `#!/bin/sh
for word; do :; done
file=\${word#file://}
{ printf '%s|' "$@"; echo; stat -c '%a' "$file" "$(dirname "$file")"; env; } > '${seen}'
`;
  writeFileSync(browser, script);
  chmodSync(browser, 0o755);
  const run = startOnTerminal(home, ['read', '1', '--html'], {
    BROWSER: `/no/such:"${browser}" -a;touch$IFS${seen}2 'b c'`,
  });
  await run.shows(/Press d when you are done/);
  const [words = '', file, folder, ...env] = readFileSync(seen, 'utf8').split('\n');
  assert.match(words, /^-a;touch\$IFS.*seen2\|b c\|file:\/\/\/.*\/message\.html\|$/);
  assert.deepEqual([file, folder], ['600', '700']);
  assert.doesNotMatch(env.join('\n'), /hunter2/);
  assert.equal(readdirSync(join(home.folder, 'tmp')).filter((name) => name.startsWith('posthorn-')).length, 1);
  run.type('d');
  assert.equal((await run.ended).code, 0);
  assert.deepEqual(readdirSync(join(home.folder, 'tmp')), []);
  assert.ok(!existsSync(`${seen}2`));

  const failing = startOnTerminal(home, ['read', '1', '--html'], { BROWSER: '/no/such:false' });
  const { code, output } = await failing.ended;
  assert.equal(code, 78);
  assert.match(output, /No browser could be started: \/no\/such is not here; false ended with 1\./);
  assert.deepEqual(readdirSync(join(home.folder, 'tmp')), []);

  const stopped = startOnTerminal(home, ['read', '1', '--html'], { BROWSER: 'true' });
  await stopped.shows(/Press d when you are done/);
  stopped.type('\x03');
  assert.equal((await stopped.ended).code, 0);
  assert.deepEqual(readdirSync(join(home.folder, 'tmp')), []);
});

test('options that say two things are refused', async () => {
  for (const args of [
    ['read', '1', '--html', '--raw'],
    ['read', '1', '--html', '--json'],
    ['read', '1', '-'],
    ['read', '1', '2', '--html'],
  ]) {
    assert.equal((await home.posthorn(args)).code, 64, args.join(' '));
  }
});
