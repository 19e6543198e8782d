/** Several accounts at once: those that were named, or all that the configuration has a POP3 server for. */
import { loadConfig } from '../config/load.ts';
import { UsageError } from '../errors.ts';
import { type Account, type AccountRequest, resolveAccount, type Surroundings } from './account.ts';

/** What belongs to one server, and must reach no other. */
const OF_ONE = ['pop3', 'passwordeval', 'auth', 'tlsFingerprint'] as const;

/**
 * Those of these names. Without one, the account that the request means where it means one; else all of the configuration.
 *
 * @throws ConfigError, UsageError; nothing has been connected to by then.
 */
export async function resolveAccounts(
  names: readonly string[],
  request: AccountRequest,
  surroundings: Surroundings,
): Promise<Account[]> {
  const meant = request.account !== undefined || request.pop3 !== undefined;
  if (names.length > 0 && request.account !== undefined)
    throw new UsageError('conflicting-options', '--account and names of accounts cannot both be given.');
  const wanted = names.length > 0 || meant ? [...new Set(names)] : await configured(request, surroundings);
  if (wanted.length === 0) return [await resolveAccount(request, surroundings)];
  if (wanted.length > 1) refuseShared(request, surroundings);
  const each = wanted.length > 1 ? { ...surroundings, ...oneQuestionAtATime(surroundings) } : surroundings;
  return Promise.all(wanted.map((account) => resolveAccount({ ...request, account }, each)));
}

/** None where there are fewer than two, or where the environment names a server. */
async function configured(request: AccountRequest, { env, home, uid }: Surroundings): Promise<string[]> {
  if (env['POSTHORN_POP3']) return [];
  const { accounts } = await loadConfig({ path: request.config, env, home, uid });
  const names = [...accounts.values()].filter(({ pop3 }) => pop3 !== undefined).map(({ name }) => name);
  return names.length > 1 ? names : [];
}

/** @throws UsageError where one password, or one server, would be used for several accounts. */
function refuseShared(request: AccountRequest, { env }: Surroundings): void {
  const shared = OF_ONE.some((name) => request[name] !== undefined) || Boolean(env['POSTHORN_PASSWORD']);
  if (!shared) return;
  throw new UsageError(
    'several-accounts',
    'A server, a password or a certificate of one account cannot be used for several.',
    {
      hint: 'Name one account, or write these settings into the configuration of each.',
    },
  );
}

/** The same terminal cannot be asked two things at once. */
function oneQuestionAtATime({ askPassword }: Surroundings): Pick<Surroundings, 'askPassword'> {
  if (askPassword === undefined) return {};
  let last: Promise<unknown> = Promise.resolve();
  return {
    askPassword: (user) => {
      const answer = last.then(() => askPassword(user));
      last = answer.catch(() => undefined);
      return answer;
    },
  };
}
