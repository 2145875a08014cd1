// A wall of people: naming, choosing, dragging one upon another. The page hears of deeds, and never holds them up.

import { RubberBand } from "../../shared/rubber_band.js";

/**
 * @typedef {{ id: number, name: string, title: string, url: string, faces: number, confirmed: number }} Card
 * @typedef {{ cards: Card[], names: string[], hidden: boolean, heard: number }} WallData
 * @typedef {[number, "name", number, string] | [number, "merge" | "into" | "hide" | "confirm", number[]]} Deed
 * @typedef {{
 *   data: WallData, parentElement: HTMLElement,
 *   setStateValue: (name: string, value: Deed[]) => void, setTriggerValue: (name: string, value: number) => void,
 * }} Component
 */

const NAMES = "names-of-people";
const LONG = 450, SLIPS = 10; // milliseconds of a long press, and how far a finger may slip in one

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {string} [className] @param {string} [text] */
function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** @param {Card} card */
function picture(card) {
  const image = element("img");
  image.loading = "lazy";
  image.decoding = "async";
  image.alt = "";
  image.addEventListener("error", () => image.replaceWith(element("span", "broken", card.title)));
  image.src = card.url;
  return image;
}

class Wall {
  /** @param {Component} component */
  constructor({ parentElement, data }) {
    this.data = data;
    /** @type {(deeds: Deed[]) => void} */
    this.tell = () => undefined;
    /** @type {(person: number) => void} */
    this.open = () => undefined;
    this.number = data.heard;
    /** @type {{ id: number, x: number, y: number, held: boolean, timer: number } | null} */
    this.pressed = null; // the card on which a finger is
    /** @type {Deed[]} */
    this.waiting = []; // deeds of which the page has not said that it has heard them
    /** @type {Set<number>} */
    this.selected = new Set();
    /** @type {number | null} */
    this.anchor = null; // where a range starts
    /** @type {number | null} */
    this.current = null; // the card that Tab reaches
    /** @type {number | null} */
    this.dragged = null;
    /** @type {Map<number, HTMLElement>} */
    this.nodes = new Map();
    this.root = element("div", "wall");
    this.bar = element("div", "bar");
    this.told = element("span", "told");
    this.told.setAttribute("role", "status");
    this.list = element("div", "cards");
    this.list.setAttribute("role", "grid");
    this.list.setAttribute("aria-multiselectable", "true");
    this.list.setAttribute("aria-label", "People");
    this.names = element("datalist");
    this.names.id = NAMES;
    this.root.append(this.bar, this.list, this.names);
    this.listen();
    parentElement.append(this.root);
  }

  listen() {
    this.list.addEventListener("click", (event) => this.onClick(event));
    this.list.addEventListener("dblclick", (event) => this.onDoubleClick(event));
    this.list.addEventListener("keydown", (event) => this.onKey(event));
    this.list.addEventListener("change", (event) => this.onChange(event));
    this.list.addEventListener("dragstart", (event) => this.onDrag(event));
    this.list.addEventListener("dragover", (event) => this.onOver(event));
    this.list.addEventListener("dragleave", () => this.mark(null));
    this.list.addEventListener("dragend", () => this.mark(null));
    this.list.addEventListener("drop", (event) => this.onDrop(event));
    this.list.addEventListener("touchstart", (event) => this.onTouch(event), { passive: true });
    this.list.addEventListener("touchmove", (event) => this.onSlide(event), { passive: false });
    this.list.addEventListener("touchend", (event) => this.onLift(event));
    this.list.addEventListener("touchcancel", () => this.letGo());
    this.list.addEventListener("contextmenu", (event) => this.pressed && event.preventDefault());
    new RubberBand(this.list, ".card", (touched, more) => this.onBand(touched, more));
    /** @type {[string, string, () => void][]} */
    const deeds = [
      ["Merge…", "M", () => this.merge()],
      ["Confirm", "C", () => this.together("confirm")],
      ["Hide", "H", () => this.together("hide")],
      ["Select none", "Esc", () => this.choose([])],
    ];
    this.buttons = deeds.map(([label, key, act]) => {
      const button = element("button", "", label);
      button.type = "button";
      button.append(element("kbd", "", key));
      button.addEventListener("click", act);
      return button;
    });
    this.bar.append(this.told, ...this.buttons);
  }

  /** @param {Component} component */
  receive({ data, setStateValue, setTriggerValue }) {
    this.tell = (deeds) => setStateValue("deeds", deeds);
    this.open = (person) => setTriggerValue("open", person);
    if (JSON.stringify(this.data.names) !== JSON.stringify(data.names) || !this.names.childElementCount) {
      this.names.replaceChildren(...data.names.map((name) => Object.assign(element("option"), { value: name })));
    }
    this.data = data;
    this.number = Math.max(this.number, data.heard);
    this.waiting = this.waiting.filter(([number]) => number > data.heard);
    this.rebuild();
    const shown = new Set(data.cards.map((card) => card.id));
    this.selected = new Set([...this.selected].filter((id) => shown.has(id)));
    this.show();
  }

  rebuild() {
    const at = this.ids().indexOf(this.current ?? -1), held = this.held(), before = this.nodes;
    const typing = this.focused() instanceof HTMLInputElement;
    this.nodes = new Map(this.data.cards.map((card) => [card.id, this.node(card, before.get(card.id))]));
    const nodes = [...this.nodes.values()];
    const same = nodes.length === this.list.childElementCount && nodes.every((node, i) => node === this.list.children[i]);
    if (!same) this.list.replaceChildren(...nodes);
    this.stay(at);
    if (!same && held && this.current !== null) this.focus(this.current, typing);
  }

  /** Where the card that Tab reaches has gone, the one in its place is reached. @param {number} at */
  stay(at) {
    const ids = this.ids();
    if (this.current === null || !this.nodes.has(this.current)) this.current = ids[Math.max(0, Math.min(at, ids.length - 1))] ?? null;
  }

  held() {
    return this.list.contains(this.focused());
  }

  focused() {
    const root = this.root.getRootNode();
    return root instanceof Document || root instanceof ShadowRoot ? root.activeElement : null;
  }

  ids() {
    return [...this.nodes.keys()];
  }

  /**
   * A card keeps its node, so that neither its picture flickers nor what is typed in it is lost.
   * @param {Card} card @param {HTMLElement | undefined} old
   */
  node(card, old) {
    const made = old ?? this.made(card);
    const field = made.querySelector("input"), count = made.querySelector(".count"), image = made.querySelector("img");
    if (image && made.dataset.url !== card.url) image.replaceWith(picture(card));
    made.dataset.url = card.url;
    const confirmed = card.confirmed === card.faces ? " ✓" : "";
    if (count) count.textContent = `${card.faces.toLocaleString("en")}${confirmed}`;
    const about = `${card.faces} faces, ${card.confirmed} confirmed`;
    made.title = `${card.title}\n${about}`;
    made.setAttribute("aria-label", `${card.title}, ${about}`);
    const typed = this.waiting.some(([, kind, person]) => kind === "name" && person === card.id);
    if (field && !typed && field !== this.focused()) field.value = card.name;
    if (field) field.dataset.before = card.name;
    return made;
  }

  /** @param {Card} card */
  made(card) {
    const made = element("div", "card"), frame = element("div", "frame"), cell = element("div"), field = element("input");
    made.dataset.id = String(card.id);
    made.setAttribute("role", "row");
    for (const part of [frame, cell]) part.setAttribute("role", "gridcell");
    made.draggable = true;
    made.dataset.url = card.url;
    frame.append(picture(card), element("span", "tick", "✓"), element("span", "count"));
    field.setAttribute("aria-label", `Name of person ${card.id}`);
    field.setAttribute("list", NAMES);
    field.placeholder = "Name";
    field.maxLength = 120;
    field.autocomplete = "off";
    field.value = card.name;
    cell.append(field);
    made.append(frame, cell);
    return made;
  }

  show() {
    for (const [id, node] of this.nodes) {
      node.setAttribute("aria-selected", String(this.selected.has(id)));
      node.tabIndex = id === this.current ? 0 : -1;
    }
    const count = this.selected.size, [merge, confirm, hide, none] = this.buttons ?? [];
    this.told.textContent = count
      ? `${count} selected`
      : "Click or Space selects, Shift a range; Enter or a double click opens; N names; drag one person upon another to merge.";
    merge.hidden = count < 2;
    for (const button of [confirm, hide, none]) button.hidden = count === 0;
    if (hide.firstChild) hide.firstChild.textContent = this.data.hidden ? "Bring back" : "Hide";
  }

  /** @param {Iterable<number>} ids */
  choose(ids) {
    const wanted = new Set(ids);
    this.selected = new Set(this.ids().filter((id) => wanted.has(id)));
    this.show();
  }

  /** @param {number} id @param {boolean} range */
  take(id, range) {
    if (range) {
      const ids = this.ids();
      const [from, to] = [ids.indexOf(this.anchor ?? id), ids.indexOf(id)].sort((a, b) => a - b);
      this.anchor ??= id;
      this.choose([...this.selected, ...ids.slice(from, to + 1)]);
      return;
    }
    this.anchor = id;
    const wanted = new Set(this.selected);
    if (!wanted.delete(id)) wanted.add(id);
    this.choose(wanted);
  }

  // Deeds

  /** @param {"merge" | "into" | "hide" | "confirm"} kind @param {number[]} people */
  done(kind, people) {
    this.number += 1;
    this.waiting.push([this.number, kind, people]);
    this.choose([]);
    this.tell([...this.waiting]);
  }

  /** @param {"hide" | "confirm"} kind */
  together(kind) {
    const people = this.selected.size > 0 ? [...this.selected] : [this.current ?? 0];
    if (people[0]) this.done(kind, people);
  }

  merge() {
    if (this.selected.size > 1) this.done("merge", [...this.selected]);
  }

  /** @param {Event} event */
  onChange({ target }) {
    if (!(target instanceof HTMLInputElement) || target.value === target.dataset.before) return;
    const person = this.idAt(target);
    if (person === null) return;
    this.number += 1;
    this.waiting = this.waiting.filter(([, kind, whose]) => kind !== "name" || whose !== person);
    this.waiting.push([this.number, "name", person, target.value]);
    this.tell([...this.waiting]);
  }

  // Hands

  /** @param {EventTarget | null} target */
  idAt(target) {
    const node = target instanceof Element && target.closest(".card");
    return node instanceof HTMLElement ? Number(node.dataset.id) : null;
  }

  /** @param {MouseEvent} event */
  onClick(event) {
    const id = this.idAt(event.target);
    if (id === null) return;
    this.current = id;
    if (event.target instanceof HTMLInputElement) return;
    this.focus(id, false);
    this.take(id, event.shiftKey);
  }

  /** @param {HTMLElement[]} touched @param {boolean} more */
  onBand(touched, more) {
    const ids = touched.map((node) => Number(node.dataset.id));
    this.current = ids[0] ?? this.current;
    if (ids.length > 0) this.focus(ids[0], false); // for the keys
    this.choose(more ? [...this.selected, ...ids] : ids);
  }

  /** @param {MouseEvent} event */
  onDoubleClick(event) {
    const id = this.idAt(event.target);
    if (id !== null && !(event.target instanceof HTMLInputElement)) this.open(id);
  }

  /** @param {number} id @param {boolean} typing */
  focus(id, typing) {
    const node = this.nodes.get(id);
    if (node) node.tabIndex = 0;
    const place = typing ? node?.querySelector("input") : node;
    place?.focus();
    if (place instanceof HTMLInputElement) place.select();
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const act = event.target instanceof HTMLInputElement
      ? this.ofField(event, event.target)
      : this.meaning(event, this.current ?? 0);
    if (!act) return;
    event.preventDefault();
    event.stopPropagation();
    act();
  }

  /** @param {KeyboardEvent} event @param {HTMLInputElement} field */
  ofField(event, field) {
    event.stopPropagation(); // the page has keys of its own
    const id = this.idAt(field) ?? 0;
    if (event.key === "Escape") {
      return () => {
        field.value = field.dataset.before ?? "";
        this.focus(id, false);
      };
    }
    return event.key === "Enter" && !event.isComposing ? () => this.next(id, field) : undefined;
  }

  /** After a name the next one without a name is named. @param {number} id @param {HTMLInputElement} field */
  next(id, field) {
    field.blur(); // tells of the name
    const ids = this.ids(), after = ids.slice(ids.indexOf(id) + 1);
    const to = after.find((each) => this.nodes.get(each)?.querySelector("input")?.value === "");
    this.current = to ?? id;
    this.focus(this.current, to !== undefined);
    this.show();
  }

  columns() {
    const tops = [...this.nodes.values()].map((node) => node.offsetTop);
    return Math.max(1, tops.filter((top) => top === tops[0]).length);
  }

  /** @param {string} key */
  step(key) {
    const ids = this.ids(), at = ids.indexOf(this.current ?? -1);
    /** @type {Record<string, number>} */
    const steps = { ArrowLeft: at - 1, ArrowRight: at + 1, Home: 0, End: ids.length - 1 };
    if (key === "ArrowUp") steps[key] = at - this.columns();
    if (key === "ArrowDown") steps[key] = at + this.columns();
    const to = steps[key];
    return to === undefined ? null : ids[to >= 0 && to < ids.length ? to : at];
  }

  /**
   * What a key does on the card `at`, or undefined where it means nothing here.
   * @param {KeyboardEvent} event @param {number} at
   */
  meaning(event, at) {
    const to = this.step(event.key), key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (to !== null) return () => this.walk(to, event.shiftKey);
    if (event.ctrlKey || event.metaKey) return key === "a" ? () => this.choose(this.ids()) : undefined;
    /** @type {Record<string, () => void>} */
    const acts = {
      " ": () => this.take(at, event.shiftKey),
      Enter: () => this.open(at),
      m: () => this.merge(),
      h: () => this.together("hide"),
      c: () => this.together("confirm"),
      n: () => this.focus(at, true),
      Escape: () => this.choose([]),
    };
    return acts[key];
  }

  /** @param {number} to @param {boolean} range */
  walk(to, range) {
    if (range) this.anchor ??= this.current;
    this.current = to;
    this.focus(to, false);
    if (range) this.take(to, true);
    this.show();
  }

  // Dragging

  /** @param {DragEvent} event */
  onDrag(event) {
    this.dragged = event.target instanceof HTMLInputElement ? null : this.idAt(event.target);
    event.dataTransfer?.setData("text/plain", String(this.dragged ?? ""));
  }

  /** @param {DragEvent} event */
  onOver(event) {
    const upon = this.idAt(event.target);
    if (this.dragged === null || upon === null || upon === this.dragged) return;
    event.preventDefault();
    this.mark(upon);
  }

  /** @param {number | null} upon */
  mark(upon) {
    for (const [id, node] of this.nodes) node.classList.toggle("over", id === upon);
  }

  /** @param {DragEvent} event */
  onDrop(event) {
    event.preventDefault();
    const dragged = this.dragged;
    this.dragged = null;
    this.drop(dragged, this.idAt(event.target));
  }

  /** @param {number | null} dragged @param {number | null} upon */
  drop(dragged, upon) {
    this.mark(null);
    if (upon === null || dragged === null || upon === dragged) return;
    const others = this.selected.has(dragged) ? [...this.selected] : [dragged];
    this.done("into", [upon, ...others.filter((id) => id !== upon)]);
  }

  // A finger that slides scrolls; one that rests on a card takes it along.

  /** @param {TouchEvent} event */
  onTouch(event) {
    this.letGo();
    const id = event.target instanceof HTMLInputElement ? null : this.idAt(event.target);
    if (id === null || event.touches.length > 1) return;
    const { clientX: x, clientY: y } = event.touches[0], node = this.nodes.get(id);
    if (node) node.draggable = false; // else the browser begins a drag of its own
    const pressed = { id, x, y, held: false, timer: 0 };
    pressed.timer = window.setTimeout(() => {
      pressed.held = true;
      this.nodes.get(id)?.classList.add("held");
    }, LONG);
    this.pressed = pressed;
  }

  /** @param {TouchEvent} event */
  onSlide(event) {
    const pressed = this.pressed, { clientX: x, clientY: y } = event.touches[0];
    if (pressed?.held) {
      event.preventDefault();
      this.mark(this.under(x, y));
    } else if (pressed && Math.hypot(x - pressed.x, y - pressed.y) > SLIPS) {
      this.letGo();
    }
  }

  /** @param {TouchEvent} event */
  onLift(event) {
    const pressed = this.pressed, { clientX: x, clientY: y } = event.changedTouches[0];
    this.letGo();
    if (!pressed?.held) return;
    event.preventDefault(); // no click follows
    this.drop(pressed.id, this.under(x, y));
  }

  letGo() {
    const pressed = this.pressed, node = pressed && this.nodes.get(pressed.id);
    if (!pressed) return;
    window.clearTimeout(pressed.timer);
    this.pressed = null;
    this.mark(null);
    if (node) node.draggable = true;
    node?.classList.remove("held");
  }

  /** The card at a place of the window. @param {number} x @param {number} y */
  under(x, y) {
    const root = this.root.getRootNode();
    return this.idAt(root instanceof Document || root instanceof ShadowRoot ? root.elementFromPoint(x, y) : null);
  }
}

/** @type {WeakMap<HTMLElement, Wall>} */
const walls = new WeakMap();

/**
 * Called on every rerun that brings other data, each time with the same parentElement.
 * @param {Component} component
 */
export default function peopleWall(component) {
  const host = component.parentElement;
  let wall = walls.get(host);
  if (!wall) {
    host.querySelector(".wall")?.remove(); // of an older version of this script
    wall = new Wall(component);
    walls.set(host, wall);
  }
  wall.receive(component);
}
