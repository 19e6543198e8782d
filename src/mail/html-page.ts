/** One message as a page for a browser: its HTML made harmless, with the images that came along in the page itself. */
import { readableText } from '../mime/bodies.ts';
import { cleanPage, type PageOptions, preformatted } from '../mime/html-clean.ts';
import type { Message } from '../mime/message.ts';
import { partOctets } from './part-octets.ts';
import type { OpenMessage } from './read.ts';

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
  const pictures = parts.filter(({ type, contentId }) => contentId !== undefined && PICTURE.test(type));
  const octets = await partOctets(opened, pictures);
  const images = new Map<string, string>();
  for (const { number, type, contentId = '' } of pictures) {
    const id = contentId.replace(/^<|>$/g, '');
    const image = octets.get(number);
    if (image !== undefined && !images.has(id)) images.set(id, `data:${type};base64,${image.toString('base64')}`);
  }
  return images;
}
