// A grid of pictures: choosing and opening. The page hears about it, but never holds it up.

import { RubberBand } from "../rubber_band.js";

/**
 * @typedef {{ id: number, url: string, title: string, caption: string, badge: string }} Tile
 * @typedef {{
 *   tiles: Tile[], selected: number[], select: "none" | "single" | "multi",
 *   size: number, label: string, opens: boolean,
 * }} GridData
 * @typedef {{
 *   data: GridData, parentElement: HTMLElement,
 *   setStateValue: (name: string, value: number[]) => void, setTriggerValue: (name: string, value: number) => void,
 * }} Component
 */

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {string} [className] @param {string} [text] */
function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

class Grid {
  /** @param {Component} component */
  constructor({ parentElement, data }) {
    this.data = data;
    /** @type {(ids: number[]) => void} */
    this.tell = () => undefined;
    /** @type {(id: number) => void} */
    this.open = () => undefined;
    this.selected = new Set(data.selected);
    /** @type {number | null} */
    this.anchor = null; // where a range starts
    /** @type {number | null} */
    this.current = null; // the tile that Tab reaches
    /** @type {Tile[]} */
    this.tiles = [];
    /** @type {Map<number, HTMLElement>} */
    this.nodes = new Map();
    this.root = element("div", "picture-grid");
    this.bar = element("div", "bar");
    this.count = element("span", "count");
    this.count.setAttribute("role", "status");
    this.all = element("button", "", "Select all");
    this.none = element("button", "", "Select none");
    this.bar.append(this.count, this.all, this.none);
    this.list = element("div", "tiles");
    this.root.append(this.bar, this.list);
    this.all.addEventListener("click", () => this.chooseAll());
    this.none.addEventListener("click", () => this.choose([]));
    this.list.addEventListener("click", (event) => this.onClick(event));
    this.list.addEventListener("dblclick", (event) => this.onDoubleClick(event));
    this.list.addEventListener("keydown", (event) => this.onKey(event));
    new RubberBand(this.list, ".tile", (touched, more) => this.onBand(touched, more));
    parentElement.append(this.root);
  }

  /** @param {Component} component */
  receive({ data, setStateValue, setTriggerValue }) {
    this.tell = (ids) => setStateValue("selected", ids);
    this.open = (id) => {
      if (data.opens) setTriggerValue("open", id);
    };
    const same = JSON.stringify(this.tiles) === JSON.stringify(data.tiles);
    this.data = data;
    this.tiles = data.tiles;
    this.dress();
    if (!same) this.rebuild();
    const shown = new Set(this.tiles.map((tile) => tile.id));
    const kept = [...this.selected].filter((id) => shown.has(id));
    if (kept.length < this.selected.size) this.choose(kept);
    this.show();
  }

  dress() {
    const { select, size, label, opens } = this.data;
    const choosing = select !== "none";
    this.bar.hidden = select !== "multi" || this.tiles.length === 0;
    this.list.style.setProperty("--size", `${size}px`);
    this.list.classList.toggle("still", !choosing && !opens);
    this.list.setAttribute("role", choosing ? "listbox" : "group");
    this.list.setAttribute("aria-label", label);
    if (choosing) this.list.setAttribute("aria-multiselectable", String(select === "multi"));
    else this.list.removeAttribute("aria-multiselectable");
  }

  rebuild() {
    const held = this.holdsFocus();
    const before = this.nodes;
    this.nodes = new Map(this.tiles.map((tile) => [tile.id, this.node(tile, before.get(tile.id))]));
    this.list.replaceChildren(...this.nodes.values());
    if (this.anchor !== null && !this.nodes.has(this.anchor)) this.anchor = null;
    if (this.current === null || !this.nodes.has(this.current)) this.current = this.tiles[0]?.id ?? null;
    if (held && this.current !== null) this.nodes.get(this.current)?.focus({ preventScroll: true });
  }

  holdsFocus() {
    const root = this.list.getRootNode();
    return (root instanceof Document || root instanceof ShadowRoot) && this.list.contains(root.activeElement);
  }

  /**
   * A tile that has not changed keeps its node, so that its picture does not flicker.
   * @param {Tile} tile @param {HTMLElement | undefined} old
   */
  node(tile, old) {
    const content = JSON.stringify(tile);
    if (old?.dataset.content === content) return old;
    const made = element("div", "tile");
    made.dataset.content = content;
    made.dataset.id = String(tile.id);
    made.title = tile.title;
    made.setAttribute("aria-label", [tile.title, tile.caption, tile.badge].filter(Boolean).join(", "));
    const frame = element("div", "frame");
    frame.append(this.picture(tile), element("span", "tick", "✓"));
    if (tile.badge) frame.append(element("span", "badge", tile.badge));
    made.append(frame);
    if (tile.caption) made.append(element("div", "caption", tile.caption));
    return made;
  }

  /** @param {Tile} tile */
  picture(tile) {
    const image = element("img");
    image.loading = "lazy";
    image.decoding = "async";
    image.alt = "";
    image.draggable = false;
    image.addEventListener("error", () => image.replaceWith(element("span", "broken", tile.title)));
    image.src = tile.url;
    return image;
  }

  show() {
    const choosing = this.data.select !== "none";
    for (const [id, node] of this.nodes) {
      node.setAttribute("role", choosing ? "option" : "button");
      if (choosing) node.setAttribute("aria-selected", String(this.selected.has(id)));
      else node.removeAttribute("aria-selected");
      node.tabIndex = id === this.current && (choosing || this.data.opens) ? 0 : -1;
    }
    this.count.textContent = `${this.selected.size} selected`;
    this.all.disabled = this.selected.size === this.tiles.length;
    this.none.disabled = this.selected.size === 0;
  }

  /**
   * Make this the selection, in the order of the tiles, and say so.
   * @param {Iterable<number>} ids
   */
  choose(ids) {
    const wanted = new Set(ids);
    this.selected = new Set(this.tiles.map((tile) => tile.id).filter((id) => wanted.has(id)));
    this.show();
    this.tell([...this.selected]);
  }

  chooseAll() {
    this.choose(this.tiles.map((tile) => tile.id));
  }

  /** @param {number} id */
  toggle(id) {
    this.anchor = id;
    const wanted = new Set(this.selected);
    if (!wanted.delete(id)) wanted.add(id);
    this.choose(wanted);
  }

  /**
   * Everything between the anchor and this tile, added to what is selected.
   * @param {number} id
   */
  extend(id) {
    const ids = this.tiles.map((tile) => tile.id);
    const [from, to] = [ids.indexOf(this.anchor ?? id), ids.indexOf(id)].sort((a, b) => a - b);
    this.anchor ??= id;
    this.choose([...this.selected, ...ids.slice(from, to + 1)]);
  }

  /** @param {number} id @param {boolean} range */
  take(id, range) {
    if (this.data.select === "single") this.choose([id]);
    else if (range) this.extend(id);
    else this.toggle(id);
  }

  /** @param {Event} event */
  idAt(event) {
    const node = event.target instanceof Element && event.target.closest(".tile");
    return node instanceof HTMLElement ? Number(node.dataset.id) : null;
  }

  /** @param {MouseEvent} event */
  onClick(event) {
    const id = this.idAt(event);
    if (id === null) return;
    this.reach(id);
    if (this.data.select === "none") this.open(id);
    else this.take(id, event.shiftKey);
  }

  /** @param {HTMLElement[]} touched @param {boolean} more */
  onBand(touched, more) {
    const ids = touched.map((node) => Number(node.dataset.id));
    if (this.data.select !== "multi") return;
    if (ids.length > 0) this.reach(ids[0]); // for the keys
    this.choose(more ? [...this.selected, ...ids] : ids);
  }

  /** @param {MouseEvent} event */
  onDoubleClick(event) {
    const id = this.idAt(event);
    if (id !== null && this.data.select !== "none") this.open(id);
  }

  /** @param {number} id */
  reach(id) {
    this.current = id;
    this.show();
    this.nodes.get(id)?.focus();
  }

  columns() {
    const tops = [...this.nodes.values()].map((node) => node.offsetTop);
    return Math.max(1, tops.filter((top) => top === tops[0]).length);
  }

  /** @param {string} key */
  step(key) {
    const last = this.tiles.length - 1;
    const at = this.tiles.findIndex((tile) => tile.id === this.current);
    /** @type {Record<string, number>} */
    const steps = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last };
    if (key === "ArrowUp") steps[key] = at - this.columns();
    if (key === "ArrowDown") steps[key] = at + this.columns();
    const to = steps[key];
    return to === undefined ? null : this.tiles[to >= 0 && to <= last ? to : at].id;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const act = this.current === null ? undefined : this.meaning(event, this.current);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /**
   * What a key does on the tile `at`, or undefined where it means nothing here.
   * @param {KeyboardEvent} event @param {number} at
   */
  meaning(event, at) {
    const { select, opens } = this.data;
    const to = this.step(event.key);
    if (to !== null) return () => this.walk(to, event.shiftKey && select === "multi");
    /** @type {Record<string, () => void>} */
    const acts = {};
    if (opens) acts.Enter = acts[" "] = () => this.open(at);
    if (select !== "none") acts[" "] = () => this.take(at, event.shiftKey);
    if (this.selected.size > 0) acts.Escape = () => this.choose([]);
    if (select === "multi" && (event.ctrlKey || event.metaKey)) acts.a = acts.A = () => this.chooseAll();
    return acts[event.key];
  }

  /** @param {number} to @param {boolean} range */
  walk(to, range) {
    if (range) this.anchor ??= this.current;
    this.reach(to);
    if (range) this.extend(to);
  }
}

/** @type {WeakMap<HTMLElement, Grid>} */
const grids = new WeakMap();

/**
 * Called on every rerun that brings other data, each time with the same parentElement.
 * @param {Component} component
 */
export default function pictureGrid(component) {
  const host = component.parentElement;
  let grid = grids.get(host);
  if (!grid) {
    host.querySelector(".picture-grid")?.remove(); // of an older version of this script
    grid = new Grid(component);
    grids.set(host, grid);
  }
  grid.receive(component);
}
