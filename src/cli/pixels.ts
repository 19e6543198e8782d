/** Images as pixels, for terminals that take nothing else. The decoders are loaded only when there is something to decode. */
import { imageSize } from '../mime/image-size.ts';

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** Red, green, blue and opacity, an octet each, row by row. */
  readonly data: Uint8Array;
}

/** Of one image; a larger one is not decoded. */
export const MAX_PIXELS = 8_000_000;

/** Passes over a JPEG: each goes over all of it, however few octets it has. Programs make about ten. */
const MAX_SCANS = 100;
/** Where a PNG says that it is interlaced: the decoder then unpacks without a bound. */
const INTERLACE = 28;

/** Undefined for what is too large, broken, made to hurt, or neither PNG nor JPEG. */
export async function decodePixels(octets: Buffer): Promise<Pixels | undefined> {
  const size = imageSize(octets);
  if (size === undefined || size.width * size.height > MAX_PIXELS) return undefined;
  if (size.format === 'png' ? octets[INTERLACE] !== 0 : scans(octets) > MAX_SCANS) return undefined;
  try {
    if (size.format === 'png') {
      const { PNG } = await import('pngjs');
      return PNG.sync.read(octets);
    }
    if (size.format === 'jpeg') {
      const { decode } = await import('jpeg-js');
      return decode(octets, { useTArray: true, maxResolutionInMP: MAX_PIXELS / 1e6, maxMemoryUsageInMB: 256 });
    }
    return undefined;
  } catch {
    // A stranger's broken file: its name is shown instead.
    return undefined;
  }
}

/** A marker never stands in the data of a JPEG (ITU T.81, B.1.1.5); those of an image within it are counted too. */
function scans(octets: Buffer): number {
  let count = 0;
  for (let at = octets.indexOf('\xff\xda', 0, 'latin1'); at >= 0 && count <= MAX_SCANS; count += 1)
    at = octets.indexOf('\xff\xda', at + 2, 'latin1');
  return count;
}

/** The same image, no larger than this; every pixel is one of the original. */
export function shrink({ width, height, data }: Pixels, maxWidth: number, maxHeight: number): Pixels {
  const scale = Math.min(1, maxWidth / width, maxHeight / height);
  if (scale === 1) return { width, height, data };
  const [wide, high] = [Math.max(1, Math.floor(width * scale)), Math.max(1, Math.floor(height * scale))];
  const small = new Uint8Array(wide * high * 4);
  for (let y = 0; y < high; y += 1) {
    const row = Math.floor((y * height) / high) * width;
    for (let x = 0; x < wide; x += 1) {
      const from = (row + Math.floor((x * width) / wide)) * 4;
      small.set(data.subarray(from, from + 4), (y * wide + x) * 4);
    }
  }
  return { width: wide, height: high, data: small };
}
