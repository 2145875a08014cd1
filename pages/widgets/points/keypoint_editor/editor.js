// Editor: one per place on the page. It outlives reruns: each brings new data to `receive`.
//
// For tests and curious users, `canvas.dataset.view` tells as JSON where the picture lies:
// canvas position = (picture position + 0.5) * scale + (x, y), in CSS pixels.

const HINT_TIME = 4000;
const LONGEST_LABEL = 200; // as the server accepts it
const GO_PATIENCE = 3000; // ms after which another picture may be asked for again

class Editor {
  constructor(host, data) {
    this.host = host;
    this.data = data;
    this.emit = () => undefined;
    this.lifetime = new AbortController();
    this.view = new View();
    this.labels = new Labels();
    this.history = new History();
    this.selection = { instance: null, point: null };
    this.options = { edges: true, labels: "some", brightness: 1, contrast: 1, list: null, help: false, adjust: false };
    this.hover = null;
    this.gesture = null;
    this.pointers = new Map();
    this.hint = "";
    this.opened = null; // id of the picture on screen
    this.focus = null; // the instance that the page last asked for
    this.going = null; // {to, nonce} until the page has gone there
    this.spaceHeld = false;
    this.tabLeaves = false;
    this.placedAt = -Infinity;
    this.sendings = 0;
    this.frame = null;
    this.picture = new Picture(() => this.refresh());
    this.parts = buildPanel(this);
    this.root = this.parts.root;
    this.canvas = this.parts.canvas;
    this.ctx = this.canvas.getContext("2d");
    this.outbox = new Outbox(data.channel, (edits) => this.sendOut(edits), () => this.refresh());
    this.mount();
  }

  mount() {
    this.host.append(this.root);
    attachInput(this);
    this.observer = new ResizeObserver(() => this.resize());
    this.observer.observe(this.parts.stage);
    const busy = document.activeElement?.matches("input, textarea, select, [contenteditable]");
    if (!busy) this.canvas.focus({ preventScroll: true });
  }

  close() {
    this.handOver();
    this.outbox.close();
    this.lifetime.abort();
    this.observer.disconnect();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.hintTimer);
    this.root.remove();
  }

  // ---- Data from the server ----

  receive({ data, setTriggerValue }) {
    this.emit = setTriggerValue;
    const another = data.image.id !== this.opened;
    if (another) this.commitDraft();
    this.data = data;
    this.arrive(another);
    this.outbox.settle(data.saved ?? {}, data.problems ?? {}, data.rejected);
    if (another) this.openPicture();
    else this.rebase();
    this.labels.acknowledge(data.saved ?? {});
    this.followFocus();
    this.root.style.height = `${data.height}px`;
    this.picture.load(data.image.url);
    this.picture.prefetch(data.prefetch ?? []);
    this.refresh();
  }

  /** The page has dealt with the wish to leave: by another picture, or by a sentence why not. */
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
    const first = this.labels.instances.get(this.focus) ?? this.labels.instances.values().next().value;
    const samePoints = first && first.skeleton.names.length === before;
    this.selection = { instance: first?.id ?? null, point: samePoints ? point : null };
    if (!(this.view.mode === "free" && keepsFrame)) this.chooseView();
  }

  /** Show the server's points and, on top, what it does not know yet. */
  rebase() {
    this.labels.receive(this.data.instances, this.data.skeletons, this.outbox.edits);
    if (!this.labels.instances.has(this.selection.instance)) {
      this.selection = { instance: this.labels.instances.keys().next().value ?? null, point: null };
    }
    this.refresh();
  }

  /** Follow the page when it asks for another instance than before. */
  followFocus() {
    const { focus } = this.data;
    if (focus === this.focus) return;
    this.focus = focus;
    if (this.labels.instances.has(focus)) chooseInstance(this, focus);
  }

  // ---- Edits ----

  mayEdit() {
    return !this.data.read_only;
  }

  /** Make changes that are one step of undo. */
  change(instance, after, label) {
    if (!this.mayEdit()) return;
    this.commitDraft();
    const before = snapshot(instance, after.map(([k]) => k));
    if (after.every((change, i) => sameChange(change, before[i], 0))) return;
    const edit = this.post(instance, after, label);
    this.history.push({ edit, instance: instance.id, before, after, label });
  }

  commitDraft() {
    clearTimeout(this.nudgeTimer);
    const draft = this.labels.takeDraft();
    const instance = draft && this.labels.instances.get(draft.instance);
    if (!instance) return;
    const edit = this.post(instance, draft.after, draft.label);
    this.history.push({ edit, instance: draft.instance, before: draft.before, after: draft.after, label: draft.label });
  }

  /** Show changes and put them into the outbox as one edit; returns its id. */
  post(instance, changes, label) {
    const said = label.slice(0, LONGEST_LABEL);
    const edit = { id: newId(), instance: instance.id, base: instance.revision ?? null, changes, label: said };
    this.labels.apply(instance.id, changes);
    this.outbox.add(edit);
    this.refresh();
    return edit.id;
  }

  /** Give up what the server refused and show what it has. */
  discard() {
    const ids = new Set(this.outbox.refused.keys());
    this.outbox.discard(ids);
    this.history.forget(ids);
    this.rebase();
  }

  /** Hand over what is still held back: a run of nudges, or edits of the last moment. */
  handOver() {
    if (this.gesture?.type !== "move") this.commitDraft();
    this.outbox.flush();
  }

  sendOut(edits) {
    if (edits.length) {
      this.sendings += 1;
      this.emit("edits", { sent: this.sendings, edits });
    }
    if (this.going) this.emit("go", { to: this.going.to, nonce: this.going.nonce });
  }

  /** Leave for another picture; the edits travel first, in the same message. */
  go(to) {
    const now = performance.now();
    if (this.going && now - this.going.at < GO_PATIENCE) return;
    this.commitDraft();
    // Asked again without an answer: the same nonce, so that the page does not go two pictures further.
    this.going = { to, nonce: this.going?.to === to ? this.going.nonce : newId(), at: now };
    this.outbox.sendNow();
  }

  // ---- Selection and view ----

  selectedInstance() {
    return this.labels.instances.get(this.selection.instance) ?? null;
  }

  select(instance, point) {
    this.selection = { instance, point };
    this.hint = "";
    const selected = this.selectedInstance();
    if (point !== null && selected?.points[point]?.v === ABSENT && this.mayEdit()) {
      this.say(`${pointName(selected, point)} is absent: click in the picture to place it.`);
    }
    this.refresh();
  }

  setHover(hover) {
    if (this.hover?.instance === hover?.instance && this.hover?.point === hover?.point) return;
    this.hover = hover;
    this.refresh();
  }

  /** Pan just far enough to bring the selected point onto the canvas. */
  revealSelection() {
    const point = this.selectedInstance()?.points[this.selection.point];
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
    if (!bounds || this.view.mode === "fit") return this.view.fit();
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
    cancelAnimationFrame(this.frame);
    this.frame = null;
    if (this.opened === null) return;
    if (this.pixelRatio !== window.devicePixelRatio) this.fitCanvas();
    drawScene(this);
    refreshPanel(this);
    this.canvas.style.cursor = this.cursor();
    const { scale, x, y, mode } = this.view;
    this.canvas.dataset.view = JSON.stringify({ scale, x, y, mode, image: this.opened, ...this.selection });
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

const editors = new WeakMap();

/** Called on every rerun that brings other data, each time with the same parentElement. */
export default function keypointEditor(component) {
  const host = component.parentElement;
  if (!editors.has(host)) {
    host.querySelector(".keypoint-editor")?.remove(); // of an older version of this script
    editors.set(host, new Editor(host, component.data));
  }
  const editor = editors.get(host);
  editor.receive(component);
  // A rerun that overtakes this call cleans it up at once while the editor stays: only leave with the element.
  return () => setTimeout(() => {
    if (host.isConnected || editors.get(host) !== editor) return;
    editors.delete(host);
    editor.close();
  });
}
