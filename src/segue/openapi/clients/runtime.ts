/** What the server says about a request that it did not answer as asked (RFC 9457). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: { title?: string; detail?: string; errors?: { loc: (string | number)[]; msg: string }[]; [member: string]: unknown },
    readonly response: Response,
  ) {
    super(`${status} ${problem.detail ?? problem.title ?? ""}`.trim());
    this.name = "ApiError";
  }
}

/** One Server-Sent Event; `data` is what its text stands for. */
export interface ServerEvent<T> {
  event: string;
  id: string;
  data: T;
}

export interface ClientOptions {
  /** Where the API is; "" is the origin of the page. */
  baseUrl?: string;
  /** Sent with each request, say for authorization. */
  headers?: Record<string, string>;
  /** Instead of the global one. */
  fetch?: typeof fetch;
}

interface Sent {
  query?: Record<string, unknown>;
  headers?: Record<string, unknown>;
  accept?: string;
  json?: unknown;
  body?: BodyInit | undefined;
  type?: string;
}

class Caller {
  constructor(private readonly options: ClientOptions = {}) {}

  protected async send(method: string, path: string, sent: Sent, init: RequestInit = {}): Promise<Response> {
    const query = new URLSearchParams();
    for (const [name, value] of pairs(sent.query ?? {})) query.append(name, String(value));
    const headers = new Headers(this.options.headers);
    new Headers(init.headers).forEach((value, name) => headers.set(name, value));
    for (const [name, value] of pairs(sent.headers ?? {})) headers.append(name, String(value));
    if (sent.accept) headers.set("accept", sent.accept);
    let body = sent.body;
    if (sent.json !== undefined) {
      body = JSON.stringify(sent.json);
      headers.set("content-type", "application/json");
    } else if (sent.type !== undefined && body !== undefined) {
      headers.set("content-type", sent.type);
    }
    const url = (this.options.baseUrl ?? "").replace(/\/+$/, "") + path + (query.size ? `?${query}` : "");
    const response = await (this.options.fetch ?? fetch)(url, { ...init, method, headers, ...(body === undefined ? {} : { body }) });
    if (!response.ok) {
      const text = await response.text();
      let problem = {};
      try {
        problem = JSON.parse(text);
      } catch {
        problem = { detail: text };
      }
      throw new ApiError(response.status, problem, response);
    }
    return response;
  }
}

function* pairs(values: Record<string, unknown>): Generator<[string, unknown]> {
  for (const [name, value] of Object.entries(values)) {
    for (const one of Array.isArray(value) ? value : [value]) {
      if (one !== undefined && one !== null) yield [name, one];
    }
  }
}

function form(values: object): URLSearchParams {
  const made = new URLSearchParams();
  for (const [name, value] of pairs(values as Record<string, unknown>)) made.append(name, String(value));
  return made;
}

function multipart(values: object): FormData {
  const made = new FormData();
  for (const [name, value] of pairs(values as Record<string, unknown>)) {
    if (value instanceof Blob) made.append(name, value);
    else made.append(name, String(value));
  }
  return made;
}

const segment = (value: unknown): string => encodeURIComponent(String(value));
const segments = (value: unknown): string => String(value).split("/").map(encodeURIComponent).join("/");

async function* lines(response: Response): AsyncGenerator<string> {
  if (response.body === null) return;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      rest += value;
      const found = rest.split(/\r\n|\n|\r(?!$)/);
      rest = found.pop() ?? "";
      yield* found;
    }
    if (rest) yield rest;
  } finally {
    await reader.cancel();
  }
}

async function* items<T>(response: Response): AsyncGenerator<T> {
  for await (const line of lines(response)) if (line) yield JSON.parse(line);
}

async function* events<T>(response: Response, json: boolean): AsyncGenerator<ServerEvent<T>> {
  let event = "message";
  let id = "";
  let data: string[] = [];
  for await (const line of lines(response)) {
    if (line === "") {
      if (data.length) yield { event, id, data: json ? JSON.parse(data.join("\n")) : data.join("\n") };
      event = "message";
      data = [];
      continue;
    }
    const colon = line.indexOf(":");
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") data.push(value);
    else if (name === "event") event = value;
    else if (name === "id") id = value;
  }
}
