/**
 * What config.toml may say: `[defaults]` and any number of `[account.NAME]`.
 *
 * Why a file of its own: it is the only one that loads valibot, and it is itself loaded only when a configuration file
 * exists, so that a start without one does not pay for it. Complaints name the account, the key and, for a key that
 * does not exist, the nearest one that does; they never repeat a value, which may be a secret. Pure: it is given the
 * parsed table and never touches a file.
 */

import * as v from 'valibot';
import { ConfigError, UsageError } from '../errors.ts';
import type { AccountConfig, Defaults, Keep } from './account.ts';
import { parseDuration, parseTimeout } from './duration.ts';
import { FINGERPRINT, parseFingerprint } from './fingerprint.ts';
import { nearestWord } from './nearest.ts';
import { type Proxy, parseProxyUrl } from './proxy-url.ts';
import { parseSourceAddress } from './source-address.ts';
import { parseServerUrl } from './url.ts';

/** A complaint without the file's name, which the loader adds. */
const complaint = (message: string, hint?: string) => new ConfigError('bad-config', message, { hint });

const line = v.pipe(
  v.string('must be text in quotes'),
  v.nonEmpty('is empty'),
  v.regex(/^\P{Cc}*$/u, 'has a control character in it'),
);

/** May go over several lines: it is handed to a shell. */
const command = v.pipe(
  v.string('must be text in quotes'),
  v.nonEmpty('is empty'),
  v.regex(/^[^\0]*$/, 'has a NUL in it'),
);

const timeout = v.union([v.number(), line], 'must be a number of seconds or text such as "2m"');
const keep = v.union([v.boolean(), line], 'must be true, false or a number of days such as "14d"');

const lines = v.pipe(
  v.union([line, v.array(line)], 'must be text in quotes, or a list of such texts'),
  v.transform((given) => (typeof given === 'string' ? [given] : given)),
);

const defaultsEntries = {
  account: v.optional(line),
  from: v.optional(line),
  keep: v.optional(keep),
  timeout: v.optional(timeout),
  ca_file: v.optional(line),
  source_address: v.optional(line),
  proxy: v.optional(line),
  proxy_passwordeval: v.optional(command),
  trusted_authserv: v.optional(lines),
};

const accountEntries = {
  pop3: v.optional(line),
  smtp: v.optional(line),
  from: v.optional(line),
  aliases: v.optional(v.array(line, 'must be a list of addresses in quotes')),
  user: v.optional(line),
  passwordeval: v.optional(command),
  password: v.optional(line),
  ca_file: v.optional(line),
  source_address: v.optional(line),
  proxy: v.optional(line),
  proxy_passwordeval: v.optional(command),
  trusted_authserv: v.optional(lines),
  tls_fingerprint: v.optional(
    v.pipe(
      line,
      v.regex(FINGERPRINT, 'must be a SHA-256 fingerprint, 64 hexadecimal digits'),
      v.transform(parseFingerprint),
    ),
  ),
  tls_certificate: v.optional(line),
  tls_key: v.optional(line),
  auth: v.optional(v.pipe(line, v.regex(/^[A-Za-z0-9_-]{1,20}$/, 'must be the name of a mechanism'), v.toUpperCase())),
  keep: v.optional(keep),
  maildir: v.optional(line),
  timeout: v.optional(timeout),
};

const defaultsSchema = v.object(defaultsEntries, 'must be a table');
const accountSchema = v.object(accountEntries, 'must be a table');

/** An account's name becomes a folder's name. */
const ACCOUNT_NAME = /^[A-Za-z0-9][A-Za-z0-9._@+-]{0,63}$/;

/**
 * Checks a parsed config.toml. Settings of `[defaults]` hold for every account that does not say otherwise.
 * `resolve` makes an absolute path of one written in the file.
 *
 * @throws ConfigError `bad-config`, one sentence without the file's name.
 */
export function readSettings(
  table: Readonly<Record<string, unknown>>,
  resolve: (path: string) => string,
): { defaults: Defaults; accounts: ReadonlyMap<string, AccountConfig> } {
  refuseUnknownKeys(table, ['defaults', 'account'], 'the top level');
  const where = '[defaults]';
  const general = check(defaultsSchema, table['defaults'] ?? {}, where, Object.keys(defaultsEntries));
  const defaults: Defaults = withoutUndefined({
    account: general.account,
    from: general.from,
    keep: readKeep(general.keep, where),
    timeout: readTimeout(general.timeout, where),
    caFile: general.ca_file && resolve(general.ca_file),
    sourceAddress: readSourceAddress(general.source_address, where),
    proxy: readProxy(general.proxy, where),
    proxyPasswordeval: general.proxy_passwordeval,
    trustedAuthserv: general.trusted_authserv,
  });

  const accounts = new Map<string, AccountConfig>();
  for (const [name, value] of Object.entries(tableOf(table['account'] ?? {}, '[account]'))) {
    accounts.set(name, readAccount(name, value, defaults, resolve));
  }
  if (defaults.account !== undefined && !accounts.has(defaults.account)) {
    throw complaint(
      '[defaults]: account names an account that does not exist.',
      `The accounts are: ${[...accounts.keys()].join(', ')}.`,
    );
  }
  return { defaults, accounts };
}

function readAccount(
  name: string,
  value: unknown,
  defaults: Defaults,
  resolve: (path: string) => string,
): AccountConfig {
  const where = `[account.${name}]`;
  if (!ACCOUNT_NAME.test(name)) {
    throw complaint(
      `${where}: an account's name is made of letters, digits and . _ @ + - and begins with a letter or digit.`,
    );
  }
  const own = check(accountSchema, value, where, Object.keys(accountEntries));
  const { pop3, smtp, password } = own;
  if (!pop3 && !smtp) throw complaint(`${where}: neither pop3 nor smtp is given.`, 'Give at least one of them.');
  return withoutUndefined({
    name,
    pop3: pop3 === undefined ? undefined : readBy(() => parseServerUrl(pop3, 'pop3'), where, 'pop3'),
    smtp: smtp === undefined ? undefined : readBy(() => parseServerUrl(smtp, 'smtp'), where, 'smtp'),
    from: own.from ?? defaults.from,
    aliases: own.aliases,
    user: own.user,
    passwordeval: own.passwordeval,
    password: password === undefined ? undefined : () => password,
    caFile: own.ca_file === undefined ? defaults.caFile : resolve(own.ca_file),
    tlsFingerprint: own.tls_fingerprint,
    tlsCertificate: own.tls_certificate && resolve(own.tls_certificate),
    tlsKey: own.tls_key && resolve(own.tls_key),
    auth: own.auth,
    sourceAddress: readSourceAddress(own.source_address, where) ?? defaults.sourceAddress,
    proxy: readProxy(own.proxy, where) ?? defaults.proxy,
    proxyPasswordeval: own.proxy_passwordeval ?? defaults.proxyPasswordeval,
    trustedAuthserv: own.trusted_authserv ?? defaults.trustedAuthserv,
    keep: readKeep(own.keep, where) ?? defaults.keep,
    maildir: own.maildir && resolve(own.maildir),
    timeout: readTimeout(own.timeout, where) ?? defaults.timeout,
  });
}

/** Applies one of our own readers; its code, sentence and hint are kept, its place is added. */
function readBy<T>(read: () => T, where: string, key: string): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new ConfigError(error.code, `${where}: ${key}: ${error.message}`, { hint: error.hint });
  }
}

function readKeep(value: boolean | string | undefined, where: string): Keep | undefined {
  return typeof value === 'string' ? readBy(() => parseDuration(value, 'd'), where, 'keep') : value;
}

function readTimeout(value: number | string | undefined, where: string): number | undefined {
  return value === undefined ? undefined : readBy(() => parseTimeout(String(value)), where, 'timeout');
}

function readSourceAddress(value: string | undefined, where: string): string | undefined {
  return value === undefined ? undefined : readBy(() => parseSourceAddress(value), where, 'source_address');
}

function readProxy(value: string | undefined, where: string): Proxy | undefined {
  return value === undefined ? undefined : readBy(() => parseProxyUrl(value), where, 'proxy');
}

function check<S extends v.GenericSchema>(schema: S, value: unknown, where: string, known: string[]): v.InferOutput<S> {
  refuseUnknownKeys(tableOf(value, where), known, where);
  const result = v.safeParse(schema, value, { abortEarly: true });
  if (result.success) return result.output;
  const issue = result.issues[0];
  throw complaint(`${where}: ${String(issue.path?.[0]?.key)} ${issue.message.replace(/\.?$/, '.')}`);
}

function tableOf(value: unknown, where: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw complaint(`${where} must be a table.`);
  return value as Readonly<Record<string, unknown>>;
}

function refuseUnknownKeys(table: Readonly<Record<string, unknown>>, known: string[], where: string): void {
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

function withoutUndefined<T extends object>(record: T): Defined<T> {
  return Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined)) as Defined<T>;
}
