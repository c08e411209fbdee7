// What is said, as it is said: a stream of events that goes on after every break where it was.

import { Problem, open } from "./door.js";

const LEAST_WAIT = 500;
const LONGEST_WAIT = 15_000;
// The server says something, if only that there is nothing, every 15 s.
const SILENCE = 40_000;

/** Reads the events of one stream: calls back with the fields of each. */
async function readEvents(body, heard) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let silence;
  try {
    for (;;) {
      const silent = new Promise((_, reject) => {
        silence = setTimeout(() => reject(new Problem(0, "silent", "the server is silent")), SILENCE);
      });
      const { done, value } = await Promise.race([reader.read(), silent]);
      clearTimeout(silence);
      if (done) return;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      for (const block of blocks) heard(fieldsOf(block));
    }
  } finally {
    clearTimeout(silence);
    reader.cancel().catch(() => {});
  }
}

function fieldsOf(block) {
  const fields = {};
  for (const line of block.split("\n")) {
    const at = line.indexOf(":");
    if (at > 0) fields[line.slice(0, at)] = line.slice(at + 1).replace(/^ /, "");
  }
  return fields;
}

/**
 * One stream, for all who listen. Each listener is told, as objects with a `kind`:
 * - `live`: what follows is heard as it is said;
 * - `message`: one message;
 * - `gap`: so many messages are gone, or null where nobody knows how many;
 * - `away`: the stream broke; it is tried again after so many milliseconds;
 * - `refused`: it is not allowed; a token may help.
 */
export class Feed {
  #listeners = new Set();
  #token = "";
  #at = null; // the id up to which all was heard
  #state = { kind: "away", wait: 0 };
  #stop = null;
  #advised = 0;

  /** Somebody listens: all that is said from now on comes to it. */
  join(listener, token) {
    this.#listeners.add(listener);
    listener(this.#state);
    if (this.#stop === null || (token && this.#state.kind === "refused")) this.#begin(token);
  }

  leave(listener) {
    this.#listeners.delete(listener);
    if (this.#listeners.size === 0) this.#end();
  }

  #tell(event) {
    for (const listener of this.#listeners) listener(event);
  }

  #enter(state) {
    this.#state = state;
    this.#tell(state);
  }

  #end() {
    this.#stop?.abort();
    this.#stop = null;
    this.#at = null;
    this.#state = { kind: "away", wait: 0 };
  }

  #begin(token) {
    this.#stop?.abort();
    this.#stop = new AbortController();
    this.#token = token;
    this.#run(this.#stop.signal);
  }

  async #run(signal) {
    let failures = 0;
    while (!signal.aborted) {
      let wait = 0;
      try {
        await this.#listen(signal, () => (failures = 0));
      } catch (error) {
        if (signal.aborted) return;
        if (error instanceof Problem && !error.isTransient && error.status !== 502) {
          this.#enter({ kind: "refused", status: error.status, code: error.code, detail: error.message });
          return;
        }
        wait = Math.min(LEAST_WAIT * 2 ** failures, LONGEST_WAIT);
      }
      failures += 1;
      // Not all at once, when a server is back.
      wait = Math.max(wait, this.#advised || LEAST_WAIT) * (0.75 + Math.random() / 2);
      this.#advised = 0;
      if (signal.aborted) return;
      this.#enter({ kind: "away", wait });
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }

  async #listen(signal, succeeded) {
    if (this.#at === null) {
      const last = await (await open("/messages?last=1", this.#token, { signal })).json();
      this.#at = last.next;
    }
    const place = encodeURIComponent(this.#at);
    const response = await open(`/events?after=${place}`, this.#token, {
      signal,
      headers: { Accept: "text/event-stream" },
    });
    succeeded();
    this.#enter({ kind: "live" });
    await readEvents(response.body, (fields) => {
      if (fields.retry) this.#advised = Number(fields.retry);
      if (fields.id) this.#at = fields.id;
      if (!fields.data) return;
      const data = JSON.parse(fields.data);
      if (fields.event === "gap") this.#tell({ kind: "gap", lost: data.lost });
      else this.#tell({ kind: "message", message: data });
    });
  }
}
