/**
 * What kind of image some octets are, and how large it will be: read from its first octets, before anything decodes it.
 *
 * Why: a small file can be an image of any size, so whoever decodes looks here first. Formats by their own words, not by the
 * type a sender wrote. Pure.
 */

export interface ImageSize {
  readonly format: 'png' | 'jpeg' | 'gif';
  readonly width: number;
  readonly height: number;
}

/** Undefined for what is none of the three, and for one that is broken off or empty. */
export function imageSize(octets: Uint8Array): ImageSize | undefined {
  const view = new DataView(octets.buffer, octets.byteOffset, octets.byteLength);
  try {
    const found = readPng(view) ?? readGif(view) ?? readJpeg(view);
    return found !== undefined && found.width > 0 && found.height > 0 ? found : undefined;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function readPng(view: DataView): ImageSize | undefined {
  if (view.getUint32(0) !== 0x89504e47 || view.getUint32(4) !== 0x0d0a1a0a || view.getUint32(12) !== 0x49484452)
    return undefined;
  return { format: 'png', width: view.getUint32(16), height: view.getUint32(20) };
}

function readGif(view: DataView): ImageSize | undefined {
  if (view.getUint32(0) !== 0x47494638) return undefined;
  return { format: 'gif', width: view.getUint16(6, true), height: view.getUint16(8, true) };
}

/** Segments follow each other, each with its length; the frame header says the size (ITU T.81, B.2.2). */
function readJpeg(view: DataView): ImageSize | undefined {
  if (view.getUint16(0) !== 0xffd8) return undefined;
  for (let at = 2; ; at += 2 + view.getUint16(at + 2)) {
    if (view.getUint8(at) !== 0xff) return undefined;
    const marker = view.getUint8(at + 1);
    const frame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (frame) return { format: 'jpeg', height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
  }
}
