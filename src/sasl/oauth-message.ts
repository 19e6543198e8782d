/**
 * The messages of OAUTHBEARER (RFC 7628 §3.1, §3.2.2) and of XOAUTH2: fields between control-A, and a refusal in JSON.
 *
 * Why apart: this is where the two differ, and all the text there is. This file must never know whether a token is good.
 */

import type { ClientContext } from './mechanism.ts';
import { gs2Header, unescapeName } from './scram-message.ts';
import { readUtf8 } from './text.ts';

export type Dialect = 'OAUTHBEARER' | 'XOAUTH2';

export interface Bearer {
  readonly user: string;
  readonly token: string;
}

interface Spelling {
  readonly format: (bearer: Bearer, context: ClientContext) => string;
  /** Undefined when the message is none. */
  readonly read: (text: string) => Bearer | undefined;
  /** What answers a refusal. */
  readonly acknowledgement: string;
}

const SEPARATOR = '\x01';

export const SPELLINGS: Readonly<Record<Dialect, Spelling>> = {
  OAUTHBEARER: {
    format: ({ user, token }, { host, port }) => {
      const place = [...(host === undefined ? [] : [`host=${host}`]), ...(port === undefined ? [] : [`port=${port}`])];
      return joined(gs2Header('n', user), ...place, `auth=Bearer ${token}`);
    },
    read: (text) => {
      const [header = '', ...fields] = text.split(SEPARATOR);
      const [, name] = /^[ny],a=([^,]+),$/.exec(header) ?? [];
      return bearerOf(name === undefined ? undefined : unescapeName(name), fields);
    },
    acknowledgement: SEPARATOR,
  },
  XOAUTH2: {
    format: ({ user, token }) => joined(`user=${user}`, `auth=Bearer ${token}`),
    read: (text) => {
      const [first = '', ...fields] = text.split(SEPARATOR);
      const [, user] = /^user=(.+)$/s.exec(first) ?? [];
      return bearerOf(user, fields);
    },
    acknowledgement: '',
  },
};

/** Each part is ended by a separator, and the whole by one more. */
function joined(...parts: readonly string[]): string {
  return [...parts, '', ''].join(SEPARATOR);
}

/** `fields`: what stands behind the first separator, the two empty parts at the end among it. */
function bearerOf(user: string | undefined, fields: readonly string[]): Bearer | undefined {
  const auth = fields.slice(0, -2).filter((field) => field.startsWith('auth='));
  // RFC 7628 §3.1: the scheme is compared in any case of letters.
  const [, token] = /^auth=Bearer +([!-~]+)$/i.exec(auth[0] ?? '') ?? [];
  const ended = fields.at(-1) === '' && fields.at(-2) === '';
  return user === undefined || token === undefined || auth.length > 1 || !ended ? undefined : { user, token };
}

/**
 * What a refusal says, for a person: its `status`, and the `scope` the token would need. Only plain words are repeated;
 * the rest is the server's text, and may hold anything.
 */
export function complaintOf(challenge: Uint8Array): string | undefined {
  const { status, scope } = readObject(readUtf8(challenge) ?? '');
  const words = [plain(status), plain(scope) && `scope ${plain(scope)}`].filter((word) => word !== undefined);
  return words.length === 0 ? undefined : words.join(', ');
}

function plain(value: unknown): string | undefined {
  return typeof value === 'string' && /^[A-Za-z0-9 _:/.-]{1,200}$/.test(value) ? value : undefined;
}

function readObject(text: string): { readonly status?: unknown; readonly scope?: unknown } {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}
