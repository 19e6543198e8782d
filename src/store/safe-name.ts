/**
 * A file name from a message made safe: one component that means the same on Linux, macOS and Windows.
 *
 * Why: the sender chose it. It may climb out of the folder, name a device, an alternate data stream or a hidden file,
 * look like an option, or hide its ending behind characters that turn the writing direction (CWE-22, CWE-67). Pure.
 */

/** In bytes of UTF-8: what common file systems allow in one name. */
const LIMIT = 255;
/** A longer ending is not kept whole when a name is shortened. */
const ENDING_LIMIT = 32;
const FALLBACK = 'attachment';

/** Controls, format characters (bidi controls, zero widths), all else without a shape, lone surrogates, separators of lines. */
const UNSEEN =
  /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\p{Variation_Selector}\p{Noncharacter_Code_Point}]/gu;
/** The blank Braille pattern looks like one. */
const BLANKS = /[\p{Zs}\u2800]+/gu;
/** What Windows forbids, and the look-alikes of the slash and the backslash. */
const FORBIDDEN = /[<>:"|?*\u2044\u2215\u29f5\u29f8\u29f9\ufe68\uff0f\uff3c]/g;
/** Device names on Windows, with any ending. */
const DEVICE = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|com[0-9¹²³]|lpt[0-9¹²³]) *(?:\.|$)/i;

/** The safe form of a name; never empty, and applying it twice changes nothing more. */
export function safeFileName(name: string): string {
  const last = name.split(/[/\\]/).findLast((part) => /[^. ]/.test(part)) ?? '';
  const visible = last.replace(UNSEEN, '').replace(BLANKS, ' ').replace(FORBIDDEN, '_').normalize('NFC');
  const trimmed = trimEnd(visible.replace(/^[.\-~ ]+/, ''));
  const named = trimmed === '' ? FALLBACK : trimmed;
  return shorten(DEVICE.test(named) ? `_${named}` : named);
}

/** The name with a number before its ending, for when it is taken: `report (2).pdf`. Still within the limit. */
export function numberedName(name: string, number: number): string {
  return shorten(name, ` (${number})`);
}

/** `stem + suffix + ending`, the stem cut so that all of it fits. */
function shorten(name: string, suffix = ''): string {
  const dot = name.lastIndexOf('.');
  const ending = dot > 0 && Buffer.byteLength(name.slice(dot)) <= ENDING_LIMIT ? name.slice(dot) : '';
  const stem = name.slice(0, name.length - ending.length);
  const room = LIMIT - Buffer.byteLength(suffix + ending);
  if (Buffer.byteLength(stem) <= room) return stem + suffix + ending;
  return trimEnd(cut(stem, room)) + suffix + ending;
}

/** At most `room` bytes, whole characters only. */
function cut(text: string, room: number): string {
  const bytes = Buffer.from(text);
  let end = room;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.toString('utf8', 0, end);
}

/** Without the dots and spaces that Windows drops from the end; linear, unlike a regular expression for it. */
function trimEnd(text: string): string {
  let end = text.length;
  while (end > 0 && (text[end - 1] === '.' || text[end - 1] === ' ')) end -= 1;
  return text.slice(0, end);
}
