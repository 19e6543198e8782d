/**
 * What config.toml may say: `[defaults]` and any number of `[account.NAME]`.
 *
 * Why a file of its own: it is the only one that loads valibot, and it is itself loaded only when a configuration file
 * exists, so that a start without one does not pay for it. Complaints name the account, the key and, for a key that
 * does not exist, the nearest one that does; they never repeat a value, which may be a secret. Pure: it is given the
 * parsed table and never touches a file.
 */

import * as v from 'valibot';
import type { AccountConfig, Defaults, FetchSettings } from './account.ts';
import { parseTimeout } from './duration.ts';
import { readFilters } from './filter-settings.ts';
import { fetchEntries, readFetchSettings } from './fetch-settings.ts';
import { FINGERPRINT, parseFingerprint } from './fingerprint.ts';
import { type Proxy, parseProxyUrl } from './proxy-url.ts';
import {
  check,
  command,
  complaint,
  line,
  lines,
  readBy,
  refuseUnknownKeys,
  tableOf,
  withoutUndefined,
} from './schema-parts.ts';
import { parseSourceAddress } from './source-address.ts';
import { parseServerUrl } from './url.ts';

const timeout = v.union([v.number(), line], 'must be a number of seconds or text such as "2m"');

const defaultsEntries = {
  account: v.optional(line),
  from: v.optional(line),
  ...fetchEntries,
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
  ...fetchEntries,
  filter: v.optional(v.unknown()),
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
  refuseUnknownKeys(table, ['defaults', 'account', 'filter'], 'the top level');
  const where = '[defaults]';
  const general = check(defaultsSchema, table['defaults'] ?? {}, where, Object.keys(defaultsEntries));
  const defaults: Defaults = withoutUndefined({
    account: general.account,
    from: general.from,
    ...readFetchSettings(general, where),
    filters: anyOf(readFilters(table['filter'], '[[filter]]')),
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
    ...fetchSettingsOf(defaults),
    ...readFetchSettings(own, where),
    filters: anyOf([...readFilters(own.filter, `[[account.${name}.filter]]`), ...(defaults.filters ?? [])]),
    maildir: own.maildir && resolve(own.maildir),
    timeout: readTimeout(own.timeout, where) ?? defaults.timeout,
  });
}

function fetchSettingsOf({ keep, deleteRemoved, maxSize, limit, onNew, deliver }: Defaults): FetchSettings {
  return withoutUndefined({ keep, deleteRemoved, maxSize, limit, onNew, deliver });
}

function anyOf<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
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
