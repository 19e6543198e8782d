/**
 * What must hold of every run of the program, whatever it was given: no secret is shown, the end is one that is
 * documented, what is printed is text and nothing else, and what is written is ours alone.
 */
import assert from 'node:assert/strict';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT_CODES } from '../../src/cli/exit-codes.ts';
import type { Ended } from './program.ts';

/** The styles of the program, how it redraws a line, and the line ends a terminal makes: all it may send to one. */
const OWN = /\x1b\[(?:1|2|22|31|32|33|39)m|\r\x1b\[K|\r+\n/g;

/** Code points, said by other means than the program's: no C0 but LF and TAB, no C1, bidi control, separator, tag, surrogate. */
const UNSAFE: readonly (readonly [from: number, to: number])[] = [
  [0x00, 0x08], [0x0b, 0x1f], [0x7f, 0x9f], [0x61c, 0x61c], [0x200b, 0x200b], [0x200e, 0x200f], [0x2028, 0x202e], [0x2060, 0x206f],
  [0xd800, 0xdfff], [0xfeff, 0xfeff], [0xfff9, 0xfffb], [0xe0000, 0xe007f],
]; // biome-ignore format: a table

/** Nothing in what was printed can drive, confuse or deceive a terminal. */
export function assertSafeText(text: string, what: string, { terminal = false } = {}): void {
  const rest = terminal ? text.replace(OWN, '\n') : text;
  for (let at = 0; at < rest.length; at += 1) {
    const code = rest.codePointAt(at) ?? 0;
    if (code < 0x7f && code >= 0x20) continue;
    if (UNSAFE.some(([from, to]) => code >= from && code <= to))
      assert.fail(`${what}: U+${code.toString(16)} in ${JSON.stringify(rest.slice(Math.max(0, at - 40), at + 60))}`);
    if (code > 0xffff) at += 1;
  }
}

/** It ended by itself, with an exit code that is documented, and without a stack trace or a fault of our own. */
export function assertEnded({ code, stdout, stderr }: Ended, what: string): void {
  assert.ok(
    EXIT_CODES.some((each) => each.code === code && code !== 70),
    `${what}: ended with ${code}: ${stderr}`,
  );
  assert.doesNotMatch(stderr, /\n\s+at .*:\d+|node:internal|fault of Posthorn/, what);
  assert.doesNotMatch(stdout, /\n\s+at .*:\d+:\d+\)?$/m, what);
}

/** Everything below a folder is ours alone: files 0600, folders 0700. */
export function assertPrivate(folder: string): void {
  for (const name of ['.', ...(readdirSync(folder, { recursive: true }) as string[])]) {
    const found = lstatSync(join(folder, name));
    assert.equal((found.mode & 0o777).toString(8), found.isDirectory() ? '700' : '600', join(folder, name));
  }
}
