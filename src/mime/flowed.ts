/**
 * format=flowed read back into paragraphs (RFC 3676 §4).
 *
 * Why: its lines are broken by the sender's program, not by the writer; quoted as they stand they are broken a second
 * time. A paragraph becomes one line, its quote marks in front as `> `.
 */

/** The line in front of a signature: it ends in a space and flows into nothing. */
const SIGNATURE = '-- ';

/** @param delsp whether the space at a soft break is no part of the text (DelSp=yes). Lines end in LF. */
export function unflow(text: string, delsp = false): string {
  const out: string[] = [];
  let paragraph: string | undefined;
  let depth = 0;
  const flush = (): void => {
    if (paragraph !== undefined) out.push(paragraph);
    paragraph = undefined;
  };
  for (const line of text.split('\n')) {
    const quoted = /^>*/.exec(line)?.[0].length ?? 0;
    const content = line.slice(quoted).replace(/^ /, '');
    const soft = content.endsWith(' ') && content !== SIGNATURE;
    // A paragraph never goes on at another depth (§4.5).
    if (quoted !== depth || content === SIGNATURE) flush();
    const begun: string = paragraph ?? (quoted === 0 ? '' : `${'>'.repeat(quoted)} `);
    paragraph = begun + (soft && delsp ? content.slice(0, -1) : content);
    depth = quoted;
    if (!soft) flush();
  }
  flush();
  return out.join('\n');
}
