// A grid of pictures: choosing and opening. The page hears about it, but never holds it up.

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

class Grid {
  constructor(host) {
    this.selected = new Set();
    this.anchor = null; // where a range starts
    this.current = null; // the tile that Tab reaches
    this.tiles = [];
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
    this.all.addEventListener("click", () => this.choose(this.tiles.map((tile) => tile.id)));
    this.none.addEventListener("click", () => this.choose([]));
    this.list.addEventListener("click", (event) => this.onClick(event));
    this.list.addEventListener("dblclick", (event) => this.onDoubleClick(event));
    this.list.addEventListener("keydown", (event) => this.onKey(event));
    host.append(this.root);
  }

  receive({ data, setStateValue, setTriggerValue }) {
    this.tell = (ids) => setStateValue("selected", ids);
    this.open = (id) => data.opens && setTriggerValue("open", id);
    const first = this.data === undefined;
    const same = !first && JSON.stringify(this.tiles) === JSON.stringify(data.tiles);
    this.data = data;
    this.tiles = data.tiles;
    if (first) this.selected = new Set(data.selected);
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
    const focused = this.list.getRootNode().activeElement;
    const held = focused && this.list.contains(focused);
    const before = this.nodes;
    this.nodes = new Map(this.tiles.map((tile) => [tile.id, this.node(tile, before.get(tile.id))]));
    this.list.replaceChildren(...this.nodes.values());
    if (!this.nodes.has(this.anchor)) this.anchor = null;
    if (!this.nodes.has(this.current)) this.current = this.tiles[0]?.id ?? null;
    if (held) this.nodes.get(this.current)?.focus({ preventScroll: true });
  }

  /** A tile that has not changed keeps its node, so that its picture does not flicker. */
  node(tile, old) {
    const content = JSON.stringify(tile);
    if (old?.dataset.content === content) return old;
    const made = element("div", "tile");
    made.dataset.content = content;
    made.dataset.id = tile.id;
    made.title = tile.title;
    made.setAttribute("aria-label", [tile.title, tile.caption, tile.badge].filter(Boolean).join(", "));
    const frame = element("div", "frame");
    frame.append(this.picture(tile), element("span", "tick", "✓"));
    if (tile.badge) frame.append(element("span", "badge", tile.badge));
    made.append(frame);
    if (tile.caption) made.append(element("div", "caption", tile.caption));
    return made;
  }

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

  /** Make this the selection, in the order of the tiles, and say so. */
  choose(ids) {
    const wanted = new Set(ids);
    this.selected = new Set(this.tiles.map((tile) => tile.id).filter((id) => wanted.has(id)));
    this.show();
    this.tell([...this.selected]);
  }

  toggle(id) {
    this.anchor = id;
    const wanted = new Set(this.selected);
    if (!wanted.delete(id)) wanted.add(id);
    this.choose(wanted);
  }

  /** Everything between the anchor and this tile, added to what is selected. */
  extend(id) {
    const ids = this.tiles.map((tile) => tile.id);
    const [from, to] = [ids.indexOf(this.anchor ?? id), ids.indexOf(id)].sort((a, b) => a - b);
    this.anchor ??= id;
    this.choose([...this.selected, ...ids.slice(from, to + 1)]);
  }

  take(id, range) {
    if (this.data.select === "single") this.choose([id]);
    else if (range) this.extend(id);
    else this.toggle(id);
  }

  idAt(event) {
    const node = event.target.closest(".tile");
    return node ? Number(node.dataset.id) : null;
  }

  onClick(event) {
    const id = this.idAt(event);
    if (id === null) return;
    this.reach(id);
    if (this.data.select === "none") this.open(id);
    else this.take(id, event.shiftKey);
  }

  onDoubleClick(event) {
    const id = this.idAt(event);
    if (id !== null && this.data.select !== "none") this.open(id);
  }

  reach(id) {
    this.current = id;
    this.show();
    this.nodes.get(id).focus();
  }

  columns() {
    const tops = [...this.nodes.values()].map((node) => node.offsetTop);
    return Math.max(1, tops.filter((top) => top === tops[0]).length);
  }

  step(key) {
    const last = this.tiles.length - 1;
    const at = this.tiles.findIndex((tile) => tile.id === this.current);
    const steps = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: last };
    if (key === "ArrowUp") steps[key] = at - this.columns();
    if (key === "ArrowDown") steps[key] = at + this.columns();
    const to = steps[key];
    return to === undefined ? null : this.tiles[to >= 0 && to <= last ? to : at].id;
  }

  onKey(event) {
    if (this.tiles.length === 0 || !this.act(event)) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** Whether the key meant something here. */
  act(event) {
    const { select } = this.data;
    const to = this.step(event.key);
    if (to !== null) return this.walk(to, event.shiftKey && select === "multi");
    if (event.key === "Enter" || (event.key === " " && select === "none")) return this.open(this.current) ?? true;
    if (event.key === " ") return this.take(this.current, event.shiftKey) ?? true;
    if (event.key === "Escape" && this.selected.size > 0) return this.choose([]) ?? true;
    const everything = event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey);
    if (everything && select === "multi") return this.choose(this.tiles.map((tile) => tile.id)) ?? true;
    return false;
  }

  walk(to, range) {
    if (range && this.anchor === null) this.anchor = this.current;
    this.reach(to);
    if (range) this.extend(to);
    return true;
  }
}

const grids = new WeakMap();

/** Called on every rerun that brings other data, each time with the same parentElement. */
export default function pictureGrid(component) {
  const host = component.parentElement;
  if (!grids.has(host)) {
    host.querySelector(".picture-grid")?.remove(); // of an older version of this script
    grids.set(host, new Grid(host));
  }
  grids.get(host).receive(component);
}
