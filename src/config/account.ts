/**
 * What a configuration is once it has been read: accounts by name, and what holds for all of them.
 *
 * Pure: how it is written in TOML is schema.ts's business, where it is found load.ts's.
 */

import { ConfigError } from '../errors.ts';
import type { FilterRule } from './filter-rule.ts';
import type { Proxy } from './proxy-url.ts';
import type { ServerUrl } from './url.ts';

/** How long mail stays on the server after it was fetched: for ever, not at all, so many milliseconds, or while it is among the newest. */
export type Keep = boolean | number | { readonly newest: number };

/** How mail is fetched, unless a run says otherwise. */
export interface FetchSettings {
  readonly keep?: Keep;
  /** What was removed here goes on the server as well. */
  readonly deleteRemoved?: boolean;
  /** Of larger messages only the header comes. Octets. */
  readonly maxSize?: number;
  /** The most messages of one run. */
  readonly limit?: number;
  /** A command line to run after new mail came. It is not handed to a shell. */
  readonly onNew?: string;
  /** Where mail goes instead of the mailbox, as it was written. */
  readonly deliver?: string;
}

export interface Defaults extends FetchSettings {
  /** The rules for new mail of all accounts. */
  readonly filters?: readonly FilterRule[];
  /** The account that is meant when none is named. */
  readonly account?: string;
  readonly from?: string;
  /** Milliseconds. */
  readonly timeout?: number;
  /** Absolute. */
  readonly caFile?: string;
  readonly sourceAddress?: string;
  readonly proxy?: Proxy;
  /** A command whose first line of output is the password of the proxy. */
  readonly proxyPasswordeval?: string;
  /** The receiving servers whose Authentication-Results are believed: their authserv-ids. */
  readonly trustedAuthserv?: readonly string[];
}

/** One `[account.NAME]`, with `[defaults]` already filled in. At least one of `pop3` and `smtp` is there. */
export interface AccountConfig extends FetchSettings {
  /** The rules for new mail: its own, and those of all accounts behind them. */
  readonly filters?: readonly FilterRule[];
  readonly name: string;
  readonly pop3?: ServerUrl;
  readonly smtp?: ServerUrl;
  /** As written: an address, perhaps with a display name. Without control characters. */
  readonly from?: string;
  /** Other addresses of the person: mail to them is mail to us. */
  readonly aliases?: readonly string[];
  /** The login where a URL names none; a URL's own user wins. */
  readonly user?: string;
  /** A command whose first line of output is the password. */
  readonly passwordeval?: string;
  /** A function, so that printing or serialising an account cannot show it. */
  readonly password?: () => string;
  /** Absolute. */
  readonly caFile?: string;
  /** SHA-256, 64 lower-case hexadecimal digits without colons. */
  readonly tlsFingerprint?: string;
  /** Our own certificate and its key. Absolute. */
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  /** A SASL mechanism's name, in upper case. */
  readonly auth?: string;
  /** The address of this machine to connect from. */
  readonly sourceAddress?: string;
  readonly proxy?: Proxy;
  readonly proxyPasswordeval?: string;
  readonly trustedAuthserv?: readonly string[];
  /** Absolute. */
  readonly maildir?: string;
  /** Milliseconds. */
  readonly timeout?: number;
}

export interface Config {
  /** Undefined when there is no configuration file. */
  readonly path: string | undefined;
  readonly defaults: Defaults;
  readonly accounts: ReadonlyMap<string, AccountConfig>;
}

/**
 * The account called `name`; without a name the one `[defaults]` names, or the only one there is.
 *
 * @throws ConfigError `unknown-account`, `no-account`.
 */
export function accountNamed(config: Config, name: string | undefined): AccountConfig {
  const known = [...config.accounts.keys()];
  const wanted = name ?? config.defaults.account ?? (known.length === 1 ? known[0] : undefined);
  const account = wanted === undefined ? undefined : config.accounts.get(wanted);
  if (account) return account;
  const hint =
    known.length > 0
      ? `The accounts are: ${known.join(', ')}.`
      : 'No account is configured: write one into the configuration file, or give --pop3 URL and --smtp URL.';
  if (wanted === undefined) {
    throw new ConfigError(
      'no-account',
      known.length > 0 ? 'Several accounts are configured and none was named.' : 'No account was named.',
      {
        hint: known.length > 0 ? `Name one with --account, or set account in [defaults]. ${hint}` : hint,
      },
    );
  }
  throw new ConfigError('unknown-account', `There is no account called ${wanted}.`, { hint });
}
