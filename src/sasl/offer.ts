/**
 * Which mechanisms a server offers: those it has what they need for. The mirror of `select.ts`.
 */
import type { ServerContext, Verifier } from './mechanism.ts';
import { MECHANISMS, type Mechanism } from './mechanisms.ts';

/** The mechanisms that can succeed with this verifier on this channel, in the order of the table. */
export function offeredMechanisms(verifier: Verifier, context: ServerContext): readonly Mechanism[] {
  const { bindings = [], certified = [] } = context;
  const has = { password: true, token: verifier.token !== undefined, certificate: certified.length > 0 };
  return MECHANISMS.filter(({ proof, binds }) => has[proof] && (bindings.length > 0 || !binds));
}

/** Their names, as the arguments of a capability. */
export function offeredNames(verifier: Verifier, context: ServerContext): readonly string[] {
  return offeredMechanisms(verifier, context).map(({ name }) => name);
}
