// Placing: points set click by click, guided in one of three ways.

import { ABSENT, VISIBLE, noteOf, rounded } from "./model.js";
import { inside } from "./view.js";
import { isHeld, isInReach } from "./holding.js";
import { goBy } from "./going.js";
import { predictionOf } from "./resetting.js";

/** @import { Editor } from "./editor.js" */
/** @import { Guide, Instance } from "./types.js" */

/** @type {Record<Guide, [next: Guide, sentence: string]>} */
const GUIDES = {
  off: ["next", ""],
  next: ["same", "the next point follows each click"],
  same: ["frames", "each click moves this point"],
  frames: ["off", "each click opens the next picture with this point"],
};

/** Go on to the next way of placing points, after the last to none. @param {Editor} editor */
export function cycleGuide(editor) {
  const instance = editor.selectedInstance();
  editor.commitDraft();
  editor.options.guide = GUIDES[editor.options.guide][0];
  if (editor.options.guide !== "off" && instance && editor.selection.point === null) {
    const absent = instance.points.findIndex(({ v }, k) => v === ABSENT && isInReach(instance, k));
    editor.select(instance.id, Math.max(absent, 0));
  }
  editor.say(editor.options.guide === "off" ? "Points are dragged again." : "");
}

/** @param {Editor} editor */
export function endGuide(editor) {
  editor.options.guide = "off";
  editor.say("Points are dragged again.");
}

/** What a click does now, in words; "" where nothing is guided. @param {Editor} editor */
export function guideSentence(editor) {
  const { options, data } = editor;
  if (options.guide === "off" || data.read_only) return "";
  const selected = editor.selectedPoint();
  const name = selected ? `${selected.instance.skeleton.names[selected.k]} (${selected.k + 1} of ${selected.instance.points.length})` : "choose a point";
  return `Placing ${name}: ${GUIDES[options.guide][1]}.`;
}

/** Whether a click places the selected point. @param {Editor} editor */
export function isPlacing(editor) {
  const selected = editor.selectedPoint();
  if (!editor.mayEdit() || !selected || isHeld("locked", selected.instance, selected.k)) return false;
  return selected.point.v === ABSENT || isGuided(editor);
}

/** Whether a click places the selected point wherever it is made. @param {Editor} editor */
export function isGuided(editor) {
  return editor.options.guide !== "off" && editor.selection.point !== null && editor.mayEdit();
}

/** Place the selected point, and go on as the guide says. @param {Editor} editor @param {number} x @param {number} y */
export function placePoint(editor, x, y) {
  const selected = editor.selectedPoint();
  const { width, height } = editor.view.picture;
  if (!editor.mayEdit() || !selected || !inside([-0.5, -0.5, width - 0.5, height - 0.5], x, y)) return;
  const { instance, k } = selected;
  editor.change(instance, [[k, rounded(x), rounded(y), VISIBLE]], noteOf("edits.place", instance.skeleton.names[k]));
  followPlaced(editor, instance, k);
}

/** @param {Editor} editor @param {Instance} instance @param {number} k */
function followPlaced(editor, instance, k) {
  const { guide } = editor.options;
  if (guide === "frames") goBy(editor, 1);
  if (guide === "off" && instance.points[k + 1]?.v === ABSENT) editor.select(instance.id, k + 1);
  if (guide !== "next") return;
  const next = instance.points.findIndex((_, each) => each > k && isInReach(instance, each));
  if (next >= 0) editor.select(instance.id, next);
  else editor.say("That was the last point.");
}

/** Place the selected point without a pointer: where a model has it, where it was, or in the middle of what is seen. @param {Editor} editor */
export function placeHere(editor) {
  const selected = isPlacing(editor) ? editor.selectedPoint() : null;
  if (!selected) return;
  const { instance, k } = selected;
  const [x, y] = predictionOf(editor, instance)?.[k] ?? [null, null];
  const { view } = editor;
  if (x !== null && y !== null) placePoint(editor, x, y);
  else placePoint(editor, ...(editor.labels.remembered(instance.id, k) ?? view.toPicture(view.width / 2, view.height / 2)));
}
