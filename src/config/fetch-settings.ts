/** What the configuration says of fetching, for all accounts and for each. Pure. */
import * as v from 'valibot';
import type { FetchSettings } from './account.ts';
import { parseKeep } from './keep.ts';
import { line, readIf, withoutUndefined } from './schema-parts.ts';
import { parseSize } from './size.ts';

export const fetchEntries = {
  keep: v.optional(v.union([v.boolean(), line], 'must be true, false or a time such as "14d", or "newest 500"')),
  delete_removed: v.optional(v.boolean('must be true or false')),
  max_size: v.optional(line),
  limit: v.optional(
    v.pipe(v.number('must be a number'), v.integer('must be a whole number'), v.minValue(1, 'is below 1')),
  ),
  on_new: v.optional(line),
  deliver: v.optional(line),
};

const fetchSchema = v.object(fetchEntries);

/** What a table says; what it does not say is left out. @throws ConfigError with the place and the key. */
export function readFetchSettings(own: v.InferOutput<typeof fetchSchema>, where: string): FetchSettings {
  const keep = own.keep;
  return withoutUndefined({
    keep: typeof keep === 'string' ? readIf(keep, (text) => parseKeep(text), where, 'keep') : keep,
    deleteRemoved: own.delete_removed,
    maxSize: readIf(own.max_size, parseSize, where, 'max_size'),
    limit: own.limit,
    onNew: own.on_new,
    deliver: own.deliver,
  });
}
