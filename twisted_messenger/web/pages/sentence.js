// How the room is, in words: how many are in trouble; and of the worst, why, and what happens next.

import { TROUBLE } from "./conditions.js";
import { ago, span, until } from "./times.js";

const MOST = 3;

const WHY = {
  failing: "cannot be reached",
  hanging: "keeps its connection open, so that what follows waits",
};

function troubledOf(members) {
  return members.filter(({ state }) => state in WHY);
}

/** One sentence about all members. */
export function sentenceOf(members) {
  if (members.length === 0) return "Nobody has registered yet.";
  const troubled = troubledOf(members).length;
  const paused = members.filter(({ state }) => state === "paused").length;
  const count = members.length === 1 ? "1 member" : `${members.length} members`;
  const trouble = troubled === 0 ? `${count}, none in trouble.` : `${troubled} of ${count} in trouble.`;
  return paused === 0 ? trouble : `${trouble} ${paused} paused.`;
}

/** What is the matter with those that are furthest behind; knows less where errors are not shown. */
export function storiesOf(members) {
  const worst = troubledOf(members).sort(
    (one, other) =>
      (other.behind ?? 0) - (one.behind ?? 0) || TROUBLE.indexOf(one.state) - TROUBLE.indexOf(other.state),
  );
  const told = worst.slice(0, MOST).map(storyOf);
  return worst.length > MOST ? [...told, `${worst.length - MOST} more, see below`] : told;
}

function storyOf({ name, state, behind, lastError, failingSince, lastReached, nextTry }) {
  let text = `${name} ${WHY[state]}`;
  if (failingSince) text += `, for ${span(Date.now() / 1000 - failingSince)}`;
  if (lastError && state === "failing") text += `: ${lastError.replace(/\.$/, "")}`;
  if (behind) text += `; ${behind} ${behind === 1 ? "message waits" : "messages wait"}`;
  if (nextTry) text += `; next try ${until(nextTry)}`;
  if (state === "failing" && lastReached !== undefined) text += lastReached ? `; last reached ${ago(lastReached)}` : "; it was never reached";
  return `${text}.`;
}
