// Timeline: the strip under the picture. Above, cuts and the marked range; then the states of the pictures (what a human
// has set is high, what a model has predicted lower); a line for the selected track; and its instability as a curve.

import { fetchClip, fetchCourse, fetchTracks, nth } from "./clips.js";
import { Deeds } from "./deeds.js";
import { goTo } from "./going.js";
import { context2d } from "./picture.js";
import { Player } from "./playing.js";
import { mark } from "./ranges.js";
import { Ripple } from "./ripple.js";
import { recallRange } from "./seeing.js";
import { nameTracks } from "./tracks.js";

/** @import { Clip } from "./clips.js" */
/** @import { Editor } from "./editor.js" */
/** @import { Order } from "./frames.js" */
/** @import { ClipTrack, Course, Range, Span } from "./types.js" */

const ASK_CLIP_AGAIN = 2000; // ms
const COURSE_AFTER = 200; // ms that a track is selected before its course is asked for,
const COURSE_AGAIN = 1500; // and that nothing more is saved before it is asked for anew
const SCRUB_PATIENCE = 250; // ms after which a scrub no longer waits for the frame before
const UNTIMED_RATE = 10; // pictures a second where they come in no time
const WIDE_ENOUGH = 3; // CSS pixels of a frame above which frames are told apart
const LANES = { marks: 4, states: 16, track: 3, curve: 21 }; // CSS pixels
export const STRIP_HEIGHT = LANES.marks + LANES.states + LANES.track + LANES.curve + 2;
/** @type {Record<string, [colour: string, share: number, urgency: number]>} the share is of the lane's height */
export const STATE_LOOKS = {
  failed: ["#d55e00", 1, 7],
  found: ["#e69f00", 0.55, 6],
  in_progress: ["#56b4e9", 1, 5],
  new: ["#9aa0a6", 0.25, 4],
  empty: ["#c8ccd0", 0.12, 3],
  imported: ["#cc79a7", 1, 2],
  accepted: ["#009e73", 1, 1],
};
const KIND_COLOURS = ["", "#e69f00", "#56b4e9", "#009e73"]; // nothing, predicted, a human's, accepted
/** @type {Record<string, string>} */
export const STATE_WORDS = { found: "to review", new: "not looked at", empty: "nothing found", in_progress: "in progress" };
/** @type {Span} */
const NO_SPAN = {
  start: 0, end: 0, order: null, clip: null, video: 0,
  places: new Int32Array(), numbers: new Int32Array(), times: new Float64Array(),
};

/** What the editor knows of the clip on screen, and what is done to it. */
export class Timeline {
  /** @type {Clip | null} */
  clip = null;
  video = 0; // the clip that was asked for last; 0 for none
  /** @type {Map<number, ClipTrack>} */
  tracks = new Map();
  /** @type {Set<number> | null} */
  missed = null; // tracks that were made since these were told, as by a box that was drawn; null until they were told
  /** @type {Course | null} */
  course = null;
  courseKey = "";
  /** @type {number | undefined} */
  courseTimer = undefined;
  /** @type {Range | null} */
  range = null; // numbers of frames
  /** @type {number | null} */
  other = null; // the track to join or swap with
  everything = false; // what is done to a range is done to everything in it, not to the selected face or body
  curve = true;
  trail = false;
  kept = ""; // how pictures were looked at when that was kept last
  panel = false;
  /** @type {HTMLElement | null} */
  panelFrom = null; // what gets the focus when it is closed
  span = NO_SPAN;
  /** @type {number | null} */
  scrub = null; // the place that the hand has asked for on the strip
  /** @type {{ from: number | null } | null} */
  grip = null; // a press on the strip; `from` is where a range begins
  stale = true; // the strip has to be drawn anew
  wide = 0; // CSS pixels of the strip
  drawn = document.createElement("canvas"); // all of it but the playhead

  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.player = new Player(editor);
    this.deeds = new Deeds(editor);
    this.ripple = new Ripple(editor);
  }

  touch() {
    this.stale = true;
    this.editor.refresh();
  }

  // ---- What is known ----

  /** Know the clip of the picture on screen. */
  follow() {
    const { editor } = this;
    const video = editor.frame?.clip?.video ?? 0;
    if (video !== this.video) {
      Object.assign(this, { video, clip: null, range: recallRange(editor, video), course: null, courseKey: "", other: null });
      this.tracks.clear();
      this.missed = null;
      this.stale = true;
      if (video) void this.ask(video);
    } else if (this.missesTracks()) void this.askTracks(video).catch(() => this.missed?.clear());
    nameTracks(editor);
  }

  /** Whether the picture on screen has tracks that nobody has asked for yet. */
  missesTracks() {
    const { tracks, missed } = this;
    if (!missed) return false;
    const shown = [...this.editor.labels.instances.values()].flatMap(({ track }) => track ?? []);
    const unknown = shown.filter((track) => !tracks.has(track) && !missed.has(track));
    for (const track of unknown) missed.add(track);
    return unknown.length > 0;
  }

  /** @param {number} video */
  async ask(video) {
    try {
      const clip = await fetchClip(video);
      if (video !== this.video) return;
      this.clip = clip;
      this.touch();
      await this.askTracks(video);
    } catch {
      setTimeout(() => {
        if (video === this.video && !this.editor.frames.closed) void this.ask(video);
      }, ASK_CLIP_AGAIN);
    }
  }

  /** @param {number} video */
  async askTracks(video) {
    const tracks = await fetchTracks(video);
    if (video !== this.video) return;
    this.tracks = new Map(tracks.map((track) => [track.id, track]));
    this.missed ??= new Set();
    this.editor.takeFrame();
  }

  /** Something was done to the clip: know it anew. */
  reload() {
    this.courseKey = "";
    this.ripple.asked = "";
    if (this.video) void this.ask(this.video);
    this.touch();
  }

  /** Have the course of the selected track, once the hand rests on it. */
  followCourse() {
    const { editor } = this;
    const track = (this.video && editor.selectedInstance()?.track) || 0;
    const key = track ? `${track} ${editor.savings}` : "";
    if (key === this.courseKey) return;
    this.courseKey = key;
    clearTimeout(this.courseTimer);
    const same = this.course?.track === track;
    const wait = same ? COURSE_AGAIN : COURSE_AFTER;
    if (!same) this.course = null;
    this.stale = true;
    if (track) this.courseTimer = setTimeout(() => void this.askCourse(track, key), wait);
  }

  /** @param {number} track @param {string} key */
  async askCourse(track, key) {
    const course = await fetchCourse(this.video, track).catch(() => null);
    if (key !== this.courseKey) return;
    this.course = course;
    this.touch();
  }

  // ---- What the strip covers ----

  /** The pictures of the strip: those of the clip on screen that lie together in the order, else all. */
  followSpan() {
    const { order, index } = this.editor;
    const { span, clip } = this;
    if (!order) return;
    const inside = index < 0 || (index >= span.start && index < span.end);
    const same = span.order === order && span.clip === clip && span.end > 0;
    if (same && inside && (index < 0 || span.video === order.videos[index])) return;
    this.span = spanAround(order, Math.max(index, 0), clip);
    this.stale = true;
  }

  /** Places of the first and the last picture of the range, if there are some. @returns {[number, number] | null} */
  placesOfRange() {
    const { range, span } = this;
    if (!range) return null;
    const first = span.numbers.findIndex((number) => number >= range.first);
    let last = first;
    while (last + 1 < span.numbers.length && span.numbers[last + 1] <= range.last) last += 1;
    return first < 0 ? null : [span.start + first, span.start + last];
  }
}

/** @param {Order} order @param {number} index @param {Clip | null} clip @returns {Span} */
function spanAround(order, index, clip) {
  let [start, end] = order.count ? order.clipAround(index) : [0, 0];
  if (end - start < 2) [start, end] = [0, order.count]; // an order that jumps between clips
  const images = order.images.subarray(start, end);
  const places = Int32Array.from(images, (image) => clip?.places.get(image) ?? -1);
  const timed = clip !== null && places.every((place, i) => place >= 0 && (i === 0 || place > places[i - 1]));
  const numbers = places.map((place) => clip?.numbers[place] ?? -1);
  const times = Float64Array.from(places, (place, i) => (timed ? clip.seconds[place] : i / UNTIMED_RATE));
  return { start, end, order, clip, video: order.videos[index], places, numbers, times };
}

// ---- Drawing --------------------------------------------------------------------------------

/**
 * For each of so many columns the most urgent of the states that fall into it.
 * @param {Uint8Array} states @param {number} start @param {number} end @param {number} columns @param {number[]} urgency
 */
export function columnStates(states, start, end, columns, urgency) {
  const found = new Uint8Array(columns);
  const best = new Int8Array(columns).fill(-1);
  const scale = columns / (end - start);
  for (let place = start; place < end; place += 1) {
    const column = Math.floor((place - start) * scale);
    const rank = urgency[states[place]];
    if (rank > best[column]) [best[column], found[column]] = [rank, states[place]];
  }
  return found;
}

/** Draw the strip, anew where something has changed, with the playhead. @param {Editor} editor @param {HTMLCanvasElement} canvas */
export function drawStrip(editor, canvas) {
  const { timeline } = editor;
  const ratio = window.devicePixelRatio || 1;
  const [width, height] = [Math.round(timeline.wide * ratio), Math.round(STRIP_HEIGHT * ratio)];
  if (!width || !timeline.span.end) return;
  if (canvas.width !== width || canvas.height !== height) {
    Object.assign(canvas, { width, height });
    timeline.stale = true;
  }
  if (timeline.stale) drawLanes(editor, width, height, ratio);
  const ctx = context2d(canvas);
  ctx.setTransform(1, 0, 0, 1, 0, 0);
  ctx.clearRect(0, 0, width, height);
  ctx.drawImage(timeline.drawn, 0, 0);
  drawPlayhead(editor, canvas, ratio);
}

/** @param {Editor} editor @param {number} width @param {number} height @param {number} ratio */
function drawLanes(editor, width, height, ratio) {
  const { timeline, order, root } = editor;
  if (!order) return;
  timeline.stale = false;
  Object.assign(timeline.drawn, { width, height });
  const ctx = context2d(timeline.drawn);
  ctx.scale(ratio, ratio);
  const wide = width / ratio;
  const text = getComputedStyle(root).color;
  drawRange(editor, ctx, wide);
  drawStates(editor, order, ctx, wide);
  drawLeftOut(editor, ctx, wide);
  drawCuts(editor, order, ctx, wide, text);
  drawKinds(editor, ctx, wide);
  if (timeline.curve) drawCurve(editor, ctx, wide, text);
  drawBell(editor, ctx, wide);
}

/** @param {Editor} editor @param {CanvasRenderingContext2D} ctx @param {number} wide */
function drawRange(editor, ctx, wide) {
  const places = editor.timeline.placesOfRange();
  if (!places) return;
  const [left, right] = [xOf(editor, places[0], wide), xOf(editor, places[1] + 1, wide)];
  ctx.fillStyle = "rgba(0, 114, 178, 0.22)";
  ctx.fillRect(left, 0, Math.max(right - left, 2), STRIP_HEIGHT);
  ctx.fillStyle = "#0072b2";
  ctx.fillRect(left, 0, Math.max(right - left, 2), LANES.marks - 1);
}

/** Where a place begins. @param {Editor} editor @param {number} place @param {number} wide */
function xOf({ timeline: { span } }, place, wide) {
  return ((place - span.start) / (span.end - span.start)) * wide;
}

/** @param {Editor} editor @param {Order} order @param {CanvasRenderingContext2D} ctx @param {number} wide */
function drawStates({ timeline: { span }, data }, order, ctx, wide) {
  const looks = data.states.map((state) => STATE_LOOKS[state] ?? STATE_LOOKS.new);
  const columns = Math.max(Math.min(span.end - span.start, Math.floor(wide)), 1);
  const states = columnStates(order.states, span.start, span.end, columns, looks.map(([, , urgency]) => urgency));
  const step = wide / columns;
  const gap = step >= WIDE_ENOUGH ? 1 : 0;
  states.forEach((state, column) => {
    const [colour, share] = looks[state];
    const high = LANES.states * share;
    ctx.fillStyle = colour;
    ctx.fillRect(column * step, LANES.marks + LANES.states - high, step - gap, high);
  });
}

/** A line through what is left out. @param {Editor} editor @param {CanvasRenderingContext2D} ctx @param {number} wide */
function drawLeftOut(editor, ctx, wide) {
  const { span, clip } = editor.timeline;
  if (!clip?.leftOut.includes(1)) return;
  const step = Math.max(wide / (span.end - span.start), 1);
  ctx.fillStyle = "rgba(20, 20, 20, 0.85)";
  span.places.forEach((place, i) => {
    if (clip.leftOut[place]) ctx.fillRect(xOf(editor, span.start + i, wide), LANES.marks + 0.7 * LANES.states, step, 2);
  });
}

/** @param {Editor} editor @param {Order} order @param {CanvasRenderingContext2D} ctx @param {number} wide @param {string} text */
function drawCuts(editor, order, ctx, wide, text) {
  const { start, end } = editor.timeline.span;
  ctx.fillStyle = text;
  for (let place = start + 1; place < end; place += 1) {
    const other = order.videos[place] !== order.videos[place - 1];
    if (!other && order.scenes[place] === order.scenes[place - 1]) continue;
    ctx.fillRect(xOf(editor, place, wide) - 0.75, 0, 1.5, LANES.marks + LANES.states + LANES.track);
  }
}

/** Whose points the selected track has. @param {Editor} editor @param {CanvasRenderingContext2D} ctx @param {number} wide */
function drawKinds(editor, ctx, wide) {
  const { course, span } = editor.timeline;
  if (!course) return;
  const step = Math.max(wide / (span.end - span.start), 1);
  span.places.forEach((place, i) => {
    const kind = course.kinds[place];
    if (!kind) return;
    ctx.fillStyle = KIND_COLOURS[kind];
    ctx.fillRect(xOf(editor, span.start + i, wide), LANES.marks + LANES.states + 1, step, LANES.track - 1);
  });
}

/** The instability of the selected track, in each column the largest. @param {Editor} editor @param {CanvasRenderingContext2D} ctx @param {number} wide @param {string} text */
function drawCurve(editor, ctx, wide, text) {
  const { course, span } = editor.timeline;
  if (!course?.top) return;
  const columns = Math.max(Math.min(Math.floor(wide), span.end - span.start), 1);
  const highest = new Float32Array(columns).fill(-1);
  const scale = columns / (span.end - span.start);
  span.places.forEach((place, i) => {
    const value = course.deviations[place];
    const column = Math.floor(i * scale);
    if (value > highest[column]) highest[column] = value;
  });
  ctx.beginPath();
  let broken = true;
  highest.forEach((value, column) => {
    const x = ((column + 0.5) / columns) * wide;
    const y = STRIP_HEIGHT - 1 - Math.min(value / course.top, 1) * (LANES.curve - 2);
    if (value >= 0) ctx[broken ? "moveTo" : "lineTo"](x, y);
    broken = value < 0;
  });
  ctx.strokeStyle = text;
  ctx.lineWidth = 1;
  ctx.globalAlpha = 0.8;
  ctx.stroke();
  ctx.globalAlpha = 1;
}

/** How a correction would fade over the frames around. @param {Editor} editor @param {CanvasRenderingContext2D} ctx @param {number} wide */
function drawBell(editor, ctx, wide) {
  const { ripple, span } = editor.timeline;
  const shares = new Map(ripple.fade);
  if (!ripple.on || !editor.frame?.clip) return;
  shares.set(editor.frame.clip.frame, 1);
  const step = Math.max(wide / (span.end - span.start), 1);
  ctx.fillStyle = "rgba(204, 121, 167, 0.6)";
  span.numbers.forEach((number, i) => {
    const high = (shares.get(number) ?? 0) * (LANES.curve - 2);
    if (high) ctx.fillRect(xOf(editor, span.start + i, wide), STRIP_HEIGHT - 1 - high, step, high);
  });
}

/** @param {Editor} editor @param {HTMLCanvasElement} canvas @param {number} ratio */
function drawPlayhead(editor, canvas, ratio) {
  const place = editor.timeline.scrub ?? editor.index;
  if (place < 0) return;
  const ctx = context2d(canvas);
  ctx.scale(ratio, ratio);
  const wide = canvas.width / ratio;
  const x = (xOf(editor, place, wide) + xOf(editor, place + 1, wide)) / 2;
  ctx.fillStyle = "#ffffff";
  ctx.fillRect(x - 2, 0, 4, STRIP_HEIGHT);
  ctx.fillStyle = "#d6003c";
  ctx.fillRect(x - 1, 0, 2, STRIP_HEIGHT);
  ctx.fillRect(x - 4, 0, 8, LANES.marks);
}

// ---- The hand on the strip ------------------------------------------------------------------

/** @param {Editor} editor @param {HTMLCanvasElement} canvas */
export function attachStrip(editor, canvas) {
  const { signal } = editor.lifetime;
  const observer = new ResizeObserver(() => {
    editor.timeline.wide = canvas.clientWidth;
    editor.timeline.touch();
  });
  observer.observe(canvas);
  signal.addEventListener("abort", () => observer.disconnect());
  canvas.addEventListener("pointerdown", (event) => {
    if (event.button) return;
    event.preventDefault();
    canvas.focus({ preventScroll: true });
    canvas.setPointerCapture(event.pointerId);
    editor.timeline.player.stop();
    editor.timeline.grip = { from: event.shiftKey ? placeAt(editor, canvas, event) : null };
    gripMoved(editor, canvas, event);
  }, { signal });
  canvas.addEventListener("pointermove", (event) => gripMoved(editor, canvas, event), { signal });
  canvas.addEventListener("pointerup", () => {
    letGoOfStrip(editor);
    editor.canvas.focus({ preventScroll: true }); // who scrubs by hand nudges next
  }, { signal });
  canvas.addEventListener("pointercancel", () => letGoOfStrip(editor), { signal });
  canvas.addEventListener("keydown", (event) => stepOnStrip(editor, event), { signal });
}

/** @param {Editor} editor @param {HTMLCanvasElement} canvas @param {MouseEvent} event */
function placeAt({ timeline: { span } }, canvas, event) {
  const frame = canvas.getBoundingClientRect();
  const share = (event.clientX - frame.left) / frame.width;
  return Math.min(Math.max(span.start + Math.floor(share * (span.end - span.start)), span.start), span.end - 1);
}

/** @param {Editor} editor @param {HTMLCanvasElement} canvas @param {MouseEvent} event */
function gripMoved(editor, canvas, event) {
  const { timeline } = editor;
  const { grip, span } = timeline;
  if (!grip) return undefined;
  const place = placeAt(editor, canvas, event);
  if (grip.from === null) return scrubTo(editor, place);
  const numbers = [span.numbers[grip.from - span.start], span.numbers[place - span.start]];
  if (numbers[0] < 0 || numbers[1] < 0) return editor.say("Only frames of a clip can be marked.");
  return mark(editor, Math.min(...numbers), Math.max(...numbers));
}

/** @param {Editor} editor */
function letGoOfStrip(editor) {
  const { timeline } = editor;
  timeline.grip = null;
  if (timeline.scrub !== null) goTo(editor, timeline.scrub);
  timeline.scrub = null;
  editor.refresh();
}

/** To a place, once the frame before it is on screen: so frames are seen as they come. @param {Editor} editor @param {number} place */
function scrubTo(editor, place) {
  editor.timeline.scrub = place;
  if (editor.maySee() || performance.now() - editor.wantedAt > SCRUB_PATIENCE) goTo(editor, place);
  editor.refresh();
}

/** A frame is on screen: the hand may be elsewhere by now. @param {Editor} editor */
export function goOnScrubbing(editor) {
  const { scrub } = editor.timeline;
  if (scrub !== null && scrub !== editor.index && editor.maySee()) setTimeout(() => scrubTo(editor, editor.timeline.scrub ?? scrub));
}

/** @type {Record<string, number>} */
const STRIP_STEPS = {
  ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1, PageUp: -10, PageDown: 10, Home: -Infinity, End: Infinity,
};

/** As sliders do. @param {Editor} editor @param {KeyboardEvent} event */
function stepOnStrip(editor, event) {
  const step = STRIP_STEPS[event.key];
  if (!step || event.ctrlKey || event.altKey || event.metaKey) return;
  event.preventDefault();
  event.stopPropagation();
  const { start, end } = editor.timeline.span;
  editor.timeline.player.stop();
  if (event.repeat && !editor.maySee()) return;
  goTo(editor, Math.min(Math.max(Math.max(editor.index, start) + step, start), end - 1));
}

/** What a screen reader says of the place. @param {Editor} editor */
export function placeInWords({ timeline: { span }, index, order, data }) {
  const state = data.states[order?.states[index] ?? 0] ?? "";
  const words = STATE_WORDS[state] ?? state;
  const place = index - span.start;
  const number = nth(span.numbers[place] ?? -1);
  const frame = number && number !== place + 1 ? ` (frame ${number})` : ""; // where the strip leaves some out
  return `${place + 1} of ${span.end - span.start}${frame}, ${words}, ${(span.times[place] ?? 0).toFixed(2)} seconds`;
}
