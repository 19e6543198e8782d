/**
 * From what a person said (flags, environment, configuration) to an account: servers, a mailbox, a way to the password.
 *
 * The order: flags, then the variables a sandbox sets, then the configuration. An account that is asked for by name
 * comes from the configuration or, for a mailbox made by URL, from the folder of that name. This file must never know
 * `process`: its surroundings are given.
 */
import { join } from 'node:path';
import { type AccountConfig, accountNamed, type Config, type FetchSettings } from '../config/account.ts';
import type { FilterRule } from '../config/filter-rule.ts';
import { loadConfig } from '../config/load.ts';
import { xdgPaths } from '../config/paths.ts';
import { resolvePassword } from '../config/secrets.ts';
import { mailboxName, parseServerUrl, type ServerUrl } from '../config/url.ts';
import { ConfigError, UsageError } from '../errors.ts';
import { findMechanism, MECHANISMS } from '../sasl/mechanisms.ts';
import type { MailboxPaths } from '../store/mailbox.ts';
import { isMailbox, mailboxNames } from '../store/mailboxes.ts';
import { type Asking, resolveRoute, type Route, type RouteRequest } from './route.ts';

/** Runs a program on some input, without a shell. @returns its exit code, or why there is none. */
export type RunProgram = (
  words: string,
  input: AsyncIterable<Uint8Array>,
  variables: Readonly<Record<string, string>>,
) => Promise<{ readonly code: number } | { readonly failure: string }>;

/** What was asked for on the command line, or by a program. */
export interface AccountRequest extends RouteRequest {
  readonly account?: string | undefined;
  readonly config?: string | undefined;
  readonly pop3?: string | undefined;
  readonly smtp?: string | undefined;
  readonly passwordeval?: string | undefined;
  readonly auth?: string | undefined;
}

/** Where the program runs. */
export interface Surroundings extends Asking {
  readonly home: string;
  readonly uid: number | undefined;
  /** Gets every line of the conversation, masked. */
  readonly trace?: ((line: string) => void) | undefined;
  /** Runs the person's own programs, where that can be done. */
  readonly run?: RunProgram | undefined;
}

export interface Account extends Route {
  /** Of the configuration, or of the mailbox folder; undefined where only an SMTP URL was given. */
  readonly name: string | undefined;
  readonly pop3: ServerUrl | undefined;
  readonly smtp: ServerUrl | undefined;
  /** The sender as written, where the configuration or a URL names one. */
  readonly from: string | undefined;
  /** Other addresses of the person, as written. */
  readonly aliases: readonly string[];
  readonly auth: string | undefined;
  readonly fetch: FetchSettings;
  /** The rules for new mail. */
  readonly filters: readonly FilterRule[];
  /** The receiving servers whose Authentication-Results are believed. */
  readonly trustedAuthserv: readonly string[];
  readonly paths: MailboxPaths | undefined;
  /** Asked for once a run, whoever asks. */
  password(user: string): Promise<string>;
}

/** @throws ConfigError, UsageError; nothing has been connected to by then. */
export async function resolveAccount(request: AccountRequest, surroundings: Surroundings): Promise<Account> {
  const { env } = surroundings;
  const config = await loadConfig({ path: request.config, env, home: surroundings.home, uid: surroundings.uid });
  const named = request.account !== undefined;
  // A variable that is empty counts as unset, as shells have it; an option that is empty is a mistake.
  const given = (name: string) => (named ? undefined : env[name] || undefined);
  const pop3 = serverUrl(request.pop3 ?? given('POSTHORN_POP3'), 'pop3');
  const smtp = serverUrl(request.smtp ?? given('POSTHORN_SMTP'), 'smtp');
  const byUrl = pop3 !== undefined || smtp !== undefined;
  const configured = byUrl && !named ? undefined : configuredAccount(config, request.account);
  const name =
    configured?.name ??
    request.account ??
    (pop3 && mailboxName(pop3)) ??
    (byUrl ? undefined : await onlyMailbox(surroundings));
  const paths = name === undefined ? undefined : pathsOf(name, configured, surroundings);
  if (named && configured === undefined && !byUrl && paths !== undefined && !(await isMailbox(paths)))
    throw await unknownAccount(request.account, surroundings);
  const caFile = request.caFile ?? given('POSTHORN_CA_FILE');
  const servers = {
    pop3: withUser(pop3 ?? configured?.pop3, configured),
    smtp: withUser(smtp ?? configured?.smtp, configured),
  };
  return {
    name,
    ...servers,
    from: configured?.from ?? config.defaults.from ?? addressOf(servers.smtp) ?? addressOf(servers.pop3),
    aliases: configured?.aliases ?? [],
    ...(await resolveRoute({ ...request, caFile }, configured, config.defaults, surroundings)),
    auth: mechanism(request.auth ?? configured?.auth),
    fetch: configured ?? config.defaults,
    filters: (configured ?? config.defaults).filters ?? [],
    trustedAuthserv: configured?.trustedAuthserv ?? config.defaults.trustedAuthserv ?? [],
    paths,
    password: passwordSource(request, configured, surroundings),
  };
}

function serverUrl(text: string | undefined, protocol: 'pop3' | 'smtp'): ServerUrl | undefined {
  return text === undefined ? undefined : parseServerUrl(text, protocol);
}

/** A mechanism’s name; `USER` and `APOP` are POP3’s own. */
function mechanism(name: string | undefined): string | undefined {
  if (name === undefined || /^(?:USER|APOP)$/i.test(name) || findMechanism(name) !== undefined) return name;
  throw new UsageError('bad-mechanism', `Posthorn does not speak the mechanism ${name}.`, {
    hint: `It speaks ${MECHANISMS.map((each) => each.name).join(', ')}, and for POP3 USER and APOP.`,
  });
}

/** The configuration's account; none is fine where it has none and a mailbox made by URL may be meant. */
function configuredAccount(config: Config, name: string | undefined): AccountConfig | undefined {
  if (config.accounts.size === 0 || (name?.includes('@') && !config.accounts.has(name))) return undefined;
  return accountNamed(config, name);
}

async function onlyMailbox({ env, home }: Surroundings): Promise<string | undefined> {
  const names = await mailboxNames(xdgPaths(env, home).data);
  if (names.length < 2) return names[0];
  throw new UsageError('which-mailbox', 'There are several mailboxes, and none was named.', {
    hint: `Name one with --account: ${names.slice(0, 10).join(', ')}.`,
  });
}

async function unknownAccount(name: string | undefined, { env, home }: Surroundings): Promise<ConfigError> {
  const names = await mailboxNames(xdgPaths(env, home).data);
  return new ConfigError('unknown-account', `There is no account and no mailbox called ${name}.`, {
    hint:
      names.length === 0
        ? 'Give the servers with --pop3 URL and --smtp URL, or write a configuration file.'
        : `The mailboxes are: ${names.slice(0, 10).join(', ')}.`,
  });
}

function withUser(url: ServerUrl | undefined, account: AccountConfig | undefined): ServerUrl | undefined {
  const user = url?.user ?? account?.user;
  return url === undefined || user === undefined ? url : { ...url, user };
}

/** A login that is an address is a sender too. */
function addressOf(url: ServerUrl | undefined): string | undefined {
  return url?.user?.includes('@') ? url.user : undefined;
}

function pathsOf(name: string, account: AccountConfig | undefined, { env, home }: Surroundings): MailboxPaths {
  if (/^\.|[/\0]/.test(name)) throw new UsageError('bad-account', 'An account is named by a word, not by a path.');
  const { data, state, cache } = xdgPaths(env, home);
  return { maildir: account?.maildir ?? join(data, name), state: join(state, name), cache: join(cache, name) };
}

function passwordSource(
  { passwordeval }: AccountRequest,
  account: AccountConfig | undefined,
  { env, askPassword, signal }: Surroundings,
): (user: string) => Promise<string> {
  const known = new Map<string, Promise<string>>();
  return (user) => {
    const prompt = askPassword && (() => askPassword(user));
    const password = known.get(user) ?? resolvePassword({ passwordeval, env, account, prompt, signal });
    known.set(user, password);
    return password;
  };
}

/** Where the mailbox of an account is, or will be. @throws ConfigError `no-mailbox` where nothing says which one is meant. */
export function mailboxOf({ paths }: Account): MailboxPaths {
  if (paths !== undefined) return paths;
  throw new ConfigError('no-mailbox', 'There is no mailbox yet.', {
    hint: 'Fetch mail first: posthorn fetch --pop3 pop3s://ann%40example.org@mail.example.org',
  });
}

/** Where the mailbox of an account is. @throws ConfigError `no-mailbox` where nothing was ever fetched. */
export async function localMailbox(account: Account): Promise<MailboxPaths> {
  const paths = mailboxOf(account);
  if (await isMailbox(paths)) return paths;
  throw new ConfigError('no-mailbox', `There is no mailbox ${account.name} yet.`, {
    hint: 'Fetch its mail first, with posthorn fetch and the same options.',
  });
}
