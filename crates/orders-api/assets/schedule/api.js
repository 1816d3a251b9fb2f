/** Requests to the service. */

/**
 * @typedef {{ id: string, name: string }} Service
 * @typedef {{ id: string, name: string, minimum_gap: string }} Calendar
 * @typedef {{ from: string, to: string }} Interval
 * @typedef {object} Order
 * @property {string} id
 * @property {string} calendar
 * @property {string} datetime
 * @property {number} totalfee
 * @property {{ id: string }[]} services
 * @property {string} [reference]
 * @property {Record<string, string>} [metadata]
 * @property {number} version
 * @property {string} created_at
 * @property {string} updated_at
 * @typedef {{ cursor: string, type: string, timestamp: string, client?: string, data: Order }} Change
 * @typedef {{ client?: string, scope: "read" | "write" | "admin" }} Access
 * @typedef {{ signal?: AbortSignal, headers?: Record<string, string>, body?: unknown, type?: string }} Options
 */

const KEY = "orders-key";

/** After so long without a response, a request has failed. */
const TIMEOUT = 20_000;

/** How often a read is repeated when the service asks for that. */
const RETRIES = 4;

/** A problem that the service answered with (RFC 9457). */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {Record<string, any>} body
   * @param {Headers} headers
   */
  constructor(status, body, headers) {
    super(body.detail ?? body.title ?? `the service answered ${status}`);
    this.status = status;
    this.body = body;
    this.headers = headers;
    this.type = String(body.type ?? "").replace("/problems/", "");
  }
}

/** The service did not answer, so it is not known whether it did what was asked. */
export class Unreachable extends Error {}

/** The key that requests are sent with. The browser forgets it when the tab is closed. */
export const key = {
  get() {
    return sessionStorage.getItem(KEY) ?? "";
  },
  /** @param {string} value */
  set(value) {
    if (value) {
      sessionStorage.setItem(KEY, value);
    } else {
      sessionStorage.removeItem(KEY);
    }
  },
};

/**
 * Sends a request, and returns the response.
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @throws {Problem | Unreachable} unless the response is a success
 */
export async function send(method, path, { signal, headers, body, type = "application/json" } = {}) {
  const credentials = key.get() ? { Authorization: `Bearer ${key.get()}` } : undefined;
  const content = body === undefined ? undefined : { "Content-Type": type };
  let response;
  try {
    response = await fetch(path, {
      method, signal, cache: "no-store", credentials: "omit",
      headers: { Accept: "application/json", ...credentials, ...content, ...headers },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch (cause) {
    signal?.throwIfAborted();
    throw new Unreachable("the service does not answer", { cause });
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({}));
    throw new Problem(response.status, problem, response.headers);
  }
  return response;
}

/**
 * Sends a request, and returns the JSON of the response, or `null` if it is empty.
 * @param {string} method
 * @param {string} path
 * @param {Options} [options]
 * @returns {Promise<any>}
 */
export async function json(method, path, { signal, ...options } = {}) {
  const response = await send(method, path, { ...options, signal: limited(signal) });
  return response.status === 204 ? null : response.json();
}

/** @param {AbortSignal} [signal] */
function limited(signal) {
  const timeout = AbortSignal.timeout(TIMEOUT);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

/**
 * Reads a resource. If the service is too busy, waits as long as it says and tries again.
 * @param {string} path
 * @param {AbortSignal} [signal]
 */
export async function read(path, signal) {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await send("GET", path, { signal: limited(signal) });
    } catch (error) {
      if (!(error instanceof Problem) || ![429, 503].includes(error.status) || attempt >= RETRIES) {
        throw error;
      }
      await pause(retryAfter(error) * (1 + Math.random() / 2), signal);
    }
  }
}

/**
 * Reads a list page by page, along its links.
 * @template T
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {AsyncGenerator<T[], void, void>}
 */
export async function* pages(path, signal) {
  for (let next = path; next; ) {
    const response = await read(next, signal);
    next = /<([^>]*)>; rel="next"/.exec(response.headers.get("Link") ?? "")?.[1] ?? "";
    yield await response.json();
  }
}

/**
 * Reads a whole list.
 * @template T
 * @param {string} path
 * @param {AbortSignal} [signal]
 * @returns {Promise<T[]>}
 */
export async function list(path, signal) {
  const all = [];
  for await (const page of pages(path, signal)) {
    all.push(.../** @type {T[]} */ (page));
  }
  return all;
}

/**
 * A path with these parameters in its query.
 * @param {string} path
 * @param {Record<string, string>} parameters
 */
export function query(path, parameters) {
  return `${path}?${new URLSearchParams(parameters)}`;
}

/**
 * How many milliseconds the service asks to wait.
 * @param {Problem} problem
 */
export function retryAfter(problem) {
  const seconds = Number(problem.headers.get("Retry-After") ?? 1);
  return Math.min(Math.max(seconds || 1, 0.5), 10) * 1000;
}

/**
 * Waits.
 * @param {number} milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<void>}
 */
export function pause(milliseconds, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, milliseconds);
    signal?.addEventListener("abort", stop);
  });
}

/** A key that nobody else uses, for an `Idempotency-Key`. */
export function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
