/**
 * How a journal is written: a line holds what one append wrote, `<crc32, 8 hex><length, 8 hex> <JSON array of records>`.
 *
 * Why: a power cut can only spoil the last line. The length tells a spoilt last line (too short, or overwritten) from a
 * lost line break, which would swallow a good line. What this file must never know: what the records mean, and when a line
 * is durable.
 */
import type { FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/** Octets of a line in front of its records: they tell it from any other. */
export const PREFIX = 17;
export const LINE_LIMIT = 64 * 1024 * 1024;
const LF = 0x0a;
const STEP = 1024 * 1024;
/** The first line: what the file is, and the version of its format. */
export const HEADER = encode([['posthorn-journal', 1]]);

/** A line with these records, and its LF. */
export function encode(records: readonly unknown[]): Buffer {
  const body = Buffer.from(JSON.stringify(records));
  return Buffer.concat([Buffer.from(`${hex(crc32(body))}${hex(body.length)} `), body, Buffer.of(LF)]);
}

/** The records of a whole and sound line, otherwise `undefined`. */
export function decode(line: Buffer): unknown[] | undefined {
  const body = line.subarray(PREFIX, -1);
  const prefix = line.toString('latin1', 0, PREFIX);
  if (line.at(-1) !== LF || prefix !== `${hex(crc32(body))}${hex(body.length)} `) return undefined;
  try {
    const value: unknown = JSON.parse(body.toString());
    return Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** The first line, or what a crash can leave of it: its beginning, or zeros. A file of another kind is never cut. */
export function isHeader(line: Buffer, batch: unknown[] | undefined): boolean {
  if (batch !== undefined) return line.equals(HEADER);
  return HEADER.subarray(0, line.length).equals(line) || line.every((byte) => byte === 0);
}

/** Whether a bad line is longer than it says: then a line break is missing, and a crash does not do that. */
export function swallowed(line: Buffer): boolean {
  const length = /^[0-9a-f]{8}([0-9a-f]{8}) $/.exec(line.toString('latin1', 0, PREFIX))?.[1];
  return length !== undefined && line.length > PREFIX + Number.parseInt(length, 16) + 1;
}

/** The lines with their LF, the last one perhaps without. One past the limit is handed on as far as it was read. */
export async function* lines(file: FileHandle, from: number): AsyncGenerator<Buffer, void, undefined> {
  let parts: Buffer[] = [];
  let length = 0;
  for (let position = from; ; ) {
    const buffer = Buffer.allocUnsafe(STEP);
    const { bytesRead } = await file.read(buffer, 0, STEP, position);
    if (bytesRead === 0 || length > LINE_LIMIT) break;
    position += bytesRead;
    let rest = buffer.subarray(0, bytesRead);
    for (let lf = rest.indexOf(LF); lf !== -1; lf = rest.indexOf(LF)) {
      yield Buffer.concat([...parts, rest.subarray(0, lf + 1)]);
      parts = [];
      length = 0;
      rest = rest.subarray(lf + 1);
    }
    parts.push(rest);
    length += rest.length;
  }
  if (length > 0) yield Buffer.concat(parts);
}

function hex(value: number): string {
  return value.toString(16).padStart(8, '0');
}
