/** Requests to the API of the same origin, with the person's key if there is one. */
import { formatQuery, type QueryValue } from "../address.ts";
import { ROOT } from "../location.ts";
import { session, signOut } from "../session.ts";

export interface Answer<T> {
  readonly data: T;
  readonly headers: Headers;
}

export class ApiError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

export type Values = Record<string, QueryValue>;

/** Return the address of a route; each part of its path is encoded. */
export function addressOf(path: readonly string[], values: Values = {}): string {
  return ROOT + path.map(encodeURIComponent).join("/") + formatQuery(values);
}

async function send(address: string, signal?: AbortSignal, key?: string): Promise<Response> {
  const sent = key ?? session.value?.key;
  const headers = sent ? { Authorization: `Bearer ${sent}` } : {};
  let response: Response;
  try {
    response = await fetch(address, { headers, credentials: "omit", signal: signal ?? null });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "The registry cannot be reached. Look at your connection, then try again.");
  }
  if (response.ok) return response;
  const message = await readMessage(response);
  // A key that was deleted or has ended: the next request asks as a stranger does.
  if (!key && sent && (response.status === 401 || response.status === 403) && /key|token|credential|^Forbidden$/i.test(message)) signOut();
  throw new ApiError(response.status, message);
}

async function readMessage(response: Response): Promise<string> {
  try {
    const body = (await response.json()) as { message?: string };
    return body.message ?? response.statusText;
  } catch {
    return response.statusText || `Status ${response.status}`;
  }
}

export async function ask<T>(path: readonly string[], values: Values = {}, signal?: AbortSignal): Promise<Answer<T>> {
  const response = await send(addressOf(path, values), signal);
  return { data: (await response.json()) as T, headers: response.headers };
}

/** Ask who a key is; an ApiError says that it is nobody's. */
export async function askWho<T>(key: string): Promise<T> {
  return (await (await send(addressOf(["me"]), undefined, key)).json()) as T;
}

export async function askFile(path: readonly string[], values: Values): Promise<Answer<Blob>> {
  const response = await send(addressOf(path, values));
  return { data: await response.blob(), headers: response.headers };
}

export function saveFile(content: Blob, name: string): void {
  const address = URL.createObjectURL(content);
  const link = document.createElement("a");
  link.href = address;
  link.download = name;
  link.click();
  window.setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
