/**
 * Numbers as protocols write them: decimal digits and nothing else, within a stated bound.
 *
 * `Number()` and `parseInt` accept signs, exponents, hexadecimal and trailing text; a hostile server sends all of those.
 */

/** The number, or undefined when `text` is not a plain decimal of at most `max`. Leading zeros are refused. */
export function parseDecimal(text: string, max: number = Number.MAX_SAFE_INTEGER): number | undefined {
  if (!/^(?:0|[1-9]\d{0,15})$/.test(text)) return undefined;
  const value = Number(text);
  return value <= max ? value : undefined;
}
