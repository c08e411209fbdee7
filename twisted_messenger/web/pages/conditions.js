// How a member is, as a word with a shape of its own: nobody needs to tell colours apart.

const SHAPES = { healthy: "●", new: "○", failing: "▲", hanging: "◆", paused: "❚❚" };

export const TROUBLE = ["failing", "hanging", "paused", "new", "healthy"];

/** The mark of a condition. */
export function conditionMark(state) {
  const mark = document.createElement("span");
  mark.className = "condition";
  mark.dataset.state = state;
  const shape = document.createElement("span");
  shape.setAttribute("aria-hidden", "true");
  shape.textContent = SHAPES[state] ?? "?";
  mark.append(shape, ` ${state}`);
  return mark;
}
