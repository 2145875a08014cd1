// Editor: one per place on the page. It outlives reruns: each brings new data to `receive`.
//
// For tests and curious users, `canvas.dataset.view` tells as JSON where the picture lies:
// canvas position = (picture position + 0.5) * scale + (x, y), in CSS pixels.

import { moment, newId, tabOutbox } from "../../shared/outbox/outbox.js";
import { boundsOf, clamp, View } from "./view.js";
import { ABSENT, History, Labels, sameChange, snapshot } from "./model.js";
import { context2d, Picture } from "./picture.js";
import { drawScene } from "./draw.js";
import { chooseInstance, isPlacing, pointName } from "./commands.js";
import { attachInput } from "./input.js";
import { NARROW, buildPanel, refreshPanel } from "./panel.js";

/** @import { Change, Component, Destination, EditorData, Gesture, Hit, Instance, Note } from "./types.js" */
/** @import { Options, SelectedPoint, Selection } from "./types.js" */

const ACCEPTING = "[class*=st-key-accept-]"; // the page's button beside the editor
const HINT_TIME = 4000;
const GO_PATIENCE = 3000; // ms after which another picture may be asked for again
const GO_AGAIN = 1400; // ms after which a wish is told once more: one that "saved" overtakes never reaches the page

export class Editor {
  /** @param {HTMLElement} host @param {EditorData} data */
  constructor(host, data) {
    this.host = host;
    this.data = data;
    /** @type {Component["setTriggerValue"]} */
    this.emit = () => undefined;
    this.lifetime = new AbortController();
    this.view = new View();
    this.labels = new Labels();
    this.history = new History();
    /** @type {Selection} */
    this.selection = { instance: null, point: null };
    /** @type {Options} */
    this.options = { edges: true, labels: "some", brightness: 1, contrast: 1, list: null, help: false, adjust: false };
    /** @type {Hit | null} */
    this.hover = null;
    /** @type {Gesture | null} */
    this.gesture = null;
    /** @type {Map<number, [x: number, y: number]>} */
    this.pointers = new Map();
    this.hint = "";
    /** @type {number | null} */
    this.opened = null; // id of the picture on screen
    /** @type {number | null} */
    this.focus = null; // the instance that the page last asked for
    /** @type {{ to: Destination, nonce: string, at: number } | null} */
    this.going = null; // until the page has gone there
    this.spaceHeld = false;
    this.tabLeaves = false;
    this.placedAt = -Infinity;
    this.savings = 0;
    this.pixelRatio = 1;
    /** @type {number | null} */
    this.frame = null;
    /** @type {number | undefined} */
    this.nudgeTimer = undefined;
    /** @type {number | undefined} */
    this.hintTimer = undefined;
    /** @type {number | undefined} */
    this.goTimer = undefined;
    this.observer = new ResizeObserver(() => this.resize());
    this.picture = new Picture(() => this.refresh());
    this.parts = buildPanel(this);
    this.root = this.parts.root;
    this.canvas = this.parts.canvas;
    this.ctx = context2d(this.canvas);
    this.outbox = tabOutbox();
    this.mount();
  }

  mount() {
    this.host.append(this.root);
    attachInput(this);
    this.hearOutbox();
    document.addEventListener("click", (event) => this.refuseDoubleClick(event), {
      capture: true,
      signal: this.lifetime.signal,
    });
    this.observer.observe(this.parts.stage);
    const busy = document.activeElement?.matches("input, textarea, select, [contenteditable]");
    if (!busy) this.canvas.focus({ preventScroll: true });
  }

  hearOutbox() {
    /** @type {(what: "change" | "rebase" | "saved" | "leaving", hear: () => void) => void} */
    const on = (what, hear) => this.outbox.addEventListener(what, hear, { signal: this.lifetime.signal });
    on("change", () => this.refresh());
    on("rebase", () => this.rebase());
    on("leaving", () => this.commitDraft());
    // The page then shows the new revisions beside the editor, and what is accepted is what was seen.
    on("saved", () => this.emit("saved", ++this.savings));
  }

  /**
   * The later clicks of a double click are of the picture that the first one was made on: none accepts the next picture.
   * @param {MouseEvent} event
   */
  refuseDoubleClick(event) {
    if (event.detail < 2 || !(event.target instanceof Element && event.target.closest(ACCEPTING))) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    this.say("The second click did not count.");
  }

  close() {
    this.handOver();
    this.lifetime.abort();
    this.observer.disconnect();
    this.cancelFrame();
    clearTimeout(this.hintTimer);
    clearTimeout(this.goTimer);
    this.root.remove();
  }

  // ---- Data from the server ----

  /** @param {Component} component */
  receive({ data, setTriggerValue }) {
    this.emit = setTriggerValue;
    const another = data.image.id !== this.opened;
    if (another) this.commitDraft();
    this.data = data;
    this.arrive(another);
    this.outbox.meet(data.store);
    if (another) this.openPicture();
    else this.rebase();
    this.followFocus();
    this.root.style.height = `${data.height}px`;
    this.picture.load(data.image.url);
    this.picture.prefetch(data.prefetch ?? []);
    this.refresh();
  }

  /**
   * The page has dealt with the wish to leave: by another picture, or by a sentence why not.
   * @param {boolean} another
   */
  arrive(another) {
    if (!this.going) return;
    const answered = this.data.went === this.going.nonce;
    if (answered && this.data.notice) this.say(this.data.notice);
    if (answered || another) this.going = null;
  }

  openPicture() {
    const { image } = this.data;
    const point = this.selection.point;
    const keepsFrame = this.view.picture.width === image.width && this.view.picture.height === image.height;
    const before = this.selectedInstance()?.skeleton.names.length;
    this.opened = image.id;
    this.gesture = null;
    this.hover = null;
    this.labels = new Labels();
    this.history = new History();
    this.view.picture = { width: image.width, height: image.height };
    this.rebase();
    this.focus = this.data.focus;
    const first = this.instance(this.focus) ?? this.labels.instances.values().next().value;
    const samePoints = first && first.skeleton.names.length === before;
    this.selection = { instance: first?.id ?? null, point: samePoints ? point : null };
    if (!(this.view.mode === "free" && keepsFrame)) this.chooseView();
  }

  /** Show the server's points and, on top, what it does not know yet. */
  rebase() {
    if (this.opened === null) return; // nothing is shown yet
    const { data, outbox } = this;
    this.data = { ...data, instances: data.instances.map((given) => outbox.fresher(given)) };
    this.labels.receive(this.data.instances, data.skeletons, outbox.shown(data.store));
    if (!this.selectedInstance()) {
      this.selection = { instance: this.labels.instances.keys().next().value ?? null, point: null };
    }
    this.refresh();
  }

  /** Follow the page when it asks for another instance than before. */
  followFocus() {
    const { focus } = this.data;
    if (focus === this.focus) return;
    this.focus = focus;
    if (focus !== null && this.labels.instances.has(focus)) chooseInstance(this, focus);
  }

  // ---- Edits ----

  mayEdit() {
    return !this.data.read_only;
  }

  /**
   * Make changes that are one step of undo.
   * @param {Instance} instance @param {Change[]} after @param {Note} note
   */
  change(instance, after, note) {
    if (!this.mayEdit()) return;
    this.commitDraft();
    const before = snapshot(instance, after.map(([k]) => k));
    if (after.every((change, i) => sameChange(change, before[i], 0))) return;
    const edit = this.post(instance, after, note);
    this.history.push({ edit, instance: instance.id, before, after, note });
  }

  commitDraft() {
    clearTimeout(this.nudgeTimer);
    const draft = this.labels.takeDraft();
    const instance = draft && this.labels.instances.get(draft.instance);
    if (!instance) return;
    const edit = this.post(instance, draft.after, draft.note);
    this.history.push({ edit, instance: draft.instance, before: draft.before, after: draft.after, note: draft.note });
  }

  /**
   * Show changes and put them into the outbox as one edit; returns its id.
   * @param {Instance} instance @param {Change[]} changes @param {Note} note
   */
  post(instance, changes, note) {
    const { store, author } = this.data;
    const after = this.outbox.shown(store).filter((edit) => edit.instance === instance.id).map(({ id: each }) => each);
    const id = `${this.data.window}.${newId()}`;
    this.labels.apply(instance.id, changes);
    this.outbox.add({ id, store, author, instance: instance.id, base: instance.revision, after, changes, note, at: moment() });
    this.refresh();
    return id;
  }

  /** Give up what the server refused and show what it has. */
  discard() {
    const { refused } = this.outbox;
    this.history.forget(new Set(refused.map(({ id }) => id)));
    this.outbox.discard(refused);
  }

  /** Hand over what is still held back: a run of nudges, or edits of the last moment. */
  handOver() {
    if (this.gesture?.type !== "move") this.commitDraft();
    this.outbox.hurry();
  }

  /**
   * Leave for another picture; what waits is sent whatever the page shows.
   * @param {Destination} to
   */
  go(to) {
    const now = performance.now();
    if (this.going && now - this.going.at < GO_PATIENCE) return;
    this.commitDraft();
    this.outbox.hurry();
    // Asked again without an answer: the same nonce, so that the page does not go two pictures further.
    this.going = { to, nonce: this.going?.to === to ? this.going.nonce : newId(), at: now };
    this.tellWish();
  }

  /** Tell the page where to go until it answers; of one nonce it goes once. */
  tellWish() {
    clearTimeout(this.goTimer);
    if (!this.going || performance.now() - this.going.at > GO_PATIENCE) return;
    const { to, nonce } = this.going;
    this.emit("go", { to, nonce });
    this.goTimer = setTimeout(() => this.tellWish(), GO_AGAIN);
  }

  // ---- Selection and view ----

  selectedInstance() {
    return this.instance(this.selection.instance);
  }

  /** @param {number | null} id */
  instance(id) {
    return id === null ? null : (this.labels.instances.get(id) ?? null);
  }

  /**
   * The selected point, or another of the selected instance; null for none.
   * @param {number | null} [k] @returns {SelectedPoint | null}
   */
  selectedPoint(k = this.selection.point) {
    const instance = this.selectedInstance();
    const point = k === null ? undefined : instance?.points[k];
    return instance && k !== null && point ? { instance, k, point } : null;
  }

  /** @param {number | null} instance @param {number | null} point */
  select(instance, point) {
    this.selection = { instance, point };
    this.hint = "";
    const selected = this.selectedPoint();
    if (selected && isPlacing(this)) {
      this.say(`${pointName(selected.instance, selected.k)} is absent: click in the picture to place it.`);
    }
    this.refresh();
  }

  /** @param {Hit | null} hover */
  setHover(hover) {
    if (this.hover?.instance === hover?.instance && this.hover?.point === hover?.point) return;
    this.hover = hover;
    this.refresh();
  }

  /** Pan just far enough to bring the selected point onto the canvas. */
  revealSelection() {
    const point = this.selectedPoint()?.point;
    if (!point || point.v === ABSENT) return;
    const { view } = this;
    const [x, y] = view.toScreen(point.x, point.y);
    const margin = Math.min(40, view.width / 4, view.height / 4);
    const [dx, dy] = [clamp(x, margin, view.width - margin) - x, clamp(y, margin, view.height - margin) - y];
    if (dx || dy) view.panBy(dx, dy);
  }

  chooseView() {
    const selected = this.selectedInstance();
    const bounds = selected && boundsOf(selected);
    if (!selected || !bounds || this.view.mode === "fit") return this.view.fit();
    const asked = this.view.mode === "instance";
    const focused = this.data.focus === selected.id;
    if (asked || (focused && this.view.isSmall(bounds))) return this.view.fitInstance(bounds);
    this.view.fit();
    this.view.mode = "auto";
    return undefined;
  }

  listShown() {
    return this.options.list ?? this.root.clientWidth >= NARROW;
  }

  resize() {
    const { stage } = this.parts;
    if (!stage.clientWidth || !stage.clientHeight) return; // not laid out, as in a closed tab
    this.view.resize(stage.clientWidth, stage.clientHeight);
    if (this.view.mode !== "free") this.chooseView();
    this.fitCanvas();
    if (this.opened !== null) drawScene(this); // at once: a resized canvas is blank until then
    this.refresh();
  }

  fitCanvas() {
    this.pixelRatio = window.devicePixelRatio || 1;
    const width = Math.round(this.view.width * this.pixelRatio);
    const height = Math.round(this.view.height * this.pixelRatio);
    if (this.canvas.width !== width) this.canvas.width = width;
    if (this.canvas.height !== height) this.canvas.height = height;
  }

  // ---- Showing ----

  /** @param {string} sentence */
  say(sentence) {
    this.hint = sentence;
    clearTimeout(this.hintTimer);
    this.hintTimer = setTimeout(() => {
      this.hint = "";
      this.refresh();
    }, HINT_TIME);
    this.refresh();
  }

  refresh() {
    this.frame ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.cancelFrame();
    if (this.opened === null) return;
    if (this.pixelRatio !== window.devicePixelRatio) this.fitCanvas();
    drawScene(this);
    refreshPanel(this);
    this.canvas.style.cursor = this.cursor();
    const { scale, x, y, mode } = this.view;
    this.canvas.dataset.view = JSON.stringify({ scale, x, y, mode, image: this.opened, ...this.selection });
  }

  cancelFrame() {
    if (this.frame !== null) cancelAnimationFrame(this.frame);
    this.frame = null;
  }

  cursor() {
    if (this.gesture?.type === "pan" && this.gesture.travelled) return "grabbing";
    if (this.gesture?.type === "move" && this.gesture.travelled) return "none";
    if (this.spaceHeld) return "grab";
    if (this.hover) return "move";
    return isPlacing(this) ? "crosshair" : "default";
  }
}

// ---- Streamlit ------------------------------------------------------------------------------

/** @type {WeakMap<HTMLElement, Editor>} */
const editors = new WeakMap();

/**
 * Called on every rerun that brings other data, each time with the same parentElement.
 * @param {Component} component
 */
export default function keypointEditor(component) {
  const host = component.parentElement;
  let editor = editors.get(host);
  if (!editor) {
    host.querySelector(".keypoint-editor")?.remove(); // of an older version of this script
    editor = new Editor(host, component.data);
    editors.set(host, editor);
  }
  editor.receive(component);
  // A rerun that overtakes this call cleans it up at once while the editor stays: only leave with the element.
  return () => setTimeout(() => {
    if (host.isConnected || editors.get(host) !== editor) return;
    editors.delete(host);
    editor.close();
  });
}
