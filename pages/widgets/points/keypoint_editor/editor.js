// Editor: one per place on the page. It outlives reruns: each brings new data to `receive`.
//
// For tests and curious users, `canvas.dataset.view` tells as JSON where the picture lies:
// canvas position = (picture position + 0.5) * scale + (x, y), in CSS pixels.

import { moment, newId, tabOutbox } from "../../shared/outbox/outbox.js";
import { boundsOf, clamp, View } from "./view.js";
import { ABSENT, History, Labels, sameChange, snapshot } from "./model.js";
import { context2d, Picture } from "./picture.js";
import { Frames } from "./frames.js";
import { drawScene, isMoving } from "./draw.js";
import { applyBoxes, followBoxes, pointNewBoxes } from "./boxes.js";
import { arrived, attachLeaving, followPage, goToImage, rest } from "./going.js";
import { chooseInstance, pointName } from "./commands.js";
import { isGuided, isPlacing } from "./placing.js";
import { unlocked } from "./holding.js";
import { attachInput } from "./input.js";
import { keepKeys } from "./dialogs.js";
import { attachClip } from "./clip_panel.js";
import { fadeOf, sendRipple } from "./ripple.js";
import { keepView, recallView } from "./seeing.js";
import { Timeline } from "./timeline.js";
import { PersonalKeys } from "./keys.js";
import { refreshKeys } from "./help.js";
import { NARROW, buildPanel, refreshPanel } from "./panel.js";

/** @import { Order } from "./frames.js" */
/** @import { Box, BoxRow, Change, Command, Component, EditorData, Frame, Gesture, Hit, Instance, Note } from "./types.js" */
/** @import { Options, SelectedPoint, Selection } from "./types.js" */

/** @type {Partial<Record<Gesture["type"], string>>} */
const HELD_CURSORS = { pan: "grabbing", shape: "grabbing", move: "none" };
const HINT_TIME = 4000;
const LOWEST = 380; // CSS pixels that the editor has at least
const BELOW = 10; // CSS pixels that are left free under it

export class Editor {
  /** @type {Component["setStateValue"]} */
  tell = () => undefined;
  lifetime = new AbortController();
  view = new View();
  labels = new Labels();
  history = new History();
  /** @type {Selection} */
  selection = { instance: null, point: null };
  /** @type {Options} */
  options = {
    edges: true, labels: "some", tone: { brightness: 1, contrast: 1, gamma: 1 }, list: null, help: false, adjust: false, tools: false,
    whole: false, boxes: null, sureness: false, ghost: true, shape: "off", guide: "off", loupe: false,
  };
  /** @type {Hit | null} */
  hover = null;
  /** @type {Gesture | null} */
  gesture = null;
  /** @type {Map<number, [x: number, y: number]>} */
  pointers = new Map();
  /** @type {[x: number, y: number] | null} */
  pointerAt = null; // where the pointer is on the canvas
  touched = false; // whether that is a finger
  /** @type {number | null} */
  pen = null; // the pointer that is a pen, while it is down
  hint = "";
  /** @type {Order | null} */
  order = null;
  orderQuery = "";
  /** @type {number[]} */
  early = []; // steps that were asked for before the order was here
  index = -1; // place of the wanted picture in the order; -1 where it is not in it
  direction = 1;
  /** @type {number | null} */
  wanted = null; // id of the picture that was asked for last
  wantedAt = 0;
  /** @type {number | null} */
  opened = null; // id of the picture on screen
  /** @type {number | null} */
  painted = null; // the same, once its pixels are drawn
  /** @type {Frame | null} */
  frame = null; // what is known of it
  /** @type {BoxRow[]} */
  settling = []; // what was done to boxes and is saved, while the pictures do not tell of it yet
  /** @type {{ image: number, instance?: number, corners?: Box }[]} */
  unpointed = []; // boxes whose points are to be asked for once they are saved
  /** @type {Command[]} */
  queue = []; // what is to be done once the wanted picture is open
  turn = -1;
  window = ""; // the page's session: another one where the server was started again
  changed = -1;
  /** @type {number | null} */
  focus = null; // the instance that the page asks for
  told = { image: -1, savings: 0, turn: -1, session: "" };
  savings = 0;
  leavingUntil = 0; // until then the page may be making way for another
  spaceHeld = false;
  tabLeaves = false;
  placedAt = -Infinity;
  pixelRatio = 1;
  /** @type {number | null} */
  painting = null;
  /** @type {number | undefined} */
  nudgeTimer = undefined;
  /** @type {number | undefined} */
  hintTimer = undefined;
  /** @type {number | undefined} */
  restTimer = undefined;
  /** @type {number | undefined} */
  patience = undefined;
  picture = new Picture();
  timeline = new Timeline(this);
  keys = new PersonalKeys();
  /** @type {string | null} */
  changing = null; // the command that gets the next key that is pressed

  /** @param {HTMLElement} host @param {EditorData} data */
  constructor(host, data) {
    this.host = host;
    this.data = data;
    this.frames = new Frames((id) => arrived(this, id));
    this.observer = new ResizeObserver(() => this.resize());
    this.pageObserver = new ResizeObserver(() => this.fillWindow());
    recallView(this);
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
    attachClip(this);
    attachLeaving(this);
    keepKeys(this);
    this.hearOutbox();
    this.observer.observe(this.parts.stage);
    window.addEventListener("resize", () => this.fillWindow(), { signal: this.lifetime.signal });
    const page = document.querySelector("[data-testid=stMainBlockContainer]");
    if (page) this.pageObserver.observe(page); // what lies above may wrap later
    const busy = document.activeElement?.matches("input, textarea, select, [contenteditable]");
    if (!busy) this.canvas.focus({ preventScroll: true });
  }

  hearOutbox() {
    /** @type {(what: "change" | "rebase" | "saved" | "answered" | "leaving", hear: () => void) => void} */
    const on = (what, hear) => this.outbox.addEventListener(what, hear, { signal: this.lifetime.signal });
    on("change", () => this.refresh());
    this.look = (/** @type {number} */ image) => goToImage(this, image);
    this.outbox.lookBy(this.look);
    on("rebase", () => this.rebase());
    on("leaving", () => this.commitDraft());
    on("answered", () => this.timeline.deeds.hear());
    // The page then shows the new revisions beside the editor.
    on("saved", () => {
      this.savings += 1;
      rest(this);
    });
  }

  close() {
    this.sendDraft(); // a page that is being left must not be asked to run anew
    this.lifetime.abort();
    if (this.outbox.look === this.look) this.outbox.lookBy(null);
    this.observer.disconnect();
    this.pageObserver.disconnect();
    this.cancelPainting();
    for (const timer of [this.hintTimer, this.restTimer, this.patience]) clearTimeout(timer);
    this.frames.close();
    this.root.remove();
  }

  // ---- What is shown ----

  /** @param {Component} component */
  receive({ data, setStateValue }) {
    this.tell = setStateValue;
    this.leavingUntil = 0;
    this.data = data;
    this.outbox.meet(data.store);
    this.history.keepFor(data.store);
    this.timeline.deeds.hear();
    if (this.keys.keepFor(data.author)) refreshKeys(this);
    followPage(this);
    this.fillWindow();
    this.rebase();
  }

  /** Whether a picture is on screen and no other is asked for. @param {number} id */
  isOpen(id) {
    return this.opened === id && this.wanted === id;
  }

  /** @param {Frame} frame */
  openFrame(frame) {
    const point = this.selection.point;
    const { width, height } = this.view.picture;
    const keepsFrame = width === frame.width && height === frame.height;
    const before = this.selectedInstance();
    this.opened = frame.id;
    this.frames.shown = frame.id;
    this.gesture = null;
    this.hover = null;
    this.labels = new Labels();
    this.view.picture = { width: frame.width, height: frame.height };
    this.takeFrame();
    const first = this.instance(this.focus) ?? this.labels.likest(before);
    const samePoints = first && first.skeleton.names.length === before?.skeleton.names.length;
    this.selection = { instance: first?.id ?? null, point: samePoints ? point : null };
    if (!(this.view.mode === "free" && keepsFrame)) this.chooseView();
  }

  /** Take what is known by now of the picture on screen. */
  takeFrame() {
    if (this.opened === null) return;
    this.frame = this.frames.points(this.opened) ?? this.frame;
    this.picture.show(this.frames.picture(this.opened));
    this.rebase();
  }

  /** Show the server's points and, on top, what it does not know yet. */
  rebase() {
    for (const [id, state] of this.outbox.states) this.setState(id, state);
    this.outbox.states.clear();
    followBoxes(this);
    if (!this.frame) return; // nothing is shown yet
    const { data, outbox } = this;
    this.frame = { ...this.frame, instances: this.frame.instances.map((given) => outbox.fresher(given)) };
    this.labels.receive(this.frame.instances, data.skeletons, this.unsaved());
    applyBoxes(this);
    pointNewBoxes(this);
    this.timeline.follow();
    if (!this.selectedInstance()) {
      this.selection = { instance: this.labels.instances.keys().next().value ?? null, point: null };
    }
    this.refresh();
  }

  /** Edits whose effect belongs on the screen although the server has not given it. */
  unsaved() {
    return [...this.timeline.deeds.shown(), ...this.outbox.shown(this.data.store)];
  }

  /** Remember where a picture stands. @param {number} id @param {string} state @param {number} [index] its place */
  setState(id, state, index = this.order?.indexOf(id) ?? -1) {
    if (this.order && index >= 0) this.order.states[index] = this.data.states.indexOf(state);
    this.timeline.stale = true;
    const frame = this.frames.points(id);
    if (frame) frame.state = state;
    if (this.frame?.id === id) this.frame = { ...this.frame, state };
    this.refresh();
  }

  /** Of a picture that is gone nothing can be undone. @param {number} id */
  forgetPicture(id) {
    this.queue = [];
    this.history.forgetWhere((step) => step.image === id);
  }

  /** Select the instance that the page asks for. */
  followFocus() {
    const { focus } = this;
    if (focus !== null && this.labels.instances.has(focus)) chooseInstance(this, focus);
  }

  // ---- Edits ----

  mayEdit() {
    return !this.data.read_only && this.opened !== null && this.opened === this.wanted;
  }

  /** Whether the picture that is asked for is on screen, or it is said there why it cannot be. */
  maySee() {
    return this.opened === this.wanted && this.painted === this.opened;
  }

  /**
   * Make changes that are one step of undo.
   * @param {Instance} instance @param {Change[]} changes @param {Note} note
   */
  change(instance, changes, note) {
    if (!this.mayEdit()) return;
    this.commitDraft();
    const after = unlocked(instance, changes);
    if (!after.length && changes.length) this.say("Nothing is changed: these points are locked.");
    const before = snapshot(instance, after.map(([k]) => k));
    if (after.every((change, i) => sameChange(change, before[i], 0))) return;
    this.record(instance, before, after, note);
  }

  /**
   * Send changes as one step of undo, with their fade over the frames around where that is wished.
   * @param {Instance} instance @param {Change[]} before @param {Change[]} after @param {Note} note
   */
  record(instance, before, after, note) {
    const fade = fadeOf(this, before, after);
    if (fade) return sendRipple(this, instance, { before, after, note }, fade);
    const edit = this.post(instance, after, note);
    return this.history.push({ edit, image: this.frame?.id ?? 0, instance: instance.id, before, after, note });
  }

  commitDraft() {
    clearTimeout(this.nudgeTimer);
    const draft = this.labels.takeDraft();
    const instance = draft && this.labels.instances.get(draft.instance);
    if (!instance) return;
    this.record(instance, draft.before, draft.after, draft.note);
  }

  /**
   * Show changes and put them into the outbox as one edit; returns its id.
   * @param {Instance} instance @param {Change[]} changes @param {Note} note
   */
  post(instance, changes, note) {
    const { store, author } = this.data;
    const after = this.unsaved().filter((edit) => edit.instance === instance.id).map(({ id: each }) => each);
    const id = `${this.data.window}.${newId()}`;
    this.labels.apply(instance.id, changes);
    this.outbox.add({ id, store, author, instance: instance.id, base: instance.revision, after, changes, note, at: moment() });
    this.refresh();
    return id;
  }

  /** Give up what the server refused and show what it has. */
  discard() {
    const { refused } = this.outbox;
    const ids = new Set(refused.map(({ id }) => id));
    this.history.forgetWhere((step) => ids.has(step.edit));
    this.outbox.discard(refused);
  }

  /** Send what is still held back: a run of nudges, or edits of the last moment. */
  sendDraft() {
    if (!isMoving(this)) this.commitDraft();
    this.outbox.hurry();
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
    if (selected?.point.v === ABSENT && isPlacing(this)) {
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
    const focused = this.focus === selected.id;
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
    if (this.opened !== null && this.view.mode !== "free") this.chooseView();
    this.fitCanvas();
    if (this.opened !== null) drawScene(this); // at once: a resized canvas is blank until then
    this.refresh();
  }

  /** Reach down to the lower edge of the window, wherever the page has put the editor. */
  fillWindow() {
    const main = document.querySelector("[data-testid=stMain]");
    const top = this.root.getBoundingClientRect().top + (main?.scrollTop ?? 0);
    this.root.style.height = this.options.whole ? "" : `${Math.max(window.innerHeight - top - BELOW, LOWEST)}px`;
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

  /** Say what became of a key that was to be changed. @param {string} sentence */
  sayOfKeys(sentence) {
    const said = this.parts.help.querySelector(".said");
    if (said) said.textContent = sentence;
    refreshKeys(this);
  }

  refresh() {
    this.painting ??= requestAnimationFrame(() => this.draw());
  }

  draw() {
    this.cancelPainting();
    keepView(this);
    if (this.opened === null) return refreshPanel(this);
    if (this.pixelRatio !== window.devicePixelRatio) this.fitCanvas();
    drawScene(this);
    if (this.picture.state !== "loading") this.painted = this.opened;
    refreshPanel(this);
    this.canvas.style.cursor = this.cursor();
    const { scale, x, y, mode } = this.view;
    this.canvas.dataset.view = JSON.stringify({ scale, x, y, mode, image: this.painted, ...this.selection });
    return undefined;
  }

  cancelPainting() {
    if (this.painting !== null) cancelAnimationFrame(this.painting);
    this.painting = null;
  }

  cursor() {
    const { gesture } = this;
    const held = gesture && "travelled" in gesture && gesture.travelled ? HELD_CURSORS[gesture.type] : null;
    if (held) return held;
    if (this.spaceHeld) return "grab";
    if (this.hover && !isGuided(this)) return "move";
    return this.options.boxes || isPlacing(this) ? "crosshair" : "default";
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
