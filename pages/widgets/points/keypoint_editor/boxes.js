// Boxes: drawing one around somebody who was missed, moving the sides of one, taking one away, in the editor itself.
//
// What is done goes to the outbox as edits do, and is on screen at once; the server then tells the picture's instances
// anew, and a new box gets its points from the model that pre-labels.

import { moment, newId } from "../../shared/outbox/outbox.js";
import { clamp } from "./view.js";
import { ABSENT, rounded } from "./model.js";
import { ASKED_AGAIN } from "./frames.js";
import { isFast, isHeldWhole } from "./holding.js";
import { tellTurned } from "./telling.js";

/** @import { Editor } from "./editor.js" */
/** @import { Box, BoxDrag, BoxGesture, BoxRow, BoxStep, Instance, Step } from "./types.js" */

const GRIP = 9; // CSS pixels around a side or a corner that is held with it
const GRIP_TOUCH = 20;
const SMALLEST = 3; // pixels of the picture that a box has at least, else it was a click
const HINTS = {
  face: "Drag around a face. Drag a side or a corner of a box to move it, its frame with Alt as a whole; Del takes the "
    + "selected one away. The button pressed again: people. Esc ends.",
  person: "Drag around a whole person. Drag a side or a corner of a box to move it, its frame with Alt as a whole; Del "
    + "takes the selected one away. Esc ends.",
};

/** Begin to draw boxes of a kind, or end it. @param {Editor} editor @param {"face" | "person" | null} kind */
export function drawBoxesOf(editor, kind) {
  if (!editor.mayEdit() && kind) return;
  editor.options.boxes = editor.options.boxes === kind ? null : kind;
  editor.hint = "";
  editor.canvas.focus({ preventScroll: true });
  editor.refresh();
}

/** The button: faces, pressed again or with Shift people, then none. @param {Editor} editor @param {Event} [event] */
export function pressBoxes(editor, event) {
  const people = editor.options.boxes !== null || (event instanceof MouseEvent && event.shiftKey);
  drawBoxesOf(editor, people ? "person" : "face");
}

/** What to say while boxes are drawn. @param {Editor} editor */
export function boxHint(editor) {
  return editor.options.boxes ? HINTS[editor.options.boxes] : "";
}

// ---- Gestures -------------------------------------------------------------------------------

/**
 * What a press begins while boxes are drawn: moving what is held of a box, or a new one.
 * @param {Editor} editor @param {PointerEvent} event @param {number} x @param {number} y @returns {BoxDrag}
 */
export function boxGesture(editor, event, x, y) {
  const reach = event.pointerType === "touch" ? GRIP_TOUCH : GRIP;
  const selected = editor.selectedInstance();
  const others = [...editor.labels.instances.values()].filter((each) => each !== selected);
  for (const instance of selected ? [selected, ...others] : others) {
    const held = gripOf(editor, instance, x, y, reach);
    if (!instance.box || !held || isFast(instance) || isHeldWhole("hidden", instance)) continue;
    editor.select(instance.id, null);
    const { id, box } = instance;
    return { type: "box", instance: id, from: box, to: box, held: event.altKey ? ALL : held, pressed: [x, y] };
  }
  const [left, top] = editor.view.toPicture(x, y);
  const spot = within(editor, [left, top, left, top]);
  return { type: "box", instance: null, from: spot, to: spot, held: [false, false, true, true], pressed: [x, y] };
}

/** @type {[boolean, boolean, boolean, boolean]} */
const ALL = [true, true, true, true];

/**
 * The sides of a box (left, top, right, bottom) near a place of the canvas; null where none is.
 * @param {Editor} editor @param {Instance} instance @param {number} x @param {number} y @param {number} reach
 * @returns {BoxDrag["held"] | null}
 */
function gripOf({ view }, { box }, x, y, reach) {
  if (!box) return null;
  const [left, top] = view.toScreen(box[0], box[1]);
  const [right, bottom] = view.toScreen(box[2], box[3]);
  if (x < left - reach || x > right + reach || y < top - reach || y > bottom + reach) return null;
  /** @type {BoxDrag["held"]} */
  const held = [left, top, right, bottom].map((side, i) => Math.abs((i % 2 ? y : x) - side) <= reach);
  return held.some(Boolean) ? held : null;
}

/** @param {Editor} editor @param {BoxGesture} gesture @param {number} x @param {number} y where the pointer is */
export function dragBox(editor, gesture, x, y) {
  const scale = editor.view.scale;
  const [dx, dy] = [(x - gesture.pressed[0]) / scale, (y - gesture.pressed[1]) / scale];
  const moved = gesture.from.map((side, i) => (gesture.held[i] ? side + (i % 2 ? dy : dx) : side));
  const [ax, ay, bx, by] = moved;
  gesture.to = within(editor, [Math.min(ax, bx), Math.min(ay, by), Math.max(ax, bx), Math.max(ay, by)]);
}

/** @param {Editor} editor @param {BoxGesture} gesture */
export function dropBox(editor, gesture) {
  const [left, top, right, bottom] = gesture.to;
  const small = right - left < SMALLEST || bottom - top < SMALLEST;
  if (!gesture.travelled || small || !editor.mayEdit()) return;
  const { instance, from, to } = gesture;
  if (instance !== null) sendBox(editor, { act: "move", instance, from, to });
  else sendBox(editor, { act: "draw", kind: editor.options.boxes ?? "face", to });
}

/** @param {Editor} editor @param {number[]} box @returns {Box} */
function within({ view }, [left, top, right, bottom]) {
  const { width, height } = view.picture;
  /** @type {(value: number, size: number) => number} */
  const bounded = (value, size) => rounded(clamp(value, -0.5, size - 0.5));
  return [bounded(left, width), bounded(top, height), bounded(right, width), bounded(bottom, height)];
}

/** Take the selected face or body away; tells whether there was one. @param {Editor} editor */
export function removeBox(editor) {
  const instance = editor.selectedInstance();
  if (!editor.options.boxes || !instance || !editor.mayEdit()) return false;
  if (isFast(instance)) editor.say("Not taken away: it has locked points.");
  else sendBox(editor, { act: "remove", instance: instance.id });
  return true;
}

// ---- What is sent ---------------------------------------------------------------------------

/** @param {Editor} editor @param {BoxStep["box"]} box */
function sendBox(editor, box) {
  editor.history.push({ edit: postBox(editor, box), image: editor.frame?.id ?? 0, box });
}

/** @param {Editor} editor @param {BoxStep["box"]} box @returns {string} the id under which it is sent */
function postBox(editor, box) {
  const { store, author, window } = editor.data;
  const { act, kind, instance, from, to } = box;
  const id = `${window}.${newId()}`;
  const image = editor.frame?.id ?? 0;
  editor.outbox.add({ id, store, author, box: act, image, kind, instance, shown: from, corners: to, at: moment() });
  if (act !== "remove") editor.unpointed.push({ image, instance, corners: to });
  editor.rebase();
  return id;
}

/** @param {Editor} editor @param {BoxStep} step @param {Step[]} other */
export function turnBox(editor, step, other) {
  const back = inverse(editor, step.box);
  if (!back) return editor.say("Left out: this box is not there any more.");
  other.push({ edit: postBox(editor, back), image: step.image, box: back });
  return tellTurned(editor, step, other);
}

/** @param {Editor} editor @param {BoxStep["box"]} box @returns {BoxStep["box"] | null} */
function inverse(editor, { act, instance, from, to }) {
  if (act === "move") return { act, instance, from: to, to: from };
  if (act === "remove") return { act: "bring_back", instance };
  if (act === "bring_back") return { act: "remove", instance };
  const drawn = [...editor.labels.instances.values()].find(({ box }) => box && to && sameBox(box, to));
  return drawn ? { act: "remove", instance: drawn.id } : null;
}

/** @param {Box} one @param {Box} other */
function sameBox(one, other) {
  return one.every((side, i) => Math.abs(side - other[i]) < 0.02);
}

// ---- What is on its way ---------------------------------------------------------------------

/** What the picture on screen does not know yet, the oldest first. @param {Editor} editor @returns {BoxRow[]} */
function boxesUnderWay({ outbox, settling, opened, data }) {
  return [...settling, ...outbox.boxes(data.store)].filter(({ image }) => image === opened);
}

/** Show on the instances what they do not know yet. @param {Editor} editor */
export function applyBoxes(editor) {
  for (const { box, instance, corners } of boxesUnderWay(editor)) {
    const there = instance === undefined ? undefined : editor.labels.instances.get(instance);
    if (there && box === "move" && corners) there.box = corners;
    if (there && box === "remove") editor.labels.instances.delete(there.id);
  }
}

/**
 * Boxes of nobody yet: those that are on their way, and the one under the hand.
 * @param {Editor} editor @returns {Box[]}
 */
export function looseBoxes(editor) {
  const waiting = boxesUnderWay(editor).flatMap(({ box, corners }) => (box === "draw" && corners ? [corners] : []));
  const { gesture } = editor;
  return gesture?.type === "box" ? [...waiting, gesture.to] : waiting;
}

/**
 * Boxes were saved: ask for their pictures anew, and for points in the new ones.
 * @param {Editor} editor
 */
export function followBoxes(editor) {
  const saved = editor.outbox.boxed.splice(0).filter(({ image }) => editor.frames.points(image));
  editor.settling.push(...saved);
  for (const image of new Set(saved.map((row) => row.image))) void settleBoxes(editor, image);
}

/**
 * What is saved stays on screen until its picture, asked for after that, is here: else a box that was taken away came back
 * for a moment, and one that was brought back was gone for one.
 * @param {Editor} editor @param {number} image
 */
async function settleBoxes(editor, image) {
  const known = new Set(editor.settling.filter((row) => row.image === image));
  if (await editor.frames.refresh(image)) {
    editor.settling = editor.settling.filter((row) => !known.has(row));
    editor.takeFrame();
  } else if (!editor.frames.closed) {
    setTimeout(() => void settleBoxes(editor, image), ASKED_AGAIN);
  }
}

/** Where the picture tells of a box that waits for points, let the model look into it. @param {Editor} editor */
export function pointNewBoxes(editor) {
  const { frame, unpointed } = editor;
  const untold = boxesUnderWay(editor);
  const mine = unpointed.filter(({ image, instance, corners }) =>
    image === frame?.id && !untold.some((row) => row.instance === instance && row.corners === corners));
  for (const wanted of mine) {
    const { corners, instance } = wanted;
    const found = frame?.instances.find(({ id, box }) => corners ? box && sameBox(box, corners) : id === instance);
    if (!found) continue;
    unpointed.splice(unpointed.indexOf(wanted), 1);
    if (!corners && found.points.some(([, , v]) => v !== ABSENT)) continue; // it was brought back with them
    if (editor.labels.instances.has(found.id)) editor.selection = { instance: found.id, point: null };
    void pointOne(editor, found.id, wanted.image);
  }
}

/** @param {Editor} editor @param {number} instance @param {number} image */
async function pointOne(editor, instance, image) {
  editor.say("Looking for its points…");
  const answer = await fetch(`/api/first-points/${instance}`, { method: "POST" }).catch(() => null);
  const told = await answer?.json().catch(() => null);
  await editor.frames.refresh(image);
  if (editor.isOpen(image) && !editor.labels.instances.has(instance)) editor.say(""); // it was taken away meanwhile
  else if (told?.error) editor.say(`No points yet: ${told.error}.`);
  else editor.say(told?.model ? `Points by ${told.model}.` : "");
}
