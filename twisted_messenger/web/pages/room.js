// The page of the room: what is said, live, and a line to say something oneself.

import { ask, dropToken, keepToken } from "./door.js";
import { Listening } from "./listen.js";
import { Log } from "./log.js";
import { Notices } from "./notices.js";
import { Outbox } from "./outbox.js";
import { conditionMark } from "./conditions.js";

const NAME = "twisted_messenger.name";
const FIRST = 100;
const MOST = 1000;
const MEMBERS_SECONDS = 15;

const at = (id) => document.getElementById(id);
const log = new Log(at("scroll"), at("log"), at("newest"));
const notices = new Notices(at("notify"), at("told"));
const outbox = new Outbox(at("outbox"), log, (text) => edit(text));

// Until what was said before is there, what is said now waits.
let early = [];
let asked = 0;
let isHere = false;

function heard(message, isNew) {
  if (!log.add(message)) return;
  at("empty").hidden = true;
  outbox.heard(message.id);
  if (isNew) notices.heard(message, myName());
}

/** Show what was said before, and then what came meanwhile. */
async function readBack() {
  asked = FIRST;
  isHere = false;
  let page;
  try {
    page = await ask(`/messages?last=${FIRST}`);
  } catch (problem) {
    refused(problem);
    return;
  }
  at("unlock").hidden = true;
  const came = early ?? [];
  const known = new Set(page.messages.map((message) => message.id));
  const cut = came.findIndex((message) => known.has(message.id));
  // What came before the oldest of these is older than it; all the rest is newer.
  for (const message of came.slice(0, Math.max(cut, 0))) heard(message, true);
  for (const message of page.messages) heard(message, false);
  for (const message of came.slice(Math.max(cut, 0))) heard(message, true);
  early = null;
  isHere = true;
  at("older").hidden = page.messages.length < FIRST;
  at("empty").hidden = !log.isEmpty;
  log.toEnd();
}

async function readOlder() {
  asked = Math.min(asked * 5, MOST);
  try {
    const page = await ask(`/messages?last=${asked}`);
    log.addBefore(page.messages);
    at("older").hidden = page.messages.length < asked || asked === MOST;
  } catch (problem) {
    notices.tell(problem.message);
  }
}

function refused(problem) {
  connection("refused", problem.message);
  at("unlock").hidden = problem.status !== 401;
  if (problem.status !== 401) return;
  at("unlockDetail").textContent = dropToken() || at("unlockDetail").textContent;
  at("token").focus();
}

function connection(state, text) {
  at("connection").dataset.state = state;
  at("connection").textContent = text;
}

function told(event) {
  if (event.kind === "message") {
    if (early) early.push(event.message);
    else heard(event.message, true);
  } else if (event.kind === "gap") {
    log.note(event.lost === null ? "messages are gone here" : `${event.lost} messages are gone here`);
  } else if (event.kind === "live") {
    connection("live", "live");
    outbox.goOn();
    if (!isHere) readBack();
  } else if (event.kind === "away") {
    connection("away", event.wait ? "not connected; trying again" : "connecting …");
  } else {
    refused({ status: event.status, message: event.detail });
  }
}

// ---- who is here

async function showMembers() {
  if (at("members").hidden || document.hidden) return;
  let members;
  try {
    ({ members } = await ask("/members"));
  } catch {
    return;
  }
  at("memberList").replaceChildren(
    ...members
      .sort((one, other) => one.name.localeCompare(other.name))
      .map(({ name, state }) => {
        const item = document.createElement("li");
        const label = document.createElement("span");
        label.textContent = name;
        item.append(label, conditionMark(state));
        return item;
      }),
  );
  if (members.length === 0) {
    const item = document.createElement("li");
    item.textContent = "Nobody has registered an address. Who only reads here is not listed.";
    at("memberList").append(item);
  }
}

function toggleMembers() {
  const shown = (at("members").hidden = !at("members").hidden);
  at("who").setAttribute("aria-expanded", String(!shown));
  showMembers();
}

// ---- saying something

function myName() {
  return localStorage.getItem(NAME) ?? "";
}

function showName() {
  const name = myName();
  at("join").hidden = name !== "";
  at("compose").hidden = name === "";
  at("as").textContent = name;
  at("name").value = name;
}

function edit(text) {
  at("text").value = at("text").value ? `${text}\n${at("text").value}` : text;
  grow();
  at("text").focus();
}

function grow() {
  const field = at("text");
  field.rows = Math.min(6, field.value.split("\n").length);
}

function say() {
  const text = at("text").value;
  if (!text.trim()) return;
  at("text").value = "";
  grow();
  outbox.say(myName(), text);
  log.toEnd();
}

at("join").addEventListener("submit", (event) => {
  event.preventDefault();
  const name = at("name").value.trim();
  if (!name) return;
  localStorage.setItem(NAME, name);
  showName();
  at("text").focus();
});
at("rename").addEventListener("click", () => {
  localStorage.removeItem(NAME);
  const before = at("as").textContent;
  showName();
  at("name").value = before;
  at("name").select();
});
at("compose").addEventListener("submit", (event) => {
  event.preventDefault();
  say();
});
at("text").addEventListener("input", grow);
at("text").addEventListener("keydown", (event) => {
  // Not while an input method composes a word.
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    say();
  }
});
at("unlock").addEventListener("submit", (event) => {
  event.preventDefault();
  keepToken(at("token").value.trim());
  at("token").value = "";
  at("unlockDetail").textContent = "";
  early = early ?? [];
  listening.join();
});
at("older").addEventListener("click", readOlder);
at("who").addEventListener("click", toggleMembers);
// A name that is given in one tab is the name in all.
addEventListener("storage", ({ key }) => key === NAME && showName());
addEventListener("pageshow", (event) => event.persisted && location.reload());

document.title = `Room at ${location.host}`;
notices.title = document.title;
showName();
setInterval(showMembers, MEMBERS_SECONDS * 1000);
document.addEventListener("visibilitychange", showMembers);
const listening = new Listening(told);
listening.join();
