// Clip panel: the strip's buttons, what can be done to frames of a clip, and the keys for it.

import { rangeInWords } from "./clips.js";
import { HELP, KEYS, keyName, toggleFrames } from "./commands.js";
import { changeSpeed, setSpeed, SPEEDS, toggleLoop, togglePlay } from "./playing.js";
import {
  acceptRange, excludeRange, followFlow, interpolateRange, markFirst, markLast, resetRange, swapRange, unmark, wayInWords,
} from "./ranges.js";
import { iconButton, make, pressed, setText, textButton } from "./elements.js";
import { pressRipple, releaseRipple, turnRipple } from "./ripple.js";
import { attachStrip, drawStrip, goOnScrubbing, placeInWords, STATE_LOOKS, STATE_WORDS } from "./timeline.js";
import { decideTrack, nameTrack, otherTracks, toggleTrail } from "./tracks.js";

/** @import { Editor } from "./editor.js" */
/** @import { Command } from "./types.js" */

/** @type {Record<string, Command>} */
const CLIP_KEYS = {
  "shift+ ": togglePlay,
  "shift+s": (editor) => changeSpeed(editor, 1),
  "alt+s": (editor) => changeSpeed(editor, -1),
  "shift+o": toggleLoop,
  "(": markFirst,
  ")": markLast,
  "r": pressRipple,
  "{": (editor) => editor.timeline.ripple.widen(editor.timeline.ripple.width - 1),
  "}": (editor) => editor.timeline.ripple.widen(editor.timeline.ripple.width + 1),
  "t": toggleTrail,
  "shift+t": (editor, event) => toggleFrames(editor, undefined, event),
  "shift+l": interpolateRange,
  "shift+f": (editor) => followFlow(editor, 1),
  "shift+d": (editor) => followFlow(editor, -1),
};
Object.assign(KEYS, CLIP_KEYS);
HELP.push(["Clips", [
  [["shift+ "], "play, stop"],
  [["shift+s", "alt+s"], "faster, slower"],
  [["shift+o"], "again and again: the range, else all"],
  [["("], "a range begins here (or Shift+drag on the timeline)"],
  [[")"], "a range ends here"],
  [["shift+l"], "interpolate in the range, between the frames that a hand has set"],
  [["shift+f"], "follow the points on by optical flow"],
  [["shift+d"], "follow them back"],
  [["r"], "a correction fades over the frames around; held, the wheel says how many"],
  [["{", "}"], "over fewer, more frames"],
  [["t"], "trail: where the points are in the frames around"],
  [["shift+t"], "what can be done to frames: all of this by buttons"],
]]);
const FOLLOWING = "Follow the points by optical flow";
const STILL_PLAYS = new Set(["shift+ ", "shift+s", "alt+s", "shift+o", "+", "-", "h", "l", "o", "s", "t", "w", " "]); // commands
const HELD_WITH_OTHERS = new Set(["Shift", "Alt", "Control", "Meta"]);

// ---- Building -------------------------------------------------------------------------------

/** @param {Editor} editor */
export function buildStrip(editor) {
  const canvas = make("canvas", { class: "timeline", role: "slider", tabindex: "0", "aria-label": "Timeline" });
  attachStrip(editor, canvas);
  const play = iconButton(editor, "play", "Play", togglePlay, "shift+ ");
  const more = iconButton(editor, "frames", "What can be done to frames", (_, event) => toggleFrames(editor, undefined, event), "shift+t");
  const lane = make("div", { class: "lane" }, canvas);
  return { root: make("div", { class: "strip" }, play, lane, more), canvas, play, more };
}

/** @param {Editor} editor */
export function buildClipPanel(editor) {
  const line = (/** @type {(Node | string)[]} */ ...children) => make("div", { class: "line" }, ...children);
  const parts = {
    range: make("span", { class: "range" }),
    way: make("span", { class: "way" }),
    told: make("div", { class: "told", role: "status", "aria-live": "polite" }),
    track: make("span", { class: "range" }),
    other: buildChoice(editor, "The other track", (value) => { editor.timeline.other = value ? Number(value) : null; }),
    width: buildWidth(editor),
    ripple: titled(textButton(editor, "Fade", () => turnRipple(editor)), "A correction fades over the frames around", "r"),
    trail: titled(textButton(editor, "Trail", () => toggleTrail(editor)), "Where the points are in the frames around", "t"),
    curve: textButton(editor, "Instability", () => toggleCurve(editor)),
    loop: titled(textButton(editor, "Loop", () => toggleLoop(editor)), "The range again and again, else all", "shift+o"),
    speed: buildSpeed(editor),
    whom: buildWhom(editor),
  };
  const onRange = [...markButtons(editor, parts.range, parts.whom), rangeButtons(editor)];
  const following = line(...followButtons(editor), parts.way, parts.ripple, make("label", {}, parts.width, " frames"), parts.trail);
  const tracks = line(...trackButtons(editor, parts.track, parts.other));
  const playing = line(parts.loop, make("label", {}, "Speed ", parts.speed), parts.curve);
  const attributes = { class: "clip-panel", role: "group", "aria-label": "Frames of the clip" };
  const root = make("div", attributes, ...onRange, following, playing, tracks, buildStripLegend(), parts.told);
  return { ...parts, root, ofClip: [...onRange, following, tracks] };
}

/** What the colours of the strip mean. */
function buildStripLegend() {
  const signs = Object.entries(STATE_LOOKS).map(([state, [colour]]) => {
    const sign = make("i", { class: "sign" });
    sign.style.background = colour;
    return make("span", {}, sign, STATE_WORDS[state] ?? state);
  });
  return make("div", { class: "legend" }, ...signs);
}

/** What a button does; where a key does the same, which one the person has for it. @param {HTMLElement} button @param {string} title @param {string} [key] */
function titled(button, title, key = "") {
  button.title = title;
  Object.assign(button.dataset, { title, known: key });
  return button;
}

/** @param {Editor} editor @param {HTMLElement} shown @param {HTMLElement} whom */
function markButtons(editor, shown, whom) {
  const first = titled(textButton(editor, "From here", () => markFirst(editor)), "The range begins here", "(");
  const last = titled(textButton(editor, "To here", () => markLast(editor)), "The range ends here", ")");
  const clear = textButton(editor, "Clear", () => unmark(editor));
  return [make("div", { class: "line" }, shown, first, last, clear, whom)];
}

/** @param {Editor} editor */
function rangeButtons(editor) {
  const reason = make("input", { class: "reason", placeholder: "Why leave out", "aria-label": "Why these frames are left out" });
  return make(
    "div",
    { class: "line" },
    textButton(editor, "Accept", () => void acceptRange(editor)),
    titled(textButton(editor, "As predicted", () => resetRange(editor)), "What a model has predicted last counts again"),
    textButton(editor, "Swap left and right", () => swapRange(editor)),
    titled(textButton(editor, "Interpolate", () => interpolateRange(editor)), "Points between the frames that a hand has set", "shift+l"),
    reason,
    textButton(editor, "Leave out", () => excludeRange(editor, reason.value)),
  );
}

/** @param {Editor} editor */
function followButtons(editor) {
  return [
    titled(textButton(editor, "◂ Follow", () => followFlow(editor, -1)), `${FOLLOWING} back`, "shift+d"),
    titled(textButton(editor, "Follow ▸", () => followFlow(editor, 1)), `${FOLLOWING} on`, "shift+f"),
  ];
}

/** @param {Editor} editor @param {HTMLElement} name @param {HTMLElement} other */
function trackButtons(editor, name, other) {
  const called = make("input", { class: "reason", placeholder: "Who it is", maxlength: "120", "aria-label": "Name of the track" });
  return [
    name,
    called,
    textButton(editor, "Name", () => {
      nameTrack(editor, called.value);
      called.value = "";
    }),
    textButton(editor, "Cut here", () => decideTrack(editor, "cut")),
    other,
    textButton(editor, "Join", () => decideTrack(editor, "join")),
    textButton(editor, "Swap from here on", () => decideTrack(editor, "swap_tracks")),
  ];
}

/** @param {Editor} editor @param {string} label @param {(value: string) => void} choose */
function buildChoice(editor, label, choose) {
  const select = make("select", { "aria-label": label });
  select.addEventListener("change", () => {
    choose(select.value);
    editor.canvas.focus({ preventScroll: true }); // so that keys are not lost
    editor.refresh();
  }, { signal: editor.lifetime.signal });
  return select;
}

/** @param {Editor} editor */
function buildWidth(editor) {
  const input = make("input", { type: "number", min: "1", max: "1000", "aria-label": "Frames that a correction fades over" });
  input.addEventListener("change", () => {
    editor.canvas.focus({ preventScroll: true });
    editor.timeline.ripple.widen(Number(input.value));
  }, { signal: editor.lifetime.signal });
  return input;
}

/** @param {Editor} editor */
function buildSpeed(editor) {
  const select = buildChoice(editor, "Speed", (value) => setSpeed(editor, Number(value)));
  select.append(...SPEEDS.map((speed) => make("option", { value: String(speed) }, `× ${speed}`)));
  return select;
}

/** @param {Editor} editor */
function buildWhom(editor) {
  const select = buildChoice(editor, "Of whom", (value) => { editor.timeline.everything = value === "all"; });
  select.append(make("option", { value: "one" }, "of the selected"), make("option", { value: "all" }, "of everything"));
  return select;
}

/** @param {Editor} editor */
function toggleCurve(editor) {
  editor.timeline.curve = !editor.timeline.curve;
  editor.timeline.touch();
}

// ---- Input ----------------------------------------------------------------------------------

/** What else the hand does stops the play; the wheel widens a fade while its key is held. @param {Editor} editor */
export function attachClip(editor) {
  const { root, parts, timeline, lifetime: { signal } } = editor;
  root.addEventListener("keydown", (event) => {
    const goesOn = HELD_WITH_OTHERS.has(event.key) || STILL_PLAYS.has(editor.keys.meaning(keyName(event)));
    if (!goesOn) timeline.player.stop();
  }, { signal, capture: true });
  parts.stage.addEventListener("pointerdown", () => timeline.player.stop(), { signal, capture: true });
  root.addEventListener("keyup", ({ code }) => {
    if (code === timeline.ripple.code) releaseRipple(editor);
  }, { signal });
  root.addEventListener("focusout", () => releaseRipple(editor), { signal });
  parts.stage.addEventListener("wheel", (event) => {
    if (!timeline.ripple.held) return;
    event.preventDefault();
    event.stopPropagation();
    timeline.ripple.widen(timeline.ripple.width + (event.deltaY < 0 ? 1 : -1));
  }, { signal, capture: true, passive: false });
}

// ---- Showing --------------------------------------------------------------------------------

/** @param {Editor} editor */
export function refreshTimeline(editor) {
  const { timeline, parts: { strip } } = editor;
  timeline.followSpan();
  timeline.followCourse();
  timeline.ripple.follow();
  strip.root.hidden = timeline.span.end - timeline.span.start < 2;
  if (!strip.root.hidden) drawStrip(editor, strip.canvas);
  refreshSlider(editor);
  refreshClipPanel(editor);
  goOnScrubbing(editor);
}

/** @param {Editor} editor */
function refreshSlider(editor) {
  const { timeline: { span, player, panel, course }, index, parts: { strip } } = editor;
  /** @type {Record<string, string>} */
  const now = {
    "aria-valuemin": "1",
    "aria-valuemax": String(span.end - span.start),
    "aria-valuenow": String(index - span.start + 1),
    "aria-valuetext": placeInWords(editor),
    "data-course": course ? String(course.track) : "",
  };
  for (const [name, value] of Object.entries(now)) {
    if (strip.canvas.getAttribute(name) !== value) strip.canvas.setAttribute(name, value);
  }
  pressed(strip.play, player.playing);
  pressed(strip.more, panel);
}

/** @param {Editor} editor */
function refreshClipPanel(editor) {
  const { timeline, parts: { clipPanel: parts } } = editor;
  const { range, ripple, player, deeds } = timeline;
  parts.root.hidden = !timeline.panel;
  if (parts.root.hidden) return;
  for (const each of parts.ofClip) each.hidden = !timeline.clip || editor.data.read_only;
  setText(parts.range, range ? `Range: ${rangeInWords(range)}` : "No range");
  setText(parts.told, deeds.sentence());
  setText(parts.way, wayInWords(editor));
  pressed(parts.ripple, ripple.on);
  pressed(parts.trail, timeline.trail);
  pressed(parts.curve, timeline.curve);
  pressed(parts.loop, player.loop);
  if (!parts.width.matches(":focus")) parts.width.value = String(ripple.width);
  parts.speed.value = String(player.speed);
  refreshOthers(editor);
}

/** The track of the selected face or body, and the others. @param {Editor} editor */
function refreshOthers(editor) {
  const { timeline, parts: { clipPanel: { track, other } } } = editor;
  const own = timeline.tracks.get(editor.selectedInstance()?.track ?? 0)?.title;
  setText(track, own === undefined ? "No track" : `Track: ${own}`);
  const others = otherTracks(editor);
  const key = JSON.stringify(others.map(({ id, title }) => [id, title]));
  if (other.dataset.key === key) return;
  other.dataset.key = key;
  const options = others.map(({ id, title }) => make("option", { value: String(id) }, title));
  other.replaceChildren(make("option", { value: "" }, "other track…"), ...options);
  if (!others.some(({ id }) => id === timeline.other)) timeline.other = null;
  other.value = String(timeline.other ?? "");
}
