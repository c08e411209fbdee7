// Times as people say them.

const STEPS = [
  [60, "s", 1],
  [3600, "min", 60],
  [86400, "h", 3600],
  [Infinity, "d", 86400],
];

/** So many seconds, in the largest unit that fits. */
export function span(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [, unit, size] = STEPS.find(([limit]) => whole < limit);
  return `${Math.floor(whole / size)} ${unit}`;
}

/** How long ago. */
export function ago(time) {
  return `${span(Date.now() / 1000 - time)} ago`;
}

/** In how long. */
export function until(time) {
  const seconds = time - Date.now() / 1000;
  return seconds < 1 ? "now" : `in ${span(seconds)}`;
}
