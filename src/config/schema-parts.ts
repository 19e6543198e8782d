/**
 * What the parts of the configuration's schema share: kinds of values, and complaints that name a place and a key.
 *
 * A complaint never repeats a value, which may be a secret. Pure.
 */
import * as v from 'valibot';
import { ConfigError, UsageError } from '../errors.ts';
import { nearestWord } from './nearest.ts';

/** A complaint without the file's name, which the loader adds. */
export function complaint(message: string, hint?: string): ConfigError {
  return new ConfigError('bad-config', message, { hint });
}

export const line = v.pipe(
  v.string('must be text in quotes'),
  v.nonEmpty('is empty'),
  v.regex(/^\P{Cc}*$/u, 'has a control character in it'),
);

/** May go over several lines: it is handed to a shell. */
export const command = v.pipe(
  v.string('must be text in quotes'),
  v.nonEmpty('is empty'),
  v.regex(/^[^\0]*$/, 'has a NUL in it'),
);

export const lines = v.pipe(
  v.union([line, v.array(line)], 'must be text in quotes, or a list of such texts'),
  v.transform((given) => (typeof given === 'string' ? [given] : given)),
);

/** Applies one of our own readers; its code, sentence and hint are kept, its place is added. */
export function readBy<T>(read: () => T, where: string, key: string): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new ConfigError(error.code, `${where}: ${key}: ${error.message}`, { hint: error.hint });
  }
}

/** The same for a setting that may be missing. */
export function readIf<T, R>(value: T | undefined, read: (value: T) => R, where: string, key: string): R | undefined {
  return value === undefined ? undefined : readBy(() => read(value), where, key);
}

/** Checks a table against a schema. @throws ConfigError `bad-config` for a key it does not know, or a value of another kind. */
export function check<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  where: string,
  known: readonly string[],
): v.InferOutput<S> {
  refuseUnknownKeys(tableOf(value, where), known, where);
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw complaint(`${where}: ${String(issue.path?.[0]?.key)} ${issue.message.replace(/\.?$/, '.')}`);
}

export function tableOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw complaint(`${where} must be a table.`);
  return value as Readonly<Record<string, unknown>>;
}

export function refuseUnknownKeys(
  table: Readonly<Record<string, unknown>>,
  known: readonly string[],
  where: string,
): void {
  const unknown = Object.keys(table).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  const nearest = nearestWord(unknown, known);
  throw complaint(
    `${where}: unknown key ${unknown.slice(0, 60)}.`,
    nearest ? `Did you mean ${nearest}?` : `The keys are: ${known.join(', ')}.`,
  );
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

export function withoutUndefined<T extends object>(record: T): Defined<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Defined<T>;
}
