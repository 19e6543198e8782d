/** The words of an HTML document, for a search: no layout, and nothing of what a browser does not show as text. */

/** What has no text for a person. */
const HIDDEN: ReadonlySet<string> = new Set(['style', 'script', 'template']);
/** What may begin and end within a word. */
const INLINE: ReadonlySet<string> = new Set(
  'a abbr acronym b bdi bdo big cite code em font i ins kbd mark q s small span strike strong sub sup tt u var wbr'.split(
    ' ',
  ),
);

/** @returns the text between the tags; never throws. In time proportional to its length. */
export async function htmlWords(html: string): Promise<string> {
  const { Parser } = await import('htmlparser2');
  const texts: string[] = [];
  let hidden = 0;
  const between = (name: string, depth: number): void => {
    if (HIDDEN.has(name)) hidden += depth;
    if (!INLINE.has(name)) texts.push(' ');
  };
  const parser = new Parser(
    {
      onopentagname: (name) => between(name, 1),
      onclosetag: (name) => between(name, -1),
      ontext: (text) => void (hidden === 0 && texts.push(text)),
    },
    { decodeEntities: true },
  );
  parser.write(html);
  parser.end();
  return texts.join('').replace(/\s+/g, ' ').trim();
}
