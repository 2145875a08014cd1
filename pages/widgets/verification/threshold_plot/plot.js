// Score plot: bars and smoothed lines of both kinds of pairs, and a threshold that a hand moves. Every figure is read off
// counts that are here already; the page hears where the hand has rested.

/**
 * @typedef {{ name: string, about: string }} FigureText
 * @typedef {{
 *   first: number, step: number, count: number, packed: string, same: number, different: number, mixture: number,
 *   edges: number[], bars: number[][], pairs: number[][], x: number[], curves: (number[] | null)[],
 *   bandwidths: (number | null)[], value: number, named: { label: string, value: number }[],
 *   figures: Record<string, FigureText>, intervals: Record<string, string>, exact: number[][],
 *   logarithmic: boolean,
 * }} PlotData `packed` holds `count` float64 FMRs and FNMRs, then uint32 accepted pairs of one person and of two; `exact`
 * the same at thresholds beside the grid, each before its four
 * @typedef {{
 *   data: PlotData, parentElement: HTMLElement, setStateValue: (name: string, value: number) => void,
 * }} Component
 */

const REST = 250; // ms on one threshold after which the page hears of it
const HEIGHT = 300;
const ROOM = { left: 10, right: 10, top: 22, bottom: 34 };
const FAINTEST = 1e-3; // of the highest bar: what a logarithmic axis still shows
const NARROW = 640;
const KINDS = ["same", "different"];
const TITLES = ["Same person", "Different people"];
/** @type {Record<string, number>} */
const STEPS = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageDown: -10, PageUp: 10 };
const STEP = 0.001;

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {string} [className] @param {string} [text] */
function made(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/** @param {string} tag @param {Record<string, string | number>} attributes @param {string} [text] */
function drawn(tag, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text !== undefined) element.textContent = text;
  return element;
}

/** The counts of pairs at every threshold of a grid. */
class Counts {
  /** @param {PlotData} data */
  constructor({ packed, count, first, step, same, different, mixture, exact }) {
    const { buffer } = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
    this.fmr = new Float64Array(buffer, 0, count);
    this.fnmr = new Float64Array(buffer, 8 * count, count);
    this.tp = new Uint32Array(buffer, 16 * count, count);
    this.fp = new Uint32Array(buffer, 20 * count, count);
    this.first = first;
    this.step = step;
    this.same = same;
    this.different = different;
    this.mixture = mixture;
    this.exact = new Map(exact.map(([threshold, ...counts]) => [threshold, counts]));
  }

  get last() {
    return this.first + (this.fmr.length - 1) * this.step;
  }

  /** The threshold of the grid nearest to a number. @param {number} value */
  nearest(value) {
    const place = Math.round((value - this.first) / this.step);
    return Number((this.first + Math.min(Math.max(place, 0), this.fmr.length - 1) * this.step).toFixed(4));
  }

  /** The counts of the first threshold of the grid that is not below. @param {number} threshold */
  onGrid(threshold) {
    const place = Math.max(Math.ceil((threshold - this.first) / this.step - 1e-6), 0);
    return place < this.fmr.length ? [this.fmr[place], this.fnmr[place], this.tp[place], this.fp[place]] : [0, 1, 0, 0];
  }

  /** Every figure at a threshold; NaN where there is none. @param {number} threshold */
  at(threshold) {
    const [fmr, fnmr, tp, fp] = this.exact.get(threshold) ?? this.onGrid(threshold);
    const [found, wrong] = [1 - fnmr, this.mixture * fmr];
    return {
      accuracy: 1 - (fnmr + wrong) / (1 + this.mixture), precision: found / (found + wrong), recall: found,
      f1: (2 * found) / (2 * found + wrong + fnmr), fmr, fnmr, tp, fp, fn: this.same - tp, tn: this.different - fp,
    };
  }
}

class Plot {
  /** @param {Component} component */
  constructor({ parentElement, data }) {
    /** @type {(value: number) => void} */
    this.tell = () => undefined;
    this.data = data;
    this.counts = new Counts(data);
    this.value = this.heard = data.value;
    this.held = false;
    /** @type {number | undefined} */
    this.timer = undefined;
    this.root = made("div", "threshold-plot");
    this.build();
    parentElement.append(this.root);
    this.observer = new ResizeObserver(() => this.draw());
    this.observer.observe(this.root);
  }

  build() {
    const plot = made("div", "plot"), side = made("div", "side");
    this.svg = drawn("svg", { role: "group", "aria-label": "Scores of the pairs and the threshold" });
    this.controls = made("div", "controls");
    this.field = made("input");
    Object.assign(this.field, { type: "number", min: "-1", max: "1", step: "0.0001" });
    this.field.setAttribute("aria-label", "Threshold");
    this.field.addEventListener("change", () => this.typed());
    this.named = made("span", "controls");
    this.controls.append(this.field, this.named);
    this.legend = made("div", "legend");
    this.figures = made("dl", "figures");
    this.table = made("table", "counts");
    plot.append(this.controls, this.svg, this.legend);
    side.append(this.figures, this.table);
    this.root.append(plot, side);
    this.handle = drawn("g", { class: "handle", role: "slider", tabindex: 0, "aria-label": "Threshold in the plot" });
    this.handle.append(
      drawn("rect", { class: "grip", x: -12, width: 24, y: 0, height: HEIGHT }),
      drawn("line", { y1: ROOM.top - 8, y2: HEIGHT - ROOM.bottom }),
      drawn("circle", { cy: ROOM.top - 8, r: 7 }),
    );
    this.svg.addEventListener("pointerdown", (event) => this.press(event));
    this.svg.addEventListener("pointermove", (event) => this.held && this.moveTo(this.valueAt(event)));
    for (const end of /** @type {const} */ (["pointerup", "pointercancel"])) this.svg.addEventListener(end, () => this.release());
    this.handle.addEventListener("keydown", (event) => this.key(/** @type {KeyboardEvent} */ (event)));
  }

  /** @param {Component} component */
  receive({ data, setStateValue }) {
    this.tell = (value) => setStateValue("threshold", value);
    this.data = data;
    this.counts = new Counts(data);
    if (data.value !== this.heard && !this.held && this.timer === undefined) this.value = data.value;
    this.heard = data.value;
    this.draw();
  }

  // ---- The hand ----

  /** @param {Event} event */
  press(event) {
    if (!(event instanceof PointerEvent) || event.button) return;
    event.preventDefault();
    this.svg?.setPointerCapture(event.pointerId);
    this.held = true;
    this.handle?.focus();
    this.moveTo(this.valueAt(event));
  }

  release() {
    if (this.held) this.rest(0);
    this.held = false;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const steps = STEPS[event.key], ends = { Home: this.counts.first, End: this.counts.last };
    const end = event.key === "Home" ? ends.Home : event.key === "End" ? ends.End : undefined;
    if ((steps === undefined && end === undefined) || event.ctrlKey || event.altKey || event.metaKey) return;
    event.preventDefault();
    this.moveTo(end ?? this.value + steps * STEP * (event.shiftKey ? 10 : 1));
  }

  typed() {
    const value = this.field?.valueAsNumber ?? NaN;
    if (value >= -1 && value <= 1) this.choose(value);
    else this.refresh();
  }

  /** @param {number} value */
  moveTo(value) {
    this.value = this.counts.nearest(value);
    if (!this.held) this.rest(REST);
    this.refresh();
  }

  /** A threshold that somebody has typed or that has a name, as it is. @param {number} value */
  choose(value) {
    this.value = value;
    this.rest(0);
    this.refresh();
  }

  /** Tell the page soon. @param {number} wait */
  rest(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.timer = undefined;
      if (this.value !== this.heard) this.tell(this.value);
    }, wait);
  }

  // ---- Showing ----

  get width() {
    return Math.max(this.svg?.clientWidth ?? 0, 200);
  }

  get ends() {
    const { edges, x, value } = this.data;
    return [Math.min(edges[0], x[0] ?? edges[0], value), Math.max(edges[edges.length - 1], x[x.length - 1] ?? edges[0], value)];
  }

  /** @param {number} score */
  xOf(score) {
    const [low, high] = this.ends;
    return ROOM.left + ((score - low) / (high - low || 1)) * (this.width - ROOM.left - ROOM.right);
  }

  /** @param {MouseEvent} event */
  valueAt(event) {
    const [low, high] = this.ends, left = this.svg?.getBoundingClientRect().left ?? 0;
    return low + ((event.clientX - left - ROOM.left) / (this.width - ROOM.left - ROOM.right)) * (high - low);
  }

  /** @param {number} density @param {number} highest */
  yOf(density, highest) {
    const floor = highest * FAINTEST;
    const share = this.data.logarithmic
      ? Math.log(Math.max(density, floor) / floor) / Math.log((1.2 * highest) / floor)
      : density / (1.08 * highest);
    return HEIGHT - ROOM.bottom - Math.min(share, 1) * (HEIGHT - ROOM.top - ROOM.bottom);
  }

  draw() {
    if (!this.svg || !this.handle) return;
    this.root.classList.toggle("narrow", this.root.clientWidth < NARROW);
    this.svg.setAttribute("viewBox", `0 0 ${this.width} ${HEIGHT}`);
    const { bars, curves } = this.data;
    const highest = Math.max(1e-9, ...bars.flat(), ...curves.flatMap((curve) => curve ?? []));
    this.svg.replaceChildren(
      ...[1, 0].flatMap((kind) => [...this.barsOf(kind, highest), ...this.curveOf(kind, highest)]),
      ...this.axis(), ...this.marks(), this.handle,
    );
    this.drawLegend();
    this.drawNamed();
    this.refresh();
  }

  /** @param {number} kind @param {number} highest */
  barsOf(kind, highest) {
    const { edges, bars, pairs } = this.data, ground = HEIGHT - ROOM.bottom;
    return bars[kind].flatMap((density, i) => {
      if (!density) return [];
      const [x, y] = [this.xOf(edges[i]), this.yOf(density, highest)];
      const bar = drawn("rect", {
        class: `bar ${KINDS[kind]}`, x, y, width: Math.max(this.xOf(edges[i + 1]) - x, 0.5), height: ground - y,
      });
      const about = `${TITLES[kind]}: ${pairs[kind][i].toLocaleString("en")} pairs from ${edges[i].toFixed(3)} to ${edges[i + 1].toFixed(3)}`;
      bar.append(drawn("title", {}, about));
      return [bar];
    });
  }

  /** @param {number} kind @param {number} highest */
  curveOf(kind, highest) {
    const curve = this.data.curves[kind];
    if (!curve) return [];
    const points = curve.map((density, i) => `${this.xOf(this.data.x[i]).toFixed(1)},${this.yOf(density, highest).toFixed(1)}`);
    return [drawn("polyline", { class: `curve ${KINDS[kind]}`, points: points.join(" ") })];
  }

  axis() {
    const ground = HEIGHT - ROOM.bottom, [low, high] = this.ends;
    const parts = [drawn("line", { class: "axis", x1: ROOM.left, x2: this.width - ROOM.right, y1: ground, y2: ground })];
    const step = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5].find((each) => (high - low) / each <= this.width / 70) ?? 1;
    for (let tick = Math.ceil(low / step) * step; tick <= high; tick += step) {
      parts.push(drawn("text", { x: this.xOf(tick), y: ground + 15, "text-anchor": "middle" }, tick.toFixed(2)));
    }
    parts.push(drawn("text", { x: this.width / 2, y: HEIGHT - 4, "text-anchor": "middle" }, "Cosine similarity"));
    return parts;
  }

  marks() {
    return this.data.named.map(({ label, value }) => {
      const x = this.xOf(value);
      const mark = drawn("line", { class: "mark", x1: x, x2: x, y1: ROOM.top, y2: HEIGHT - ROOM.bottom });
      mark.append(drawn("title", {}, `${label}: ${value.toFixed(4)}`));
      return mark;
    });
  }

  drawLegend() {
    const { bandwidths } = this.data;
    this.legend?.replaceChildren(...TITLES.map((title, kind) => {
      const part = made("span"), width = bandwidths[kind];
      part.append(made("i", KINDS[kind]), width === null ? title : `${title} (smoothed, bandwidth ${width.toFixed(3)})`);
      return part;
    }));
  }

  drawNamed() {
    this.named?.replaceChildren(...this.data.named.map(({ label, value }) => {
      const button = made("button", "", label);
      button.title = `${label}: ${value.toFixed(4)}`;
      button.dataset.value = String(value);
      button.addEventListener("click", () => this.choose(value));
      return button;
    }));
  }

  /** What depends on where the threshold stands. */
  refresh() {
    const { handle, field, named } = this;
    if (!handle || !field || !named) return;
    const found = this.counts.at(this.value), text = this.value.toFixed(4);
    handle.setAttribute("transform", `translate(${this.xOf(this.value).toFixed(2)} 0)`);
    for (const [name, value] of [["min", this.counts.first], ["max", this.counts.last], ["now", this.value]]) {
      handle.setAttribute(`aria-value${name}`, Number(value).toFixed(4));
    }
    if (field.value !== text) field.value = text;
    for (const button of named.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(Number(button.dataset.value) === this.value));
    }
    this.showFigures(found);
    this.showCounts(found);
  }

  /** @param {ReturnType<Counts["at"]>} found */
  showFigures(found) {
    const { figures, intervals } = this.data, moving = this.value !== this.data.value;
    this.figures?.replaceChildren(...Object.entries(figures).map(([name, { name: title, about }]) => {
      const part = made("div"), term = made("dt", "", title), value = found[/** @type {"fmr"} */ (name)];
      term.title = about;
      part.dataset.figure = name;
      part.append(term, made("dd", "", Number.isFinite(value) ? `${(100 * value).toFixed(2)}%` : "undefined"));
      if (name in intervals) part.append(made("dd", moving ? "spread moving" : "spread", intervals[name]));
      return part;
    }));
  }

  /** @param {ReturnType<Counts["at"]>} found */
  showCounts({ tp, fp, fn, tn }) {
    const head = made("tr"), rows = [[TITLES[0], tp, fn], [TITLES[1], fp, tn]];
    head.append(...["Pairs", "Accepted", "Rejected"].map((title) => made("th", "", title)));
    this.table?.replaceChildren(head, ...rows.map(([title, ...numbers]) => {
      const row = made("tr"), name = made("th", "", String(title));
      name.scope = "row";
      row.append(name, ...numbers.map((number) => made("td", "", number.toLocaleString("en"))));
      return row;
    }));
  }

  close() {
    clearTimeout(this.timer);
    this.observer.disconnect();
    this.root.remove();
  }
}

/** @type {WeakMap<HTMLElement, Plot>} */
const plots = new WeakMap();

/** @param {Component} component */
export default function thresholdPlot(component) {
  const host = component.parentElement;
  let plot = plots.get(host);
  if (!plot) {
    plot = new Plot(component);
    plots.set(host, plot);
  }
  plot.receive(component);
  return () => setTimeout(() => {
    if (host.isConnected || plots.get(host) !== plot) return;
    plots.delete(host);
    plot.close();
  });
}
