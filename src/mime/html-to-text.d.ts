/** The little of html-to-text that is used here; the package brings no types of its own. */
declare module 'html-to-text' {
  export function convert(html: string, options?: Readonly<Record<string, unknown>>): string;
}
