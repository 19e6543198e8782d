/**
 * Images of a message in a terminal that can show them: by kitty's protocol, iTerm2's, or as sixels.
 *
 * Why only the environment is asked which one: a question to the terminal would be answered into our input, where nobody
 * may be reading, or somebody else is. What is sent is base64 or numbers of ours, so nothing in an image can drive the
 * terminal. Only what came with the message is shown.
 */
import { type OpenMessage } from '../mail/read.ts';
import { partOctets } from '../mail/part-octets.ts';
import { UsageError } from '../errors.ts';
import { imageSize } from '../mime/image-size.ts';
import type { Message } from '../mime/message.ts';
import type { Output } from './output.ts';
import { decodePixels, MAX_PIXELS, shrink } from './pixels.ts';
import { toSixel } from './sixel.ts';
import { safeText } from './terminal.ts';

export type ImageProtocol = 'kitty' | 'iterm' | 'sixel' | 'none';

type Env = Readonly<Record<string, string | undefined>>;

/** Images of one message. */
const MAX_IMAGES = 10;
/** What a cell is taken to be, in pixels. */
const CELL = { width: 8, height: 16 };
const KITTY_CHUNK = 4096;

/** What `--images` says. @throws UsageError `bad-images`. */
export function readProtocol(text: string): ImageProtocol | 'auto' {
  if (text === 'auto' || text === 'kitty' || text === 'iterm' || text === 'sixel' || text === 'none') return text;
  throw new UsageError('bad-images', `${JSON.stringify(text)} is no way to show images.`, {
    hint: 'Write --images=auto, kitty, iterm, sixel or none, behind the number of the message.',
  });
}

/** What the terminal says of itself. Within tmux and screen, which pass nothing on, none. */
export function detectProtocol(env: Env): ImageProtocol {
  const { TERM: term = '', TERM_PROGRAM: program = '' } = env;
  if (env['TMUX'] || env['STY'] || /^(?:tmux|screen|dumb|$)/.test(term)) return 'none';
  if (env['KITTY_WINDOW_ID'] || term === 'xterm-kitty' || program === 'ghostty' || term === 'xterm-ghostty')
    return 'kitty';
  if (program === 'iTerm.app' || program === 'WezTerm' || program === 'mintty') return 'iterm';
  return /sixel|^(?:foot|mlterm|yaft)/.test(term) ? 'sixel' : 'none';
}

/** Shows the images of a message, each below its name; nothing where there are none. */
export async function showImages(
  output: Output,
  opened: OpenMessage,
  { attachments, inline }: Pick<Message, 'attachments' | 'inline'>,
  protocol: Exclude<ImageProtocol, 'none'>,
): Promise<void> {
  const images = [...inline, ...attachments].filter(({ type }) => type.startsWith('image/')).slice(0, MAX_IMAGES);
  const octets = await partOctets(opened, images);
  for (const { number, fileName } of images) {
    const image = octets.get(number);
    const drawn = image && (await encodeImage(image, protocol, output.columns));
    const name = safeText(fileName || '(no name)');
    await output.write(`\n[${number}] ${name}${drawn === undefined ? ': cannot be shown here' : ''}\n`);
    if (drawn === undefined) continue;
    for (const piece of drawn) await output.image(piece);
    await output.write('\n');
  }
}

/** The control sequences that draw an image; undefined for what this terminal cannot, or should not, be given. */
export async function encodeImage(
  octets: Buffer,
  protocol: Exclude<ImageProtocol, 'none'>,
  columns: number,
): Promise<string[] | undefined> {
  const size = imageSize(octets);
  if (size === undefined || size.width * size.height > MAX_PIXELS) return undefined;
  const cells = Math.min(Number.isFinite(columns) ? columns : 80, Math.ceil(size.width / CELL.width));
  if (protocol === 'iterm') {
    return [`\x1b]1337;File=inline=1;size=${octets.length};width=${cells}:${octets.toString('base64')}\x07`];
  }
  if (protocol === 'kitty' && size.format === 'png') return kitty(`f=100,c=${cells}`, octets);
  const pixels = await decodePixels(octets);
  if (pixels === undefined) return undefined;
  const small = shrink(pixels, cells * CELL.width, 40 * CELL.height);
  if (protocol === 'sixel') return [toSixel(small)];
  return kitty(`f=32,s=${small.width},v=${small.height},c=${cells}`, Buffer.from(small.data));
}

/** In chunks of 4096 characters, the last one marked; `q=2` asks for no answer. */
function kitty(keys: string, octets: Buffer): string[] {
  const base64 = octets.toString('base64');
  const chunks = base64.match(new RegExp(`.{1,${KITTY_CHUNK}}`, 'g')) ?? [''];
  return chunks.map((chunk, index) => {
    const more = index < chunks.length - 1 ? 1 : 0;
    return `\x1b_G${index === 0 ? `a=T,q=2,${keys},` : ''}m=${more};${chunk}\x1b\\`;
  });
}
