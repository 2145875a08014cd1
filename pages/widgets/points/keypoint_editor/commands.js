// Commands: what a key or a button does. Each takes the editor; edits go through `editor.change`.

import { boundsOf, clamp } from "./view.js";
import { ABSENT, changeOf, HIDDEN, mirrorChanges, noteOf, regionOf, rounded, sameChange, VISIBLE } from "./model.js";
import { isHeld, isInReach, toggleHeld } from "./holding.js";
import { copyPose } from "./copying.js";
import { cycleGuide, endGuide, placeHere } from "./placing.js";
import { resetPoints } from "./resetting.js";
import { cycleShape, shapeByKey } from "./shaping.js";
import { toggleLoupe } from "./loupe.js";
import { cancelGesture } from "./input.js";
import { goBy, goTo, goToDoubtful, goToImage, goToUnreviewed } from "./going.js";
import { accept, sendVerdict, takeBack } from "./judging.js";
import { drawBoxesOf, removeBox, turnBox } from "./boxes.js";
import { turnDeed } from "./deeds.js";
import { tellTurned } from "./telling.js";

/** @import { Editor } from "./editor.js" */
/** @import { Command, Instance, Labelling, Note, PointStep, SelectedPoint, Step, VerdictStep, Visibility } from "./types.js" */

const NUDGE_PAUSE = 400; // ms without a nudge after which a run of nudges becomes one edit
export const STATES = ["absent", "occluded", "visible"];
const MADE = ["edits.make_absent", "edits.make_hidden", "edits.make_visible"];
/** @type {Record<Visibility, Visibility>} */
const AFTER = { [VISIBLE]: HIDDEN, [HIDDEN]: ABSENT, [ABSENT]: VISIBLE };

// ---- Points ---------------------------------------------------------------------------------

/** @param {Instance} instance @param {number} k */
export function pointName(instance, k) {
  return instance.skeleton.names[k] ?? `point_${k + 1}`;
}

/** @param {Editor} editor @param {number} dx @param {number} dy */
function nudge(editor, dx, dy) {
  const selected = editor.selectedPoint();
  if (!editor.mayEdit() || !selected || selected.point.v === ABSENT) return;
  const { instance, k, point } = selected;
  if (!isInReach(instance, k)) {
    editor.say(`${pointName(instance, k)} is ${isHeld("locked", instance, k) ? "locked" : "out of sight"}.`);
    return;
  }
  const draft = runningDraft(editor, instance, [k], noteOf("edits.nudge", pointName(instance, k)));
  const [x, y] = withinPicture(editor, point, point.x + dx, point.y + dy);
  editor.labels.moveDraft(draft, [[k, x, y, point.v]]);
  commitLater(editor);
}

/**
 * The draft of a run of keys that do the same to the same points, or a new one.
 * @param {Editor} editor @param {Instance} instance @param {number[]} indices @param {Note} note
 */
export function runningDraft(editor, instance, indices, note) {
  const { draft } = editor.labels;
  const goesOn = draft?.kind === "nudge" && draft.instance === instance.id && draft.note.code === note.code;
  if (goesOn && draft.before.map(([k]) => k).join() === indices.join()) return draft;
  editor.commitDraft();
  return editor.labels.startDraft(instance, indices, note, "nudge");
}

/** Make an edit of the draft once no key has come for a while. @param {Editor} editor */
export function commitLater(editor) {
  clearTimeout(editor.nudgeTimer);
  editor.nudgeTimer = setTimeout(() => editor.commitDraft(), NUDGE_PAUSE);
  editor.refresh();
}

/**
 * A point moved alone stays on the picture, unless it was beyond the edge already.
 * @param {Editor} editor @param {{ x: number, y: number }} from @param {number} x @param {number} y
 * @returns {[x: number, y: number]}
 */
export function withinPicture({ view }, from, x, y) {
  const { width, height } = view.picture;
  return [
    rounded(clamp(x, Math.min(-0.5, from.x), Math.max(width - 0.5, from.x))),
    rounded(clamp(y, Math.min(-0.5, from.y), Math.max(height - 0.5, from.y))),
  ];
}

/** @param {Editor} editor @param {number | null} [k] */
export function cycleVisibility(editor, k = editor.selection.point) {
  const selected = editor.selectedPoint(k);
  if (selected) setVisibility(editor, selected, AFTER[selected.point.v]);
}

/** @param {Editor} editor @param {SelectedPoint} selected @param {Visibility} v */
function setVisibility(editor, { instance, k, point }, v) {
  const note = noteOf(MADE[v], pointName(instance, k));
  if (v === ABSENT) return editor.change(instance, [[k, null, null, v]], note);
  if (isHeld("locked", instance, k)) return editor.say(`${pointName(instance, k)} is locked.`);
  const place = point.v === ABSENT ? editor.labels.remembered(instance.id, k) : [point.x, point.y];
  if (place) return editor.change(instance, [[k, place[0], place[1], v]], note);
  editor.select(instance.id, k);
  return editor.say(`Click in the picture to place ${pointName(instance, k)}.`);
}

/** @param {Editor} editor */
function removePoint(editor) {
  if (removeBox(editor)) return;
  const selected = editor.selectedPoint();
  if (selected) setVisibility(editor, selected, ABSENT);
}

/** @param {Editor} editor @param {number} step */
export function stepPoint(editor, step) {
  const instance = editor.selectedInstance();
  if (!instance?.points.length) return;
  const count = instance.points.length;
  const from = editor.selection.point ?? (step > 0 ? -1 : count);
  editor.select(instance.id, (from + step + count) % count);
  editor.revealSelection();
}

/** @param {Editor} editor @param {number} step */
function stepInstance(editor, step) {
  const ids = [...editor.labels.instances.keys()];
  if (!ids.length) return;
  const at = ids.findIndex((id) => id === editor.selection.instance);
  chooseInstance(editor, ids[(at + step + ids.length) % ids.length]);
}

/** @param {Editor} editor @param {number} id */
export function chooseInstance(editor, id) {
  editor.select(id, null);
  const instance = editor.selectedInstance();
  const bounds = instance && boundsOf(instance);
  if (editor.view.mode === "instance" && bounds) editor.view.fitInstance(bounds);
  editor.refresh();
}

// ---- Left and right -------------------------------------------------------------------------

/** @param {Editor} editor */
function mirrorInstance(editor) {
  const instance = editor.selectedInstance();
  if (instance) editor.change(instance, mirrorChanges(instance), { code: "edits.mirror", fields: {} });
}

/** @param {Editor} editor */
function mirrorRegion(editor) {
  const selected = editor.selectedPoint();
  const region = selected && regionOf(selected.instance.skeleton, selected.k);
  if (!region) return editor.say("Select a point first: Shift+M swaps left and right of its region.");
  const { instance } = selected;
  return editor.change(instance, mirrorChanges(instance, region.indices), noteOf("edits.mirror_region", region.name));
}

// ---- Undo and redo --------------------------------------------------------------------------

/** @param {Editor} editor */
export function undo(editor) {
  turn(editor, undo, "Undo", editor.history.done, editor.history.undone);
}

/** @param {Editor} editor */
export function redo(editor) {
  turn(editor, redo, "Redo", editor.history.undone, editor.history.done);
}

/**
 * Turn the last step of a list back, on the picture where it was made: it is opened first.
 * @param {Editor} editor @param {Command} again @param {string} verb @param {Step[]} from @param {Step[]} to
 */
function turn(editor, again, verb, from, to) {
  editor.commitDraft();
  const step = from.at(-1);
  if (editor.queue.length) return editor.queue.push(again);
  if (editor.data.read_only) return undefined;
  if (!step) return editor.say(`${verb}: there is nothing left.`);
  if (!editor.isOpen(step.image)) {
    editor.queue.push(again);
    return goToImage(editor, step.image);
  }
  const locked = lockedPoint(editor, step);
  if (locked) return editor.say(`${verb} needs ${locked}, which is locked.`);
  from.pop();
  turnStep(editor, step, verb, to);
  return editor.history.keep();
}

/** @param {Editor} editor @param {Step} step @param {string} verb @param {Step[]} other */
function turnStep(editor, step, verb, other) {
  if (editor.outbox.isRefused(step.edit)) {
    editor.outbox.discard([{ id: step.edit }]); // it was never saved
    tellTurned(editor, step, other);
  } else if ("deed" in step) turnDeed(editor, step, other);
  else if ("verdict" in step) turnVerdict(editor, step, other);
  else if ("box" in step) turnBox(editor, step, other);
  else turnBack(editor, step, verb, other);
}

/** The name of a locked point that a step moves, or "". @param {Editor} editor @param {Step} step */
function lockedPoint({ labels }, step) {
  const instance = "after" in step ? labels.instances.get(step.instance) : undefined;
  const found = instance && "after" in step ? step.after.find(([k]) => isHeld("locked", instance, k)) : undefined;
  return instance && found ? pointName(instance, found[0]) : "";
}

/** @param {Editor} editor @param {VerdictStep} step @param {Step[]} other */
function turnVerdict(editor, step, other) {
  const verdict = step.verdict === "accept" ? "take_back" : "accept";
  other.push({ edit: sendVerdict(editor, verdict), image: step.image, verdict });
  tellTurned(editor, step, other);
}

/**
 * Send the inverse of a step for the points that nobody else has moved since.
 * @param {Editor} editor @param {PointStep} step @param {string} verb @param {Step[]} other
 */
function turnBack(editor, step, verb, other) {
  const instance = editor.labels.instances.get(step.instance);
  const kept = instance ? step.after.map((change) => sameChange(change, changeOf(instance, change[0]))) : [];
  const after = step.before.filter((_, i) => kept[i]);
  const before = step.after.filter((_, i) => kept[i]);
  if (!instance || !after.length) {
    return editor.say(`${verb} left out: somebody else has changed it since.`);
  }
  const edit = editor.post(instance, after, { code: `edits.${verb.toLowerCase()}`, fields: { edit: step.note } });
  other.push({ edit, image: step.image, instance: step.instance, before, after, note: step.note });
  editor.select(step.instance, after.length === 1 ? after[0][0] : editor.selection.point);
  return tellTurned(editor, step, other, step.after.length - after.length);
}

// ---- View -----------------------------------------------------------------------------------

/** @param {Editor} editor */
export function fitPicture(editor) {
  editor.view.fit();
  editor.refresh();
}

/** @param {Editor} editor */
export function fitInstance(editor) {
  const instance = editor.selectedInstance();
  const bounds = instance && boundsOf(instance);
  if (bounds) editor.view.fitInstance(bounds);
  editor.refresh();
}

/** @param {Editor} editor @param {number} factor */
function zoomBy(editor, factor) {
  editor.view.zoomAt(editor.view.width / 2, editor.view.height / 2, factor);
  editor.refresh();
}

/** @param {Editor} editor */
function toggleEdges(editor) {
  editor.options.edges = !editor.options.edges;
  editor.refresh();
}

/** @param {Editor} editor */
export function toggleSureness(editor) {
  editor.options.sureness = !editor.options.sureness;
  if (!editor.options.sureness) return editor.say("Colours: who set a point.");
  const sure = [...editor.labels.instances.values()].some(({ points }) => points.some(({ c }) => c !== null));
  return editor.say(sure ? "Colours: how sure the model was." : "No model has said how sure it is of these points.");
}

/** @param {Editor} editor */
export function toggleGhost(editor) {
  editor.options.ghost = !editor.options.ghost;
  editor.say(editor.options.ghost ? "What the model said is shown." : "What the model said is not shown.");
}

/** @type {Record<Labelling, [Labelling, string]>} */
const AFTER_LABELS = {
  some: ["all", "Names: every point."],
  all: ["none", "No names."],
  none: ["some", "Names: boxes and the selected point."],
};

/** @param {Editor} editor */
function cycleLabels(editor) {
  const [kind, sentence] = AFTER_LABELS[editor.options.labels];
  editor.options.labels = kind;
  editor.say(sentence);
}

/** @param {Editor} editor @param {boolean} [open] */
export function toggleHelp(editor, open = !editor.options.help) {
  editor.options.help = open;
  if (!open) editor.canvas.focus({ preventScroll: true });
  editor.refresh();
}

/** @param {Editor} editor */
export function toggleList(editor) {
  editor.options.list = !editor.listShown();
  editor.refresh();
}

/** @param {Editor} editor @param {boolean} [open] */
export function toggleAdjust(editor, open = !editor.options.adjust) {
  editor.options.adjust = open;
  editor.refresh();
}

/** All the tools, where there is little room for them. @param {Editor} editor */
export function toggleTools(editor) {
  editor.options.tools = !editor.options.tools;
  editor.refresh();
}

/**
 * What can be done to frames of a clip. Who opens it by a key is in it then, and Escape leads back to where that was.
 * @param {Editor} editor @param {boolean} [open] @param {Event} [event]
 */
export function toggleFrames(editor, open = !editor.timeline.panel, event = undefined) {
  const { timeline, canvas, parts: { strip, clipPanel } } = editor;
  const onButton = event instanceof MouseEvent && event.detail === 0; // a click that a key has made
  timeline.panel = open;
  editor.draw(); // what is hidden cannot get the focus
  let place = timeline.panelFrom ?? canvas;
  if (open) {
    timeline.panelFrom = onButton ? strip.more : canvas;
    place = onButton || event instanceof KeyboardEvent ? (firstShown(clipPanel.root) ?? canvas) : canvas;
  }
  place.focus({ preventScroll: true });
}

/** @param {HTMLElement} panel */
function firstShown(panel) {
  return [...panel.querySelectorAll("button")].find((button) => button.offsetParent);
}

/** Let the editor take the whole window, or its place on the page again. @param {Editor} editor @param {boolean} [whole] */
export function toggleWhole(editor, whole = !editor.options.whole) {
  editor.options.whole = whole;
  editor.root.classList.toggle("whole", whole);
  editor.fillWindow();
  editor.canvas.focus({ preventScroll: true });
  editor.refresh();
}

/** @param {Editor} editor */
function putFrameAway(editor) {
  editor.options.shape = "off";
  editor.refresh();
}

/** @param {Editor} editor */
function leave(editor) {
  if (editor.options.help) return toggleHelp(editor, false);
  if (editor.options.adjust) return toggleAdjust(editor, false);
  if (editor.timeline.panel) return toggleFrames(editor, false);
  if (cancelGesture(editor)) return undefined;
  if (editor.options.boxes) return drawBoxesOf(editor, null);
  if (editor.options.guide !== "off") return endGuide(editor);
  if (editor.options.shape !== "off") return putFrameAway(editor);
  if (editor.options.whole && editor.selection.point === null) return toggleWhole(editor, false);
  editor.commitDraft();
  editor.tabLeaves = editor.selection.point === null; // what was open is put away first
  return editor.select(editor.selection.instance, null);
}

// ---- Keys -----------------------------------------------------------------------------------

const TEN = 10; // pictures of a long step
const ARROWS = { arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1] };
const STEPS = { "": 1, "shift+": 5, "alt+": 0.25, "ctrl+": 10, "shift+alt+": 10 };

/** @type {Record<string, Command>} */
export const KEYS = {
  "tab": (editor) => stepPoint(editor, 1),
  "shift+tab": (editor) => stepPoint(editor, -1),
  "]": (editor) => stepPoint(editor, 1),
  "[": (editor) => stepPoint(editor, -1),
  "i": (editor) => stepInstance(editor, 1),
  "shift+i": (editor) => stepInstance(editor, -1),
  "v": (editor) => cycleVisibility(editor),
  "delete": removePoint,
  "backspace": removePoint,
  "m": mirrorInstance,
  "shift+m": mirrorRegion,
  "x": (editor) => resetPoints(editor, "point"),
  "shift+x": (editor) => resetPoints(editor, "region"),
  "alt+x": (editor) => resetPoints(editor, "whole"),
  "c": (editor) => copyPose(editor, false),
  "shift+c": (editor) => copyPose(editor, true),
  "k": (editor) => toggleHeld(editor, "locked", "point"),
  "shift+k": (editor) => toggleHeld(editor, "locked", "region"),
  "alt+k": (editor) => toggleHeld(editor, "locked", "whole"),
  "j": (editor) => toggleHeld(editor, "hidden", "point"),
  "shift+j": (editor) => toggleHeld(editor, "hidden", "region"),
  "alt+j": (editor) => toggleHeld(editor, "hidden", "whole"),
  "q": cycleGuide,
  "enter": placeHere,
  "e": cycleShape,
  ",": (editor) => shapeByKey(editor, -1, 1),
  ".": (editor) => shapeByKey(editor, 1, 1),
  "<": (editor) => shapeByKey(editor, 0, 1 / 1.01),
  ">": (editor) => shapeByKey(editor, 0, 1.01),
  "s": toggleSureness,
  "o": toggleGhost,
  "y": toggleLoupe,
  "ctrl+z": undo,
  "ctrl+shift+z": redo,
  "ctrl+y": redo,
  "f": fitPicture,
  "z": fitInstance,
  "+": (editor) => zoomBy(editor, 1.25),
  "-": (editor) => zoomBy(editor, 0.8),
  "h": toggleEdges,
  "l": cycleLabels,
  "n": (editor, event) => goBy(editor, 1, event),
  "pagedown": (editor, event) => goBy(editor, 1, event),
  "p": (editor, event) => goBy(editor, -1, event),
  "pageup": (editor, event) => goBy(editor, -1, event),
  "shift+n": (editor, event) => goBy(editor, TEN, event),
  "shift+pagedown": (editor, event) => goBy(editor, TEN, event),
  "shift+p": (editor, event) => goBy(editor, -TEN, event),
  "shift+pageup": (editor, event) => goBy(editor, -TEN, event),
  "home": (editor) => goTo(editor, 0),
  "end": (editor) => goTo(editor, (editor.order?.count ?? 0) - 1),
  "g": (editor) => editor.parts.number.select(),
  "u": (editor) => goToUnreviewed(editor),
  "d": (editor) => goToDoubtful(editor),
  "a": (editor, event) => accept(editor, event),
  "shift+a": (editor) => takeBack(editor),
  "b": (editor) => drawBoxesOf(editor, "face"),
  "shift+b": (editor) => drawBoxesOf(editor, "person"),
  "w": (editor) => toggleWhole(editor),
  "?": (editor) => toggleHelp(editor),
  "escape": leave,
};
for (const [arrow, [dx, dy]] of Object.entries(ARROWS)) {
  for (const [modifier, step] of Object.entries(STEPS)) {
    KEYS[modifier + arrow] = (editor) => nudge(editor, dx * step, dy * step);
  }
}

/**
 * Keys are commands of KEYS, each of which can get another key, or in words what a hand does.
 * @type {[title: string, rows: [keys: string | string[], what: string][]][]}
 */
export const HELP = [
  ["Points", [
    ["Drag a point", "move it"],
    ["Arrow keys", "nudge by 1 pixel (Shift 5, Alt 0.25, Ctrl or Shift+Alt 10)"],
    [["tab", "]"], "next point"],
    [["shift+tab", "["], "previous point"],
    [["v"], "visible, occluded, absent"],
    [["delete", "backspace"], "make absent"],
    ["Click", "places the selected point if it is absent, then the next absent one"],
    [["enter"], "place the selected point where it is likely"],
    [["q"], "placing by clicks: the next point follows, one point moves, or the same point through the pictures"],
    [["x"], "the point as the model had it"],
    [["k"], "lock the point, or free it"],
    [["j"], "put the point out of sight, or show it"],
  ]],
  ["Many points", [
    ["Shift+drag a point", "move its region"],
    ["Alt+drag", "move the whole face or body"],
    [["m"], "swap left and right"],
    [["shift+m"], "swap left and right of the region of the point"],
    [["shift+x"], "the region as the model had it"],
    [["alt+x"], "all points as the model had them"],
    [["c"], "copy the points of the picture before"],
    [["shift+c"], "copy the region of the point from the picture before"],
    [["e"], "frame to turn and scale: the region, all, none"],
    ["Ctrl+drag a point", "turn its region; beside a point: all (Shift: scale)"],
    [[",", "."], "turn by a degree, left or right"],
    [["<", ">"], "scale by a hundredth, down or up"],
    [["shift+k"], "lock the region, or free it"],
    [["alt+k"], "lock the face or body, or free it"],
    [["shift+j"], "put the region out of sight, or show it"],
    [["alt+j"], "put the face or body out of sight, or show it"],
    [["ctrl+z"], "undo"],
    [["ctrl+shift+z", "ctrl+y"], "redo"],
  ]],
  ["Boxes", [
    [["b"], "draw boxes of faces; move and resize those that are there"],
    [["shift+b"], "the same of people"],
    ["Del", "while boxes are drawn: take the selected face or person away"],
  ]],
  ["View", [
    ["Wheel", "zoom"],
    [["+"], "zoom in"],
    [["-"], "zoom out"],
    ["Drag, or Space or middle button", "pan"],
    ["Double-click", "fit the picture"],
    [["f"], "fit the picture"],
    [["z"], "zoom to the selected face or body"],
    [["s"], "colours: how sure the model was, or who set a point"],
    [["o"], "where the model had the points that a human moved"],
    [["y"], "loupe"],
    [["h"], "lines"],
    [["l"], "names"],
    [["i"], "next face or body"],
    [["shift+i"], "previous face or body"],
  ]],
  ["Pictures", [
    [["a"], "all points are right: accept and go on"],
    [["shift+a"], "take that back"],
    [["n", "pagedown"], "next; held, it plays"],
    [["p", "pageup"], "previous"],
    [["shift+n", "shift+pagedown"], "ten on"],
    [["shift+p", "shift+pageup"], "ten back"],
    [["home"], "first"],
    [["end"], "last"],
    [["g"], "the picture with a number"],
    [["u"], "next that is to be reviewed"],
    [["d"], "next with an unsure point"],
    [["w"], "the whole window, and back"],
    [["escape"], "let go of the point; Tab then leaves the picture"],
    [["?"], "this list"],
  ]],
];

/**
 * The name of a key press in KEYS: a sign goes by its character, since layouts differ in how it is typed.
 * @param {KeyboardEvent} event
 */
export function keyName(event) {
  const key = plainKey(event);
  const control = event.ctrlKey || event.metaKey;
  if (/^[^a-z0-9 ]$/.test(key)) return control && !event.altKey ? `ctrl+${key}` : key;
  return `${control ? "ctrl+" : ""}${event.shiftKey ? "shift+" : ""}${event.altKey ? "alt+" : ""}${key}`;
}

/** What a key is without Alt, which makes other signs of letters on some keyboards. @param {KeyboardEvent} event */
function plainKey({ altKey, code, key }) {
  const letter = altKey ? /^Key([A-Z])$/.exec(code) : null;
  return (letter ? letter[1] : key).toLowerCase();
}
