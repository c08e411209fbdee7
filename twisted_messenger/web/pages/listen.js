// How a page listens: by the stream of all tabs, or by its own where a browser has no shared workers.

import { token } from "./door.js";
import { Feed } from "./feed.js";

/** Tells a page what is said; `join` again after a token was given. */
export class Listening {
  #told;
  #port = null;
  #feed = null;

  constructor(told) {
    this.#told = told;
    if ("SharedWorker" in window) {
      const worker = new SharedWorker(new URL("./shared.js", import.meta.url), { type: "module" });
      this.#port = worker.port;
      this.#port.onmessage = ({ data }) => told(data);
      // Chrome on phones has none, others may not know modules in them.
      worker.onerror = () => this.#alone();
      this.#port.start();
    } else {
      this.#feed = new Feed();
    }
    addEventListener("pagehide", () => this.leave());
  }

  #alone() {
    if (this.#feed === null) {
      this.#port = null;
      this.#feed = new Feed();
      this.join();
    }
  }

  join() {
    if (this.#feed) this.#feed.join(this.#told, token());
    else this.#port.postMessage({ kind: "join", token: token() });
  }

  leave() {
    if (this.#feed) this.#feed.leave(this.#told);
    else this.#port.postMessage({ kind: "leave" });
  }
}
