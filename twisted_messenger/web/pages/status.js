// The page for operators: who is in trouble and why, how much goes through, and what one may do.

import { ask, dropToken, keepToken } from "./door.js";
import { Chart } from "./chart.js";
import { MemberTable } from "./membertable.js";
import { sentenceOf, storiesOf } from "./sentence.js";

const SECONDS = 2;

const at = (id) => document.getElementById(id);
const table = new MemberTable(at("columns"), at("rows"), at("more"), act);
const charts = [
  new Chart(at("charts"), "messages taken", "a second", (counts) => counts.accepted),
  new Chart(at("charts"), "pushes confirmed", "a second", (counts) => counts["pushes.confirmed"]),
  new Chart(at("charts"), "pushes failed", "a second", (counts) => counts["pushes.failed"]),
  new Chart(at("charts"), "refused", "a second", (counts) => sumOf(counts, "refused.")),
];

let timer = null;

function sumOf(counts, prefix) {
  const names = Object.keys(counts).filter((name) => name.startsWith(prefix));
  return names.reduce((sum, name) => sum + counts[name], 0);
}

function tell(text) {
  at("told").textContent = text;
  at("told").className = "toast";
  clearTimeout(tell.timer);
  tell.timer = setTimeout(() => (at("told").className = "hidden"), 8000);
}

function connection(state, text) {
  at("connection").dataset.state = state;
  at("connection").textContent = text;
}

async function look() {
  clearTimeout(timer);
  let wait = SECONDS;
  try {
    const { members } = await ask("/members");
    table.show(members);
    summarize(members);
    await lookDeeper();
    connection("live", `looked at ${new Date().toLocaleTimeString()}`);
  } catch (problem) {
    wait = Math.max(SECONDS, problem.retryAfter ?? SECONDS);
    connection(problem.status === 401 ? "refused" : "away", problem.message);
    if (problem.status === 401) lock(dropToken());
  }
  if (!document.hidden) timer = setTimeout(look, wait * 1000);
}

function summarize(members) {
  const sentence = sentenceOf(members);
  // It is read aloud where it changes.
  if (at("summary").textContent !== sentence) at("summary").textContent = sentence;
  at("troubled").replaceChildren(
    ...storiesOf(members).map((story) => {
      const item = document.createElement("li");
      item.textContent = story;
      return item;
    }),
  );
}

/** What only who may operate sees. */
async function lookDeeper() {
  let counters;
  try {
    ({ counters } = await ask("/counters"));
  } catch (problem) {
    if (problem.status !== 401 && problem.status !== 403) throw problem;
    lock(problem.status === 401 ? dropToken() : problem.message);
    return;
  }
  at("unlock").hidden = true;
  at("charts").hidden = at("announce").hidden = false;
  const now = performance.now() / 1000;
  for (const chart of charts) chart.add(now, counters);
}

function lock(detail) {
  at("unlock").hidden = false;
  at("charts").hidden = at("announce").hidden = true;
  // What was wrong stands there until the next try.
  if (detail) at("unlockDetail").textContent = detail;
}

async function done(doing, text) {
  try {
    await doing;
    tell(text);
  } catch (problem) {
    tell(`Not done: ${problem.message}`);
  }
  look();
}

function act(action, name) {
  const where = `?name=${encodeURIComponent(name)}`;
  if (action !== "evict") {
    done(ask(`/members/${action}${where}`, { method: "POST" }), `${name}: ${action} done.`);
    return;
  }
  at("evictTitle").textContent = `Evict ${name}?`;
  at("evict").returnValue = "no";
  at("evict").onclose = () => {
    if (at("evict").returnValue === "evict") {
      done(ask(`/members${where}`, { method: "DELETE" }), `${name} is no member any more.`);
    }
  };
  at("evict").showModal();
}

at("unlock").addEventListener("submit", (event) => {
  event.preventDefault();
  keepToken(at("token").value.trim());
  at("token").value = "";
  at("unlockDetail").textContent = "";
  look();
});
at("announce").addEventListener("submit", (event) => {
  event.preventDefault();
  const text = at("announcement").value;
  at("announcement").value = "";
  done(ask("/announce", { method: "POST", body: { text } }), "Announced.");
});
at("filter").addEventListener("input", () => table.filter(at("filter").value));
document.addEventListener("visibilitychange", () => document.hidden || look());

document.title = `Status of ${location.host}`;
look();
