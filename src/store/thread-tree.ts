/**
 * The messages of a thread as a tree, written down line by line: an answer stands behind what it answers, one step deeper.
 *
 * Why it cannot go wrong: what is an answer to itself, by whatever way round, counts as a beginning; nothing recurses, and a
 * message is looked at twice. Pure.
 */

export interface ThreadMember {
  readonly number: number;
  readonly messageId?: string | undefined;
  /** Oldest first. */
  readonly references: readonly string[];
}

/** The members in the order in which they are read, each with its depth from 0 on. They come in the order of their numbers. */
export function threadTree<T extends ThreadMember>(members: readonly T[]): (T & { readonly depth: number })[] {
  const byId = new Map<string, T>();
  for (const member of members) {
    if (member.messageId !== undefined && !byId.has(member.messageId)) byId.set(member.messageId, member);
  }
  const answers = new Map<T, T[]>();
  const beginnings: T[] = [];
  for (const member of members) {
    const parent = parentOf(member, byId);
    const siblings = parent === undefined ? beginnings : (answers.get(parent) ?? []);
    if (parent !== undefined) answers.set(parent, siblings);
    siblings.push(member);
  }
  const placed = new Set<T>();
  const lines: (T & { readonly depth: number })[] = [];
  // Behind the beginnings come those that stand in a ring of answers: the first of each ring begins it.
  for (const beginning of [...beginnings, ...members]) {
    const open = [{ member: beginning, depth: 0 }];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const { member, depth } = next;
      if (placed.has(member)) continue;
      placed.add(member);
      lines.push({ ...member, depth });
      const below = answers.get(member) ?? [];
      for (const answer of below.toReversed()) open.push({ member: answer, depth: depth + 1 });
    }
  }
  return lines;
}

/** The nearest of those it answers that is here. */
function parentOf<T extends ThreadMember>(member: T, byId: ReadonlyMap<string, T>): T | undefined {
  const nearest = member.references.findLast((id) => byId.has(id));
  const parent = byId.get(nearest ?? '');
  return parent === member ? undefined : parent;
}
