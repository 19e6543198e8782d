/** One message as a page for a browser: its HTML made harmless, with the images that came along in the page itself. */
import { readableText } from '../mime/bodies.ts';
import { extractParts } from '../mime/extract.ts';
import { cleanPage, type PageOptions, preformatted } from '../mime/html-clean.ts';
import type { Message } from '../mime/message.ts';
import type { OpenMessage } from './read.ts';

/** In octets: of one image, and of all together. */
const MAX_IMAGE = 10_000_000;
const MAX_IMAGES = 25_000_000;
const PICTURE = /^image\/(?:png|jpeg|gif|webp|bmp)$/;

/** @param told what stands above the letter; it is escaped here. */
export async function htmlPage(
  opened: OpenMessage,
  message: Message,
  told: Omit<PageOptions, 'images'>,
): Promise<string> {
  const html = message.html ?? preformatted((await readableText(message)) ?? '');
  return cleanPage([html], { ...told, images: await inlineImages(opened, message) });
}

/** The images that the HTML can name, as `data:` URLs. One that is too large is left out. */
async function inlineImages(opened: OpenMessage, { parts }: Message): Promise<Map<string, string>> {
  let room = MAX_IMAGES;
  const wanted = new Map<string, { readonly id: string; readonly type: string }>();
  for (const { number, type, contentId, size } of parts) {
    if (contentId === undefined || !PICTURE.test(type) || size > Math.min(MAX_IMAGE, room)) continue;
    room -= size;
    wanted.set(number, { id: contentId.replace(/^<|>$/g, ''), type });
  }
  const images = new Map<string, string>();
  if (wanted.size === 0) return images;
  let chunks: Uint8Array[] = [];
  for await (const { part, octets, last } of extractParts(opened.chunks(), wanted.keys())) {
    chunks.push(Uint8Array.from(octets));
    const image = wanted.get(part.number);
    if (!last || image === undefined) continue;
    const url = `data:${image.type};base64,${Buffer.concat(chunks).toString('base64')}`;
    if (!images.has(image.id)) images.set(image.id, url);
    chunks = [];
  }
  return images;
}
