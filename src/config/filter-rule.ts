/** A filter rule, once it has been read: which messages are meant, and what becomes of them. Values alone. */

/** How a text is compared; all without regard to capitals. */
export type Comparison = 'contains' | 'is' | 'starts' | 'ends' | 'matches';

/** One condition. */
export type FilterTest = { readonly not: boolean } & (
  | { readonly field: string; readonly how: Comparison; readonly texts: readonly string[] }
  /** Octets. */
  | { readonly field: 'size'; readonly how: 'larger' | 'smaller'; readonly octets: number }
);

export interface FilterRule {
  /** As a person is told of it. */
  readonly name: string;
  /** All of them must hold. */
  readonly tests: readonly FilterTest[];
  readonly tag: readonly string[];
  /** Words, such as `flagged`. */
  readonly flag: readonly string[];
  /** A folder. */
  readonly move?: string;
  /** A command line that gets the message. */
  readonly run?: string;
  /** Such a message stays on the server, and does not come. */
  readonly skip: boolean;
  /** No later rule is looked at. */
  readonly stop: boolean;
}
