/**
 * Signing in at an OpenID provider: the code flow with PKCE, without a cookie and without a secret.
 *
 * The token is held as a key is: in memory, or in the tab's storage for who asks for that.
 */
import { ApiError, askWho } from "./api/client.ts";
import type { Caller } from "./api/types.ts";
import { ROOT } from "./location.ts";
import { signIn } from "./session.ts";

const NAME = "data-mesh-registry-sign-in";

export interface Provider {
  readonly issuer: string;
  readonly client_id: string;
  readonly scope: string;
}
/** What is remembered while the person is at the provider. */
interface Pending {
  readonly state: string;
  readonly nonce: string;
  readonly verifier: string;
  readonly back: string;
  readonly keep: boolean;
}
interface Discovered {
  readonly issuer: string;
  readonly authorization_endpoint: string;
  readonly token_endpoint: string;
}
interface Tokens {
  readonly id_token?: string;
  readonly access_token?: string;
}

/** The provider that the server names; null where people use keys alone. */
export const provider: Provider | null = readProvider();

function readProvider(): Provider | null {
  const content = globalThis.document?.querySelector<HTMLMetaElement>('meta[name="provider"]')?.content;
  try {
    return content ? (JSON.parse(content) as Provider | null) : null;
  } catch {
    return null;
  }
}

export function encodeBytes(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

const makeSecret = () => encodeBytes(crypto.getRandomValues(new Uint8Array(32)));

/** Return the challenge of a verifier (RFC 7636, S256). */
export async function makeChallenge(verifier: string): Promise<string> {
  return encodeBytes(new Uint8Array(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(verifier))));
}

/** Return the claims of a token. Its signature is checked by the registry, each time. */
export function readClaims(token: string): Record<string, unknown> {
  const part = (token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/");
  return JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (sign) => sign.charCodeAt(0)))) as Record<string, unknown>;
}

async function discover({ issuer }: Provider): Promise<Discovered> {
  const address = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const found = (await (await fetch(address, { credentials: "omit" })).json()) as Discovered;
  if (found.issuer !== issuer) throw new Error(`${address} is the document of another issuer`);
  return found;
}

const callback = () => `${ROOT}ui/callback`;

/** Go to the provider; it leads back to `/ui/callback`. */
export async function leaveForProvider(to: Provider, keep: boolean): Promise<void> {
  const { authorization_endpoint: endpoint } = await discover(to);
  const here = window.location.pathname + window.location.search;
  const back = here.startsWith(new URL(callback()).pathname) ? new URL(`${ROOT}ui`).pathname : here;
  const pending: Pending = { state: makeSecret(), nonce: makeSecret(), verifier: makeSecret(), back, keep };
  const question = new URL(endpoint);
  if (!["https:", "http:"].includes(question.protocol)) throw new Error("The provider's address is none that a browser opens");
  const values = {
    response_type: "code",
    client_id: to.client_id,
    redirect_uri: callback(),
    scope: to.scope,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: await makeChallenge(pending.verifier),
    code_challenge_method: "S256",
  };
  for (const [name, value] of Object.entries(values)) question.searchParams.set(name, value);
  window.sessionStorage.setItem(NAME, JSON.stringify(pending));
  window.location.assign(question.href);
}

/** Take what the provider has sent along; returns the address that the person came from. */
export async function returnFromProvider(from: Provider, values: (name: string) => string): Promise<string> {
  const kept = window.sessionStorage.getItem(NAME);
  window.sessionStorage.removeItem(NAME);
  const pending = kept ? (JSON.parse(kept) as Pending) : null;
  if (!pending || values("state") !== pending.state) throw new Error("This answer belongs to no sign-in of this tab. Sign in again.");
  if (values("error")) throw new Error(`The provider has refused: ${values("error_description") || values("error")}`);
  if (values("iss") && values("iss") !== from.issuer) throw new Error("This is the answer of another issuer. Sign in again.");
  const tokens = await redeemCode(from, values("code"), pending);
  const { key, caller } = await findAccepted([tokens.id_token, tokens.access_token]);
  const end = Number(readClaims(key)["exp"]);
  signIn({ key, principal: caller.principal, grants: caller.grants, ...(end ? { ends: end * 1000 } : {}) }, pending.keep);
  return pending.back;
}

async function redeemCode(from: Provider, code: string, pending: Pending): Promise<Tokens> {
  const { token_endpoint: endpoint } = await discover(from);
  const body = new URLSearchParams({
    grant_type: "authorization_code",
    code,
    redirect_uri: callback(),
    client_id: from.client_id,
    code_verifier: pending.verifier,
  });
  const response = await fetch(endpoint, { method: "POST", body, credentials: "omit" });
  if (!response.ok) throw new Error(`The provider has not taken its own code (${response.status}). Sign in again.`);
  const tokens = (await response.json()) as Tokens;
  if (tokens.id_token) {
    const claims = readClaims(tokens.id_token);
    const isMine = claims["iss"] === from.issuer && [claims["aud"]].flat().includes(from.client_id);
    if (!isMine || claims["nonce"] !== pending.nonce) throw new Error("The provider's token is not for this sign-in. Sign in again.");
  }
  return tokens;
}

/** Return the first token that the registry takes: which one has its audience is the provider's choice. */
async function findAccepted(tokens: readonly (string | undefined)[]): Promise<{ key: string; caller: Caller }> {
  for (const key of tokens) {
    if (!key) continue;
    try {
      return { key, caller: await askWho<Caller>(key) };
    } catch (error) {
      if (!(error instanceof ApiError && [401, 403].includes(error.status))) throw error;
    }
  }
  throw new Error("The registry does not take the provider's token. Its administrator finds the reason in the log of the authorizer.");
}
