// The members as a table: who is in trouble comes first, until somebody asks for another order.

import { TROUBLE, conditionMark } from "./conditions.js";
import { ago, until } from "./times.js";

const MOST = 200;

const COLUMNS = [
  { key: "name", title: "Name" },
  { key: "state", title: "State", order: (member) => TROUBLE.indexOf(member.state) },
  { key: "behind", title: "Behind", order: (member) => -member.behind, number: true },
  { key: "lastError", title: "Last error" },
  { key: "failingSince", title: "Failing since", text: ago, order: (member) => member.failingSince ?? Infinity },
  { key: "attempts", title: "Attempts", text: (count) => (count ? String(count) : ""), order: (member) => -member.attempts, number: true },
  { key: "nextTry", title: "Next try", text: until, order: (member) => member.nextTry ?? Infinity },
  { key: "lastReached", title: "Last reached", text: ago, order: (member) => member.lastReached ?? 0 },
  { key: "address", title: "Address" },
  { key: "node", title: "Node" },
];

function compare(one, other) {
  if (typeof one === "number" && typeof other === "number") return one - other;
  return String(one ?? "").localeCompare(String(other ?? ""));
}

/** What is shown of a member: `act(action, name)` is called where somebody presses a button. */
export class MemberTable {
  #members = [];
  #wanted = "";
  #column = null;
  #isTurned = false;
  #rows = new Map();
  #shown = "";

  constructor(columns, rows, more, act) {
    this.columns = columns;
    this.rows = rows;
    this.more = more;
    this.act = act;
  }

  show(members) {
    this.#members = members.map((member) => ({
      ...member,
      address: member.host ? `${member.host}:${member.port}` : member.host === "" ? "in the program" : "",
    }));
    this.#draw();
  }

  filter(text) {
    this.#wanted = text.toLowerCase();
    this.#draw();
  }

  #used() {
    return COLUMNS.filter(({ key }) => {
      if (key === "node") return this.#members.some((member) => member.node);
      return key === "name" || key === "state" || this.#members.some((member) => "behind" in member);
    });
  }

  #draw() {
    const used = this.#used();
    this.#drawHead(used);
    const found = this.#members.filter(({ name }) => name.toLowerCase().includes(this.#wanted));
    const sorted = found.sort((one, other) => this.#order(one, other));
    const rows = new Map();
    for (const member of sorted.slice(0, MOST)) {
      const before = this.#rows.get(member.name);
      const row = before?.used === this.#shown ? before : this.#makeRow(member.name, used);
      rows.set(member.name, this.#fill(row, member, used));
    }
    this.#place([...rows.values()]);
    this.#rows = rows;
    this.more.textContent = this.#rest(found.length);
  }

  #rest(found) {
    if (this.#members.length === 0) return "Nobody has registered yet.";
    if (found === 0) return "No name like that.";
    return found > MOST ? `${found - MOST} more: find them by name.` : "";
  }

  #order(one, other) {
    if (this.#column) {
      const of = this.#column.order ?? ((member) => member[this.#column.key]);
      const found = compare(of(one), of(other)) * (this.#isTurned ? -1 : 1);
      if (found) return found;
    }
    return (
      TROUBLE.indexOf(one.state) - TROUBLE.indexOf(other.state) ||
      (other.behind ?? 0) - (one.behind ?? 0) ||
      one.name.localeCompare(other.name)
    );
  }

  #drawHead(used) {
    const shown = used.map(({ key }) => key).join();
    if (this.#shown !== shown) {
      this.#shown = shown;
      const cells = used.map((column) => this.#makeHead(column));
      if (used.length > 2) {
        const actions = document.createElement("th");
        actions.scope = "col";
        actions.textContent = "Actions";
        cells.push(actions);
      }
      this.columns.replaceChildren(...cells);
    }
    for (const cell of this.columns.querySelectorAll("[data-key]")) {
      if (cell.dataset.key === this.#column?.key) {
        cell.setAttribute("aria-sort", this.#isTurned ? "descending" : "ascending");
      } else cell.removeAttribute("aria-sort");
    }
  }

  #makeHead(column) {
    const cell = document.createElement("th");
    cell.scope = "col";
    cell.dataset.key = column.key;
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = column.title;
    button.addEventListener("click", () => this.#sortBy(column));
    cell.append(button);
    return cell;
  }

  #sortBy(column) {
    // Once, the other way round, and back to who is in trouble.
    if (this.#column !== column) [this.#column, this.#isTurned] = [column, false];
    else if (!this.#isTurned) this.#isTurned = true;
    else this.#column = null;
    this.#draw();
  }

  #makeRow(name, used) {
    const row = document.createElement("tr");
    row.used = this.#shown;
    for (const { title, number, key } of used) {
      const cell = document.createElement(key === "name" ? "th" : "td");
      if (key === "name") cell.scope = "row";
      cell.dataset.title = title;
      if (number) cell.className = "number";
      row.append(cell);
    }
    if (used.length > 2) row.append(this.#makeActions(name));
    return row;
  }

  #makeActions(name) {
    const cell = document.createElement("td");
    cell.className = "actions";
    for (const action of ["retry", "pause", "resume", "evict"]) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = action;
      button.dataset.action = action;
      button.setAttribute("aria-label", `${action} ${name}`);
      button.addEventListener("click", () => this.act(action, name));
      cell.append(button);
    }
    return cell;
  }

  #fill(row, member, used) {
    used.forEach(({ key, text }, index) => {
      const cell = row.children[index];
      const value = member[key];
      const shown = value === null || value === undefined ? "" : text ? text(value) : String(value);
      if (cell.shown === shown) return;
      cell.shown = shown;
      cell.replaceChildren(key === "state" ? conditionMark(value) : shown);
    });
    row.dataset.state = member.state;
    for (const button of row.querySelectorAll("[data-action]")) {
      const { action } = button.dataset;
      button.hidden = action === (member.state === "paused" ? "pause" : "resume");
      button.disabled = action === "retry" && !["failing", "hanging"].includes(member.state);
    }
    return row;
  }

  /** Put rows in order; who has one focused keeps the focus. */
  #place(rows) {
    const kept = new Set(rows);
    for (const row of [...this.rows.children]) if (!kept.has(row)) row.remove();
    rows.forEach((row, index) => {
      if (this.rows.children[index] !== row) {
        const focused = row.contains(document.activeElement) ? document.activeElement : null;
        this.rows.insertBefore(row, this.rows.children[index] ?? null);
        focused?.focus();
      }
    });
  }
}
