// The client: a call, its time, its repeats, and its result.

import { CartwrightError, errorOf, NetworkError, TimeoutError } from "./errors.js";
import { type Problem, problemOf } from "./problem.js";
import { mayRepeat, retryAfterMs, waitMs } from "./retry.js";
import type { components, operations } from "./schema.js";

/** Whom to call, and how patiently. */
export interface Options {
  /** The base URL of the data plane, such as `https://run.example.com`. */
  url: string;
  /** A tenant's API key, or the platform's key. */
  key: string;
  /** For the platform's key: the tenant that it acts for, by name or id. A call may name another. */
  tenant?: string;
  /** How long a call may take with all its repeats, in milliseconds. 5,000 when absent. */
  timeoutMs?: number;
  /** How often a call is sent at most. 3 when absent. */
  attempts?: number;
  /** Sends requests; the global `fetch` when absent. */
  fetch?: typeof fetch;
}

/** What may differ from call to call. */
export interface CallOptions {
  /** The tenant that the platform's key acts for. */
  tenant?: string;
  /** How long this call may take with all its repeats, in milliseconds. */
  timeoutMs?: number;
  /**
   * Names the call, so that a repeat returns the first result and is neither run nor billed again. A random one when
   * absent. Give one of your own, such as an order's number, to keep that promise over a restart of your process. `false`
   * sends none: the fastest call, which is not repeated when its connection breaks.
   */
  idempotencyKey?: string | false;
  /** Ends the call early. */
  signal?: AbortSignal;
}

type Query = NonNullable<operations["invoke_function"]["parameters"]["query"]>;

/** What may differ from invocation to invocation: `alias` and `version` say which version runs. */
export interface InvokeOptions extends CallOptions, Query {}

/** What may differ from call to call of a target. */
export interface RunOptions extends CallOptions {
  /** Functions that have not ended so many milliseconds after the request came end `budget_exceeded`; the others' results stand. */
  budgetMs?: number;
}

/** One run, and its result. */
export interface Invocation<Output = unknown> {
  output: Output;
  invocationId: string;
  version: number;
  /** Fuel burned: the same for the same module and input on every machine. */
  fuel: number;
  memoryPeakBytes: number;
  durationUs: number;
  /** The list price of this run, such as `0.0000012 USD`. */
  cost: string;
  /** Whether the result was kept from an equal run, for a function that lets its results be kept: nothing ran. */
  cached: boolean;
  /** Whether this is the first result of the idempotency key, given again: nothing ran, nothing is billed. */
  replayed: boolean;
  requestId: string;
}

/** What one function that is bound to a target made of the payload: its `output`, or why there is none. */
export type TargetResult<Output = unknown> = Omit<components["schemas"]["CallResult"], "output" | "error"> & {
  output?: Output;
  error?: Problem | null;
};

/** What a call of a target brought. */
export interface TargetCall<Output = unknown> {
  /** Of every function that is bound, in the tenant's order. */
  results: TargetResult<Output>[];
  /** The sum of their list prices. */
  cost: string;
  replayed: boolean;
  requestId: string;
}

/** Calls functions. One is enough for a process; it holds no connection of its own. */
export class Cartwright {
  readonly #options: Required<Omit<Options, "tenant">> & Pick<Options, "tenant">;

  constructor(options: Options) {
    if (!options.url || !options.key) throw new CartwrightError("Cartwright needs a url and a key");
    const url = new URL(options.url);
    if (url.protocol !== "https:" && url.protocol !== "http:") {
      throw new CartwrightError(`${options.url} is no address of a server`);
    }
    this.#options = {
      timeoutMs: 5_000,
      attempts: 3,
      fetch: (input, init) => fetch(input, init),
      ...options,
      url: options.url.replace(/\/+$/, ""),
    };
  }

  /** Run a function on an input. A run that fails throws a `FunctionError`, a refused call a `ProblemError`. */
  async invoke<Output = unknown>(
    name: string,
    input: unknown,
    options: InvokeOptions = {},
  ): Promise<Invocation<Output>> {
    const query = new URLSearchParams();
    if (options.alias != null) query.set("alias", options.alias);
    if (options.version != null) query.set("version", String(options.version));
    const path = `/v1/invoke/${encodeURIComponent(name)}${query.size > 0 ? `?${query}` : ""}`;
    const { body, text } = await this.#call(path, input, options);
    return {
      output: body as Output,
      invocationId: text("invocation-id"),
      version: Number(text("version")),
      fuel: Number(text("fuel")),
      memoryPeakBytes: Number(text("memory-peak")),
      durationUs: Number(text("duration-us")),
      cost: text("cost"),
      cached: text("cache") === "hit",
      replayed: text("idempotent-replay") === "true",
      requestId: text("request-id"),
    };
  }

  /** Run all functions that a tenant bound to a target, on one payload. Takes the platform's key. */
  async run<Output = unknown>(
    target: string,
    payload: unknown,
    options: RunOptions = {},
  ): Promise<TargetCall<Output>> {
    const { body, text } = await this.#call(`/v1/run/${encodeURIComponent(target)}`, payload, options);
    return {
      results: (body as { results: TargetResult<Output>[] }).results,
      cost: text("cost"),
      replayed: text("idempotent-replay") === "true",
      requestId: text("request-id"),
    };
  }

  async #call(path: string, input: unknown, options: RunOptions): Promise<Answer> {
    const timeoutMs = options.timeoutMs ?? this.#options.timeoutMs;
    const [end, time] = [Date.now() + timeoutMs, AbortSignal.timeout(timeoutMs)];
    const signal = options.signal ? AbortSignal.any([options.signal, time]) : time;
    const key = options.idempotencyKey ?? crypto.randomUUID();
    const request = this.#request(input, options, key);
    for (let repeat = 0; ; repeat += 1) {
      const outcome = await this.#attempt(path, { ...request, signal });
      if ("body" in outcome) return outcome;
      options.signal?.throwIfAborted();
      const { error, retryAfter } = outcome;
      if (time.aborted) throw new TimeoutError(timeoutMs, { cause: error });
      const wait = waitMs(repeat, retryAfter);
      const isLast = repeat + 1 >= this.#options.attempts || Date.now() + wait >= end;
      if (isLast || !mayRepeat(error, key !== false)) throw error;
      await pause(wait, signal);
    }
  }

  #request(input: unknown, { tenant, budgetMs }: RunOptions, key: string | false): RequestInit {
    const headers = new Headers({
      authorization: `Bearer ${this.#options.key}`,
      "content-type": "application/json",
    });
    const actsFor = tenant ?? this.#options.tenant;
    if (actsFor !== undefined) headers.set("cartwright-tenant", actsFor);
    if (budgetMs !== undefined) headers.set("cartwright-budget-ms", String(budgetMs));
    if (key !== false) headers.set("idempotency-key", key);
    // Written once, so that every repeat sends the same bytes: an idempotency key stands for one body.
    return { method: "POST", headers, body: JSON.stringify(input), redirect: "error" };
  }

  async #attempt(path: string, request: RequestInit): Promise<Answer | Failed> {
    let answer: Response;
    let text: string;
    try {
      answer = await this.#options.fetch(`${this.#options.url}${path}`, request);
      text = await answer.text();
    } catch (cause) {
      return { error: new NetworkError(`no answer from ${this.#options.url}`, { cause }), retryAfter: 0 };
    }
    const body = answer.status === 200 ? read(text) : undefined;
    if (body !== undefined) {
      return { body, text: (header) => answer.headers.get(`cartwright-${header}`) ?? "" };
    }
    const error = errorOf({ ...problemOf(answer.status, text), status: answer.status });
    return { error, retryAfter: retryAfterMs(answer.headers.get("retry-after")) };
  }
}

interface Answer {
  body: unknown;
  /** One of the headers `Cartwright-…`; empty when it is absent. */
  text: (header: string) => string;
}

/** An attempt without a result, and how long the server asks to wait. */
interface Failed {
  error: CartwrightError;
  retryAfter: number;
}

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Wait; a signal that ends the call ends the wait, and the next attempt says so. */
function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener("abort", done);
  });
}
