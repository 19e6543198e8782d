/**
 * A fault found while reading, as a value.
 *
 * Why: mail is full of faults and must be shown all the same, so reading never throws because of what a message says.
 * It notes what was wrong and where, and goes on by a stated rule.
 */

export interface Defect {
  /** Stable, in kebab case: `missing-end-boundary`, `bad-encoding`. */
  readonly code: string;
  /** Where, in octets from the start of the message (in characters, when one header field was read by itself). */
  readonly offset?: number;
  /** The number of the part, such as `2.1`; empty for the message itself. */
  readonly part?: string;
}

/** The list stops growing here, so that a message made of faults costs no more than any other. */
export const MAX_DEFECTS = 200;

/** Adds a defect, unless the list is full. */
export function note(defects: Defect[], defect: Defect): void {
  if (defects.length < MAX_DEFECTS) defects.push(defect);
}

/** The same, unless one of its code is there already. */
export function noteOnce(defects: Defect[], defect: Defect): void {
  if (defects.every(({ code }) => code !== defect.code)) note(defects, defect);
}
