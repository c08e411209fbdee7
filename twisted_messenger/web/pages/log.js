// The list of what was said: in order, each message once, the newest in sight unless one reads back.

const MOST = 2000;
const NEAR = 80;

const TIME = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const WHOLE = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "medium" });

function make(tag, className, text) {
  const found = document.createElement(tag);
  found.className = className;
  if (text !== undefined) found.textContent = text;
  return found;
}

/** One message as an item of a list; all that was said is text. */
export function messageItem({ name, text, time }) {
  const item = make("li", "message");
  const when = make("time", "", time ? TIME.format(time * 1000) : "");
  if (time) {
    when.dateTime = new Date(time * 1000).toISOString();
    when.title = WHOLE.format(time * 1000);
  }
  const who = make("b", "name", name);
  who.dir = "auto";
  const what = make("span", "text", text);
  what.dir = "auto";
  item.append(when, who, what);
  return item;
}

/** What was said, on the page. */
export class Log {
  #items = new Map();
  #unseen = 0;

  constructor(scroll, list, newest) {
    this.scroll = scroll;
    this.list = list;
    this.newest = newest;
    newest.addEventListener("click", () => this.toEnd());
    scroll.addEventListener("scroll", () => this.#isAtEnd() && this.#seen());
  }

  get isEmpty() {
    return this.#items.size === 0;
  }

  has(id) {
    return this.#items.has(id);
  }

  /** Add a message at the end; false where it is there. */
  add(message) {
    if (this.has(message.id)) return false;
    const follows = this.#isAtEnd();
    const item = messageItem(message);
    this.#items.set(message.id, item);
    this.#startDay(message.time, this.list.lastElementChild);
    item.dataset.time = message.time;
    this.list.append(item);
    this.#shorten();
    if (follows) this.toEnd();
    else this.#show(this.#unseen + 1);
    return true;
  }

  /** Add older messages at the beginning, and stay where one reads. */
  addBefore(messages) {
    const older = messages.filter((message) => !this.has(message.id));
    const before = this.scroll.scrollHeight - this.scroll.scrollTop;
    const fresh = document.createDocumentFragment();
    for (const message of older) {
      const item = messageItem(message);
      item.dataset.time = message.time;
      this.#items.set(message.id, item);
      fresh.append(item);
    }
    this.list.prepend(fresh);
    this.#markDays();
    this.scroll.scrollTop = this.scroll.scrollHeight - before;
  }

  /** Say something between the messages. */
  note(text) {
    this.list.append(make("li", "note", text));
    if (this.#isAtEnd()) this.toEnd();
  }

  /** Show the newest. */
  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
    this.#seen();
  }

  #isAtEnd() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroll;
    return scrollHeight - scrollTop - clientHeight < NEAR;
  }

  #seen() {
    if (this.#unseen) this.#show(0);
  }

  #show(unseen) {
    this.#unseen = unseen;
    this.newest.hidden = unseen === 0;
    this.newest.textContent = unseen === 1 ? "1 new message ↓" : `${unseen} new messages ↓`;
  }

  #startDay(time, last) {
    const before = last?.dataset.time;
    const day = DAY.format(time * 1000);
    if (!before || DAY.format(before * 1000) !== day) {
      const mark = make("li", "day", day);
      mark.dataset.time = time;
      this.list.append(mark);
    }
  }

  #markDays() {
    for (const mark of this.list.querySelectorAll(".day")) mark.remove();
    let before = "";
    for (const item of [...this.list.querySelectorAll(".message")]) {
      const day = DAY.format(item.dataset.time * 1000);
      if (day !== before) item.before(make("li", "day", day));
      before = day;
    }
  }

  #shorten() {
    while (this.#items.size > MOST) {
      const [id, item] = this.#items.entries().next().value;
      item.remove();
      this.#items.delete(id);
    }
  }
}
