// Asks the door, with the token where somebody has given one.

const KEY = "twisted_messenger.token";

/** What stands between a page and what it wants: the door's code and sentence. */
export class Problem extends Error {
  constructor(status, code, detail, retryAfter = 1) {
    super(detail || code);
    this.status = status;
    this.code = code;
    this.retryAfter = retryAfter;
  }

  /** Whether the same may succeed later. */
  get isTransient() {
    return this.status === 0 || this.status === 429 || this.status >= 503;
  }

  /** Whether a token would help. */
  get wantsToken() {
    return this.status === 401;
  }
}

/** The token of this tab: kept until it is closed, and never in an address or a cookie. */
export function token() {
  return sessionStorage.getItem(KEY) ?? "";
}

export function keepToken(text) {
  sessionStorage.setItem(KEY, text);
}

/** Forget the token, since it is not the right one: a door counts wrong ones. */
export function dropToken() {
  const given = token();
  sessionStorage.removeItem(KEY);
  return given ? "That is not the token." : "";
}

/** The problem that an answer tells of. */
export async function problemOf(response) {
  const retryAfter = Number(response.headers.get("Retry-After")) || 1;
  try {
    const { code, detail } = await response.json();
    return new Problem(response.status, code, detail, retryAfter);
  } catch {
    return new Problem(response.status, "http", `the server answered ${response.status}`, retryAfter);
  }
}

/** Send a request; raises a Problem where it is not done. */
export async function open(path, given, { method = "GET", body, headers = {}, signal } = {}) {
  const all = { ...headers };
  if (given) all.Authorization = `Bearer ${given}`;
  if (body !== undefined) all["Content-Type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: all,
      signal,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "omit",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "unreachable", "the server cannot be reached");
  }
  if (!response.ok) throw await problemOf(response);
  return response;
}

/** The same, with this tab's token, for what is answered in JSON. */
export async function ask(path, options) {
  return (await open(path, token(), options)).json();
}

/** A key that no other request has; crypto.randomUUID is there in secure contexts only. */
export function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
