/**
 * format=flowed read back into paragraphs (RFC 3676 §4).
 *
 * Why: its lines are broken by the sender's program, not by the writer; quoted as they stand they are broken a second
 * time. A paragraph becomes one line, its quote marks in front as `> `.
 */

/** The line in front of a signature: it ends in a space and flows into nothing. */
const SIGNATURE = '-- ';

/** Pieces that are put together at once: a list of millions would be much larger than their text. */
const MAX_PIECES = 4096;

/** @param delsp whether the space at a soft break is no part of the text (DelSp=yes). Lines end in LF. */
export function unflow(text: string, delsp = false): string {
  const blocks: string[] = [];
  const out: string[] = [];
  let depth = 0;
  // The last line flows into the next.
  let open = false;
  for (let at = 0; at <= text.length; ) {
    const lf = text.indexOf('\n', at);
    const end = lf < 0 ? text.length : lf;
    let start = at;
    while (text[start] === '>') start += 1;
    const quoted = start - at;
    if (start < end && text[start] === ' ') start += 1;
    const signature = end - start === SIGNATURE.length && text.startsWith(SIGNATURE, start);
    const soft = !signature && end > start && text[end - 1] === ' ';
    // A paragraph never goes on at another depth (§4.5).
    if (!open || quoted !== depth || signature) {
      if (at > 0) out.push('\n');
      if (quoted > 0) out.push('>'.repeat(quoted), ' ');
    }
    out.push(text.slice(start, soft && delsp ? end - 1 : end));
    if (out.length > MAX_PIECES) blocks.push(out.splice(0).join(''));
    [depth, open, at] = [quoted, soft, end + 1];
  }
  return blocks.join('') + out.join('');
}
