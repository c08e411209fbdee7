// What is told of while nobody looks: a number in the title, and notifications for who wants them.

/** Counts what was said while the page was out of sight, and may show it. */
export class Notices {
  title = document.title;
  #unread = 0;
  #isOn = false;

  constructor(button, told) {
    this.button = button;
    this.told = told;
    button.addEventListener("click", () => this.#toggle());
    document.addEventListener("visibilitychange", () => document.hidden || this.#count(0));
  }

  /** Say something to who reads the page by ear, and below the line. */
  tell(text) {
    this.told.textContent = text;
    this.told.className = text ? "toast" : "hidden";
    clearTimeout(this.timer);
    if (text) this.timer = setTimeout(() => this.tell(""), 8000);
  }

  heard({ name, text }, own) {
    if (!document.hidden || name === own) return;
    this.#count(this.#unread + 1);
    if (this.#isOn) new Notification(name, { body: text.slice(0, 200), tag: "twisted_messenger" });
  }

  #count(unread) {
    this.#unread = unread;
    document.title = unread ? `(${unread}) ${this.title}` : this.title;
  }

  async #toggle() {
    if (this.#isOn) {
      this.#set(false);
      this.tell("Notifications are off.");
    } else if (!("Notification" in window) || !window.isSecureContext) {
      this.tell("Notifications are off: browsers allow them over https and on localhost only.");
    } else if ((await Notification.requestPermission()) === "granted") {
      this.#set(true);
      this.tell("You are told of what is said while this page is out of sight.");
    } else {
      this.tell("Notifications are off: this browser does not allow them for this page.");
    }
  }

  #set(isOn) {
    this.#isOn = isOn;
    this.button.setAttribute("aria-pressed", String(isOn));
  }
}
