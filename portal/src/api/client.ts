/** Requests to the API of the same origin, with the person's key if there is one. */
import { formatQuery, type QueryValue } from "../address.ts";
import { ROOT } from "../location.ts";
import { isEndOfSession, session, signOut } from "../session.ts";
import { parseExactly } from "./exact.ts";

export interface Answer<T> {
  readonly data: T;
  readonly headers: Headers;
}

/** A field that the registry did not take, and why. */
export interface FieldError {
  readonly field: string;
  readonly message: string;
}

export class ApiError extends Error {
  readonly status: number;
  readonly errors: readonly FieldError[];
  constructor(status: number, message: string, errors: readonly FieldError[] = []) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

/** What a request sends beside its address. */
interface Sent {
  readonly method?: string;
  readonly body?: unknown;
  readonly headers?: Record<string, string>;
}

export type Values = Record<string, QueryValue>;

/** Return the address of a route; each part of its path is encoded. */
export function addressOf(path: readonly string[], values: Values = {}): string {
  return ROOT + path.map(encodeURIComponent).join("/") + formatQuery(values);
}

async function send(address: string, signal?: AbortSignal, key?: string, more: Sent = {}): Promise<Response> {
  const sent = key ?? session.value?.key;
  const headers: Record<string, string> = { ...more.headers };
  if (sent) headers["Authorization"] = `Bearer ${sent}`;
  if (more.body !== undefined) headers["Content-Type"] = "application/json";
  const body = more.body === undefined ? null : JSON.stringify(more.body);
  let response: Response;
  try {
    response = await fetch(address, {
      method: more.method ?? "GET",
      headers,
      body,
      credentials: "omit",
      signal: signal ?? null,
    });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new ApiError(0, "The registry cannot be reached. Look at your connection, then try again.");
  }
  if (response.ok) return response;
  const { message, errors } = await readRefusal(response);
  // A key that was deleted or has ended: the next request asks as a stranger does.
  if (!key && sent && isEndOfSession(response.status, message)) signOut({ refused: true });
  throw new ApiError(response.status, message, errors);
}

async function readRefusal(response: Response): Promise<{ message: string; errors: FieldError[] }> {
  try {
    // Routes of Marquez call the message `error`, as Marquez does.
    const body = (await response.json()) as { message?: string; error?: string; errors?: FieldError[] };
    return { message: body.message ?? body.error ?? response.statusText, errors: body.errors ?? [] };
  } catch {
    return { message: response.statusText || `Status ${response.status}`, errors: [] };
  }
}

export async function ask<T>(path: readonly string[], values: Values = {}, signal?: AbortSignal): Promise<Answer<T>> {
  const response = await send(addressOf(path, values), signal);
  return { data: parseExactly(await response.text()) as T, headers: response.headers };
}

/** Change something: the answer's `data`, with its headers. */
export async function write<T>(path: readonly string[], sent: Sent & { readonly values?: Values }): Promise<Answer<T>> {
  const response = await send(addressOf(path, sent.values), undefined, undefined, sent);
  return { data: (parseExactly(await response.text()) as { data: T }).data, headers: response.headers };
}

/** Ask who a key is; an ApiError says that it is nobody's. */
export async function askWho<T>(key: string): Promise<T> {
  return (await (await send(addressOf(["me"]), undefined, key)).json()) as T;
}

/** Ask for what is no JSON. */
export async function askText(path: readonly string[], signal: AbortSignal): Promise<Answer<string>> {
  const response = await send(addressOf(path), signal);
  return { data: await response.text(), headers: response.headers };
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
