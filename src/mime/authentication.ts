/**
 * What receiving servers say of a message's sender: Authentication-Results (RFC 8601).
 *
 * Why only of servers that are named: anybody can write this field into a message. A server that adds it removes what
 * pretends to be its own (§5), so its name is what can be trusted, and nothing else. Pure.
 */

import type { Headers } from './header-fields.ts';

export interface AuthenticationResult {
  /** The server that says so: its authserv-id. */
  readonly server: string;
  /** `spf`, `dkim`, `dmarc` and others, in lower case. */
  readonly method: string;
  /** `pass`, `fail`, `softfail`, `none` and others, in lower case. */
  readonly result: string;
  /** What was looked at: `header.from=example.org`, in order. */
  readonly properties: readonly string[];
}

/** In characters, of one field; and how many results are read of one. */
const MAX_FIELD = 20_000;
const MAX_RESULTS = 50;

/**
 * The results of those fields whose server is trusted. Where several fields speak of the same method the topmost counts: it
 * was added last.
 *
 * @param trusted authserv-ids, compared without regard to case.
 */
export function authentication(headers: Headers, trusted: readonly string[]): AuthenticationResult[] {
  if (trusted.length === 0) return [];
  const servers = new Set(trusted.map((server) => server.toLowerCase()));
  const found: AuthenticationResult[] = [];
  for (const value of headers.rawAll('authentication-results')) {
    const results = parseAuthenticationResults(value).filter(({ server }) => servers.has(server.toLowerCase()));
    const known = new Set(found.map(({ method }) => method));
    found.push(...results.filter(({ method }) => !known.has(method)));
  }
  return found;
}

const TOKEN = /"((?:[^"\\]|\\.)*)"|[^\s;="]+|[;=]/gs;

/** One field (§2.2). Never throws: what is not of that form is left out. */
export function parseAuthenticationResults(value: string): AuthenticationResult[] {
  const [head = '', ...clauses] = clausesOf(withoutComments(value.slice(0, MAX_FIELD)));
  const server = head[0] ?? '';
  if (server === '' || head[1] === '=') return [];
  const results: AuthenticationResult[] = [];
  for (const words of clauses.slice(0, MAX_RESULTS)) {
    const [method = '', equals, result = ''] = words;
    // The method may have a version behind a slash.
    if (equals !== '=' || !/^[a-z][a-z0-9-]*(?:\/\d+)?$/i.test(method) || !/^[a-z]+$/i.test(result)) continue;
    const properties: string[] = [];
    for (let at = 3; at < words.length; at += 1) {
      if (words[at + 1] === '=') properties.push(`${words[at]}=${words[at + 2] ?? ''}`);
    }
    results.push({
      server,
      method: method.replace(/\/\d+$/, '').toLowerCase(),
      result: result.toLowerCase(),
      properties,
    });
  }
  return results;
}

/** The words of each clause; clauses are separated by semicolons. */
function clausesOf(text: string): string[][] {
  const clauses: string[][] = [[]];
  for (const [token, quoted] of text.matchAll(TOKEN)) {
    if (token === ';') clauses.push([]);
    else clauses.at(-1)?.push(quoted === undefined ? token : quoted.replace(/\\(.)/gs, '$1'));
  }
  return clauses;
}

/** Comments nest, and may hold anything (RFC 5322 §3.2.2); what is in quotes is none. */
function withoutComments(text: string): string {
  let depth = 0;
  let quoted = false;
  let plain = '';
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] as string;
    if (character === '\\') {
      if (depth === 0) plain += text.slice(at, at + 2);
      at += 1;
    } else if (depth === 0 && character === '"') {
      quoted = !quoted;
      plain += character;
    } else if (!quoted && character === '(') depth += 1;
    else if (!quoted && character === ')' && depth > 0) {
      depth -= 1;
      plain += ' ';
    } else if (depth === 0) plain += character;
  }
  return plain;
}
