/**
 * Pixels as sixels, the images of DEC's terminals (VT330/VT340 Programmer Reference, chapter 14): bands six pixels high, in
 * each band a line for every colour. Pure.
 */
import type { Pixels } from './pixels.ts';

/** Steps of each of red, green and blue: 216 colours, within the 256 that every such terminal has. */
const STEPS = 6;
const LEVEL = 255 / (STEPS - 1);

/** The control sequence that draws the image; what is transparent is left as it was. */
export function toSixel({ width, height, data }: Pixels): string {
  const bands: string[] = [];
  const used = new Set<number>();
  for (let top = 0; top < height; top += 6) {
    const lines = bandLines({ width, height, data }, top);
    for (const colour of lines.keys()) used.add(colour);
    bands.push(Array.from(lines, ([colour, line]) => `#${colour}${compressed(line)}`).join('$'));
  }
  const palette = Array.from(used, (colour) => `#${colour};2;${components(colour).join(';')}`);
  return `\x1bP0;1q"1;1;${width};${height}${palette.join('')}${bands.join('-')}\x1b\\`;
}

/** For each colour in a band, which of the six pixels of each column have it, as bits. */
function bandLines({ width, height, data }: Pixels, top: number): Map<number, Uint8Array> {
  const lines = new Map<number, Uint8Array>();
  for (let y = top; y < Math.min(top + 6, height); y += 1) {
    for (let x = 0; x < width; x += 1) {
      const at = (y * width + x) * 4;
      if ((data[at + 3] ?? 0) < 128) continue;
      const colour = nearest(data[at] ?? 0, data[at + 1] ?? 0, data[at + 2] ?? 0);
      let line = lines.get(colour);
      if (line === undefined) lines.set(colour, (line = new Uint8Array(width)));
      line[x] = (line[x] ?? 0) | (1 << (y - top));
    }
  }
  return lines;
}

function nearest(red: number, green: number, blue: number): number {
  const step = (value: number) => Math.round(value / LEVEL);
  return (step(red) * STEPS + step(green)) * STEPS + step(blue);
}

/** In percent. */
function components(colour: number): number[] {
  const steps = [Math.floor(colour / (STEPS * STEPS)), Math.floor(colour / STEPS) % STEPS, colour % STEPS];
  return steps.map((step) => Math.round((step * 100) / (STEPS - 1)));
}

/** A character for each column; from four equal ones on, their number. */
function compressed(line: Uint8Array): string {
  return Array.from(line, (bits) => String.fromCharCode(63 + bits))
    .join('')
    .replace(/(.)\1{3,}/g, (run) => `!${run.length}${run[0]}`);
}
