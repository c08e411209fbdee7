// A small live chart: how much a second, over the last minutes.

const SVG = "http://www.w3.org/2000/svg";
const POINTS = 90;
const WIDTH = 180;
const HEIGHT = 40;

function make(tag, attributes) {
  const found = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) found.setAttribute(name, value);
  return found;
}

/** One rate; `countOf` finds its count among all of them. */
export class Chart {
  #rates = [];
  #last = null;

  constructor(place, title, unit, countOf) {
    this.countOf = countOf;
    this.figure = document.createElement("figure");
    const caption = document.createElement("figcaption");
    this.number = document.createElement("b");
    this.number.textContent = "–";
    const words = document.createElement("span");
    words.textContent = title;
    const per = document.createElement("small");
    per.textContent = unit;
    caption.append(words, this.number, per);
    this.svg = make("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img" });
    this.svg.setAttribute("aria-label", `${title} ${unit}, over the last ${POINTS * 2} seconds`);
    this.area = make("path", { class: "area" });
    this.line = make("path", { class: "line", "vector-effect": "non-scaling-stroke" });
    this.svg.append(this.area, this.line);
    this.most = document.createElement("small");
    this.most.className = "most";
    this.figure.append(caption, this.svg, this.most);
    place.append(this.figure);
  }

  add(now, counts) {
    const count = this.countOf(counts) ?? 0;
    if (this.#last && now > this.#last.now) {
      // A server that was restarted counts from 0.
      const more = count >= this.#last.count ? count - this.#last.count : count;
      this.#rates.push(more / (now - this.#last.now));
      if (this.#rates.length > POINTS) this.#rates.shift();
      this.#draw();
    }
    this.#last = { now, count };
  }

  #draw() {
    const most = Math.max(1, ...this.#rates);
    const step = WIDTH / (POINTS - 1);
    const left = WIDTH - (this.#rates.length - 1) * step;
    const points = this.#rates.map(
      (rate, index) => `${(left + index * step).toFixed(1)},${(HEIGHT - 2 - (rate / most) * (HEIGHT - 4)).toFixed(1)}`,
    );
    this.line.setAttribute("d", `M${points.join("L")}`);
    this.area.setAttribute("d", `M${left.toFixed(1)},${HEIGHT}L${points.join("L")}L${WIDTH},${HEIGHT}Z`);
    this.number.textContent = short(this.#rates.at(-1));
    this.most.textContent = `at most ${short(Math.max(...this.#rates))}`;
  }
}

function short(rate) {
  if (rate === 0) return "0";
  return rate < 10 ? rate.toFixed(1) : Math.round(rate).toLocaleString();
}
