import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { imageSize } from '../mime/image-size.ts';
import { detectProtocol, encodeImage, readProtocol } from './images.ts';
import { decodePixels, shrink } from './pixels.ts';
import { toSixel } from './sixel.ts';

/** Every pixel another colour of the 216 that sixels have here. */
function pattern(width: number, height: number) {
  const data = Buffer.alloc(width * height * 4, 255);
  for (let at = 0; at < width * height; at += 1) {
    for (const channel of [0, 1, 2]) data[at * 4 + channel] = (Math.floor(at / 6 ** channel) % 6) * 51;
  }
  return { width, height, data };
}

function png(width: number, height: number): Buffer {
  const image = new PNG({ width, height });
  image.data = pattern(width, height).data;
  return PNG.sync.write(image);
}

const JPEG = jpeg.encode({ width: 20, height: 10, data: Buffer.alloc(800, 120) }, 90).data;
const GIF = Buffer.from('R0lGODlhBQADAAAAACH5BAEAAAAALAAAAAAFAAMAAAIDhI8FADs=', 'base64');

async function drawn(octets: Buffer, protocol: 'kitty' | 'iterm' | 'sixel'): Promise<string> {
  return ((await encodeImage(octets, protocol, 80)) ?? []).join('');
}

/** What a terminal would draw: the colours of the pixels as the palette has them. */
function drawSixel(sequence: string): Map<string, string> {
  const [, body = ''] = /^\x1bP0;1q"1;1;\d+;\d+(.*)\x1b\\$/.exec(sequence) ?? [];
  const palette = new Map<string, string>();
  const drawn = new Map<string, string>();
  let [x, top, colour] = [0, 0, ''];
  for (const [token, number, definition, count, repeated] of body.matchAll(
    /#(\d+)(?:;2;([\d;]+))?|!(\d+)([?-~])|[$-]|[?-~]/g,
  )) {
    if (definition !== undefined) palette.set(number ?? '', definition);
    else if (number !== undefined) colour = palette.get(number) ?? 'unknown';
    else if (token === '$') x = 0;
    else if (token === '-') [x, top] = [0, top + 6];
    else {
      const bits = (repeated ?? token).charCodeAt(0) - 63;
      for (let left = Number(count ?? 1); left > 0; left -= 1, x += 1) {
        for (let bit = 0; bit < 6; bit += 1) if (bits & (1 << bit)) drawn.set(`${x},${top + bit}`, colour);
      }
    }
  }
  return drawn;
}

test('the size of an image is known from its first octets', () => {
  assert.deepEqual(imageSize(png(30, 7)), { format: 'png', width: 30, height: 7 });
  assert.deepEqual(imageSize(JPEG), { format: 'jpeg', width: 20, height: 10 });
  assert.deepEqual(imageSize(GIF), { format: 'gif', width: 5, height: 3 });
  for (const image of [png(30, 7), JPEG, GIF]) {
    for (let end = 0; end < 10; end += 1) assert.equal(imageSize(image.subarray(0, end)), undefined);
  }
  for (const text of ['', '<svg/>', 'BM', '\x89PNG', '\xff\xd8'.repeat(100), '\xff\xd8\xff\xe0\0\0']) {
    assert.equal(imageSize(Buffer.from(text, 'latin1')), undefined);
  }
});

test('sixels draw the pixels of the image', () => {
  const image = pattern(25, 13);
  image.data[3] = 0;
  const drawn = drawSixel(toSixel(image));
  assert.equal(drawn.size, 25 * 13 - 1);
  for (let at = 1; at < 25 * 13; at += 1) {
    const colour = [0, 1, 2].map((channel) => Math.round(((image.data[at * 4 + channel] ?? 0) * 100) / 255)).join(';');
    assert.equal(drawn.get(`${at % 25},${Math.floor(at / 25)}`), colour, `pixel ${at}`);
  }
});

test('a large image becomes as small as there is room', () => {
  const { width, height, data } = shrink(pattern(400, 100), 80, 640);
  assert.deepEqual([width, height, data.length], [80, 20, 80 * 20 * 4]);
});

test('kitty gets PNG as it is, in chunks, and everything else as pixels', async () => {
  const image = png(120, 120);
  const sent = await drawn(image, 'kitty');
  const chunks = [...sent.matchAll(/\x1b_G([^;]*);([^\x1b]*)\x1b\\/g)];
  assert.match(chunks[0]?.[1] ?? '', /^a=T,q=2,f=100,c=15,m=[01]$/);
  assert.match(chunks.at(-1)?.[1] ?? '', /m=0$/);
  assert.ok(chunks.every(([, , data = '']) => data.length <= 4096));
  assert.deepEqual(Buffer.from(chunks.map(([, , data]) => data).join(''), 'base64'), image);
  assert.match(await drawn(JPEG, 'kitty'), /^\x1b_Ga=T,q=2,f=32,s=20,v=10,c=3,m=0;/);
  assert.equal(await encodeImage(GIF, 'kitty', 80), undefined);
});

test('iTerm2 gets the file, sixel terminals what can be decoded', async () => {
  assert.equal(
    await drawn(GIF, 'iterm'),
    `\x1b]1337;File=inline=1;size=${GIF.length};width=1:${GIF.toString('base64')}\x07`,
  );
  assert.match(await drawn(JPEG, 'sixel'), /^\x1bP0;1q"1;1;20;10#/);
  assert.equal(await encodeImage(GIF, 'sixel', 80), undefined);
});

test('nothing is decoded that says it is large, and nothing that is broken', async () => {
  const bomb = png(3, 3);
  bomb.writeUInt32BE(60_000, 16);
  bomb.writeUInt32BE(60_000, 20);
  for (const protocol of ['kitty', 'iterm', 'sixel'] as const)
    assert.equal(await encodeImage(bomb, protocol, 80), undefined);
  assert.equal(await decodePixels(png(30, 30).subarray(0, 60)), undefined);
  assert.equal(await encodeImage(Buffer.from('\x1b]0;owned\x07'), 'iterm', 80), undefined);
});

/** One pixel; of an interlaced image nothing says how much its data may unpack to before it is unpacked. */
function pixelPng(interlaced: boolean): Buffer {
  const image = png(1, 1);
  image.writeUInt8(interlaced ? 1 : 0, 28);
  image.writeUInt32BE(crc32(image.subarray(12, 29)), 29);
  return image;
}

/** A grey JPEG in a frame of the progressive kind, with as many passes over it as are asked for, two octets of data each. */
function passes(count: number): Buffer {
  const segment = (marker: number, ...data: number[]) => [0xff, marker, 0, data.length + 2, ...data];
  const tables = [
    ...segment(0xdb, 0, ...Array<number>(64).fill(1)),
    ...segment(0xc2, 8, 0, 8, 0, 8, 1, 1, 0x11, 0),
    ...segment(0xc4, 0x10, 1, ...Array<number>(15).fill(0), 0),
  ];
  const pass = [...segment(0xda, 1, 1, 0x10, 1, 63, 0), 0x7f, 0x7f];
  return Buffer.from([0xff, 0xd8, ...tables, ...Array<number[]>(count).fill(pass).flat(), 0xff, 0xd9]);
}

test('what would unpack without a bound, or be gone over without end, is not decoded', async () => {
  assert.equal((await decodePixels(pixelPng(false)))?.width, 1);
  assert.equal(await decodePixels(pixelPng(true)), undefined);
  assert.equal((await decodePixels(passes(30)))?.width, 8);
  assert.equal(await decodePixels(passes(5000)), undefined);
});

test('only the environment says what a terminal can show', () => {
  const rows: readonly [env: Record<string, string>, protocol: string][] = [
    [{ TERM: 'xterm-kitty' }, 'kitty'],
    [{ TERM: 'xterm-256color', KITTY_WINDOW_ID: '1' }, 'kitty'],
    [{ TERM: 'xterm-ghostty' }, 'kitty'],
    [{ TERM: 'xterm-256color', TERM_PROGRAM: 'iTerm.app' }, 'iterm'],
    [{ TERM: 'xterm-256color', TERM_PROGRAM: 'WezTerm' }, 'iterm'],
    [{ TERM: 'foot' }, 'sixel'],
    [{ TERM: 'xterm-sixel' }, 'sixel'],
    [{ TERM: 'xterm-256color' }, 'none'],
    [{ TERM: 'xterm-kitty', TMUX: 'x' }, 'none'],
    [{ TERM: 'screen', KITTY_WINDOW_ID: '1' }, 'none'],
    [{}, 'none'],
  ];
  for (const [env, protocol] of rows) assert.equal(detectProtocol(env), protocol, JSON.stringify(env));
  assert.equal(readProtocol('sixel'), 'sixel');
  assert.throws(() => readProtocol('3'), { code: 'bad-images' });
});
