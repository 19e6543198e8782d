/** A home whose mail servers are a sandbox in the test's own process, and what every failure of the program must look like. */
import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';
import { runHere } from './here.ts';
import type { Scope } from './process.ts';
import { type Ended, type Home, makeHome, type RunOptions, type ToldError } from './program.ts';

export interface MailHome extends Home {
  readonly sandbox: Sandbox;
  /** Of the sandbox, in a file. */
  readonly caFile: string;
}

/** A home of ann's, the sandbox's first user, with the variables that lead there. Both end with the scope. */
export async function makeMailHome(scope: Scope, options: SandboxOptions = {}): Promise<MailHome> {
  const sandbox = await startSandbox(options);
  scope.after(() => sandbox.close());
  const { host, ports, users } = sandbox;
  const [ann] = users;
  assert.ok(ann);
  const login = encodeURIComponent(ann.address);
  const env: Record<string, string> = {
    POSTHORN_POP3: `pop3s://${login}@${host}:${ports.pop3s}`,
    POSTHORN_SMTP: `smtps://${login}@${host}:${ports.smtps}`,
    POSTHORN_PASSWORD: ann.password,
  };
  const home = await makeHome(scope, env);
  const caFile = join(home.folder, 'authority.pem');
  await writeFile(caFile, sandbox.authority);
  // The runs of this home read their environment anew each time.
  Object.assign(home.env, { POSTHORN_CA_FILE: caFile });
  return { ...home, sandbox, caFile };
}

/** How a run must fail. */
export interface Failure {
  readonly exit: number;
  readonly code: string;
  /** What a person must be able to read, in the sentence or the hint. */
  readonly says: RegExp;
}

/**
 * Runs the program as a person and as a script: each is told, once and clearly. The person's run is in this process,
 * which moves to the home's folder: a hundred processes more would take longer and show nothing else.
 */
export async function assertFails(
  home: Home,
  args: readonly string[],
  failure: Failure,
  options: RunOptions = {},
): Promise<void> {
  process.chdir(home.folder);
  assertTold(await runHere(home.env, args, options), failure);
  const ended = await home.posthorn(['--json', ...args], options);
  assert.equal(ended.code, failure.exit, ended.stderr);
  const error = onlyError(ended);
  assert.equal(error.code, failure.code);
  assert.match(`${error.message} ${error.hint ?? ''}`, failure.says);
}

/** One sentence, and one line that says what to do; no stack, no escape sequence. */
export function assertTold({ code, stderr, stdout }: Ended, { exit, says }: Failure): void {
  assert.equal(code, exit, stderr);
  assert.equal(stdout, '', 'an error is no data');
  const lines = stderr.trimEnd().split('\n');
  const at = lines.findIndex((line) => line.startsWith('posthorn: ') && !line.startsWith('posthorn: warning: '));
  const [sentence = '', ...hint] = lines.slice(at);
  assert.match(sentence, /^posthorn: [A-Z0-9"/<-].{6,}/, stderr);
  assert.ok(hint.length <= 1 && hint.every((line) => /^ {2}\S.*$/.test(line)), stderr);
  assert.match(`${sentence}\n${hint.join('')}`, says);
  assert.doesNotMatch(stderr, /\n\s+at |node:internal|\x1b|undefined|\[object|fault of Posthorn/);
}

/** The one line a script gets on standard error. */
export function onlyError({ stderr }: Ended): ToldError {
  const lines = stderr.trimEnd().split('\n');
  assert.equal(lines.length, 1, stderr);
  const { error } = JSON.parse(lines[0] ?? '') as { error: ToldError };
  assert.deepEqual(Object.keys(error), ['code', 'phase', 'message', 'hint', 'retryable', 'retryAfter']);
  assert.match(error.code, /^[a-z][a-z0-9-]+$/);
  assert.equal(typeof error.retryable, 'boolean');
  return error;
}
