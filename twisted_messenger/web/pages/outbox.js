// One's own lines until they are in the log: in order, and each with what became of it.

import { ask, freshKey } from "./door.js";
import { messageItem } from "./log.js";

const LONGEST_WAIT = 15_000;

/** Sends lines one after the other; what may have arrived is repeated under its key. */
export class Outbox {
  #lines = [];
  #isSending = false;
  #wake = null;

  constructor(list, log, edit) {
    this.list = list;
    this.log = log;
    this.edit = edit;
    addEventListener("beforeunload", (event) => this.#lines.length && event.preventDefault());
  }

  say(name, text) {
    const item = messageItem({ name, text });
    const fate = document.createElement("span");
    fate.className = "fate";
    item.append(fate);
    this.list.append(item);
    const line = { name, text, key: freshKey(), item, fate, id: null };
    this.#mark(line, "sending", "on its way");
    this.#lines.push(line);
    this.#send();
  }

  /** A message is in the log: where it is one of these, it need not be shown here. */
  heard(id) {
    for (const item of this.list.children) if (item.dataset.id === id) item.remove();
  }

  /** The server is back. */
  goOn() {
    this.#wake?.();
  }

  async #send() {
    if (this.#isSending) return;
    this.#isSending = true;
    let failures = 0;
    while (this.#lines.length) {
      const [line] = this.#lines;
      try {
        const { id } = await this.#post(line);
        this.#said(line, id);
        this.#lines.shift();
        failures = 0;
      } catch (problem) {
        if (problem.isTransient) {
          failures += 1;
          this.#mark(line, "sending", `waits: ${problem.message}`);
          await this.#pause(Math.min(1000 * problem.retryAfter * 2 ** (failures - 1), LONGEST_WAIT));
        } else {
          this.#lines.shift();
          this.#refused(line, problem);
        }
      }
    }
    this.#isSending = false;
  }

  #post({ name, text, key }) {
    return ask("/messages", {
      method: "POST",
      body: { name, text },
      headers: { "Idempotency-Key": key },
      signal: AbortSignal.timeout(30_000),
    });
  }

  #pause(milliseconds) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  #mark(line, state, text) {
    line.item.dataset.state = state;
    line.fate.textContent = text;
  }

  #said(line, id) {
    if (this.log.has(id)) {
      line.item.remove();
      return;
    }
    line.item.dataset.id = id;
    this.#mark(line, "said", "said");
  }

  #refused(line, problem) {
    this.#mark(line, "refused", `not said: ${problem.message} `);
    const again = document.createElement("button");
    again.type = "button";
    again.className = "quiet";
    again.textContent = "edit";
    again.addEventListener("click", () => {
      line.item.remove();
      this.edit(line.text);
    });
    line.fate.append(again);
  }
}
