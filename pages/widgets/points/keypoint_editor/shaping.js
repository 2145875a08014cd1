// Shaping: turning and scaling a region or all of a face or body, by a frame around it, by a modifier, or by keys.

import { ABSENT, noteOf, regionOf, snapshot, allIndices } from "./model.js";
import { COLOURS } from "./colours.js";
import { circle, instanceTitle, strokePath } from "./draw.js";
import { commitLater, runningDraft } from "./commands.js";
import { unlocked } from "./holding.js";
import { centroid, extent, transformed } from "./shapes.js";

/** @import { Editor } from "./editor.js" */
/** @import { Change, Corners, Hit, Instance, Press, Shape, ShapeKind } from "./types.js" */

const FRAME_ROOM = 14; // CSS pixels between the outermost points and the frame
const TURN_ARM = 26; // CSS pixels from the frame to the handle that turns
const HANDLE_REACH = 12;
const FINGER_REACH = 22;
const SMALLEST_FACTOR = 0.02;
const LARGEST_FACTOR = 50;

// ---- What is shaped -------------------------------------------------------------------------

/** Show the frame around the region of the selected point, then around all of it, then none. @param {Editor} editor */
export function cycleShape(editor) {
  const instance = editor.selectedInstance();
  const { point } = editor.selection;
  if (!instance) return undefined;
  const region = point === null ? null : regionOf(instance.skeleton, point);
  const { shape } = editor.options;
  editor.options.shape = shape === "off" && region ? "region" : shape === "whole" ? "off" : "whole";
  const target = shapeTarget(editor);
  if (editor.options.shape === "off" || !target) return editor.say("The frame is put away.");
  return editor.say(`Frame around ${target.name}: drag a corner to scale, the round handle to turn.`);
}

/** @param {Editor} editor @param {boolean} [ofRegion] */
function shapeTarget(editor, ofRegion = editor.options.shape === "region") {
  const instance = editor.selectedInstance();
  const { point } = editor.selection;
  const region = ofRegion && instance && point !== null ? regionOf(instance.skeleton, point) : null;
  if (!instance) return null;
  const changes = movable(instance, region?.indices ?? allIndices(instance));
  return { instance, changes, name: region?.name ?? instanceTitle(instance) };
}

/** What of these can be turned: placed and not locked. @param {Instance} instance @param {number[]} indices */
function movable(instance, indices) {
  const placed = indices.filter((k) => instance.points[k] && instance.points[k].v !== ABSENT);
  return unlocked(instance, snapshot(instance, placed));
}

// ---- The frame ------------------------------------------------------------------------------

/** The corners of the frame in the picture, from the top left clockwise; null where none is shown. @param {Editor} editor @returns {Corners | null} */
function frameCorners(editor) {
  const { view, gesture, options } = editor;
  if (gesture?.type === "shape" && gesture.corners) return turnedCorners(gesture);
  const target = options.shape === "off" || options.boxes ? null : shapeTarget(editor);
  const box = target && extent(target.changes);
  if (!box || !editor.mayEdit()) return null;
  const [left, top] = view.toScreen(box[0], box[1]);
  const [right, bottom] = view.toScreen(box[2], box[3]);
  const [x0, y0, x1, y1] = [left - FRAME_ROOM, top - FRAME_ROOM, right + FRAME_ROOM, bottom + FRAME_ROOM];
  return [view.toPicture(x0, y0), view.toPicture(x1, y0), view.toPicture(x1, y1), view.toPicture(x0, y1)];
}

/** @param {Shape} gesture @returns {Corners | null} */
function turnedCorners({ corners, centre, angle, factor }) {
  if (!corners) return null;
  const changes = corners.map(([x, y], k) => /** @type {Change} */ ([k, x, y, 2]));
  const [a, b, c, d] = transformed(changes, centre, angle, factor).map(([, x, y]) => /** @type {[number, number]} */ ([x, y]));
  return [a, b, c, d];
}

/** Where the handle that turns is on the screen: above the frame, below it where there is no room. @param {Editor} editor @param {Corners} corners @returns {[number, number]} */
function turnHandle({ view, gesture }, corners) {
  const [a, b, c, d] = corners.map(([x, y]) => view.toScreen(x, y));
  const up = unitFrom(d, a);
  const top = middle(a, b);
  const place = /** @type {[number, number]} */ ([top[0] + up[0] * TURN_ARM, top[1] + up[1] * TURN_ARM]);
  if (gesture?.type === "shape" || place[1] > 8) return place;
  const foot = middle(c, d);
  return [foot[0] - up[0] * TURN_ARM, foot[1] - up[1] * TURN_ARM];
}

/** @param {[number, number]} a @param {[number, number]} b @returns {[number, number]} */
function middle(a, b) {
  return [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2];
}

/** @param {[number, number]} from @param {[number, number]} to @returns {[number, number]} */
function unitFrom(from, to) {
  const [dx, dy] = [to[0] - from[0], to[1] - from[1]];
  const length = Math.hypot(dx, dy) || 1;
  return [dx / length, dy / length];
}

/** @param {Editor} editor */
export function drawShapeFrame(editor) {
  const corners = frameCorners(editor);
  if (!corners) return;
  const { ctx, view } = editor;
  const places = corners.map(([x, y]) => view.toScreen(x, y));
  const handle = turnHandle(editor, corners);
  const path = new Path2D(`M${places.map((place) => place.join(" ")).join("L")}Z`);
  const from = nearest(handle, middle(places[0], places[1]), middle(places[2], places[3]));
  path.moveTo(...from);
  path.lineTo(...handle);
  const knobs = circle(...handle, 7);
  for (const [x, y] of places) knobs.rect(x - 5, y - 5, 10, 10);
  strokePath(ctx, path, COLOURS.shade, 3.5);
  strokePath(ctx, path, COLOURS.selected, 1.25);
  strokePath(ctx, knobs, COLOURS.shade, 4);
  ctx.fillStyle = COLOURS.selected;
  ctx.fill(knobs);
}

/** @param {[number, number]} to @param {[number, number]} a @param {[number, number]} b */
function nearest(to, a, b) {
  return Math.hypot(to[0] - a[0], to[1] - a[1]) <= Math.hypot(to[0] - b[0], to[1] - b[1]) ? a : b;
}

// ---- Gestures -------------------------------------------------------------------------------

/**
 * What a press begins on a handle of the frame, or with Ctrl (turn; with Shift: scale); null for something else.
 * @param {Editor} editor @param {PointerEvent} event @param {Hit | null} hit @param {number} x @param {number} y
 * @returns {Shape | null}
 */
export function chooseShape(editor, event, hit, x, y) {
  if (!editor.mayEdit()) return null;
  const reach = event.pointerType === "touch" ? FINGER_REACH : HANDLE_REACH;
  const held = heldHandle(editor, x, y, reach);
  if (held) return held;
  if (!event.ctrlKey && !event.metaKey) return null;
  if (hit) editor.select(hit.instance, hit.point);
  const target = shapeTarget(editor, hit !== null && !event.altKey);
  return target && shapeOf(target, event.shiftKey ? "scale" : "turn", centroid(target.changes), null);
}

/** @param {Editor} editor @param {number} x @param {number} y @param {number} reach */
function heldHandle(editor, x, y, reach) {
  const corners = frameCorners(editor);
  const target = corners && shapeTarget(editor);
  if (!target) return null;
  const [hx, hy] = turnHandle(editor, corners);
  if (Math.hypot(hx - x, hy - y) <= reach) return shapeOf(target, "turn", centroid(target.changes), corners);
  const found = corners.findIndex(([cx, cy]) => {
    const [sx, sy] = editor.view.toScreen(cx, cy);
    return Math.hypot(sx - x, sy - y) <= reach;
  });
  return found < 0 ? null : shapeOf(target, "scale", corners[(found + 2) % 4], corners);
}

/**
 * @param {{ instance: Instance, changes: Change[], name: string }} target @param {ShapeKind} kind
 * @param {[number, number] | null} centre @param {Corners | null} corners @returns {Shape | null}
 */
function shapeOf({ instance, changes, name }, kind, centre, corners) {
  if (!centre) return null;
  const indices = changes.map(([k]) => k);
  const note = noteOf(`edits.${kind}`, name);
  return { type: "shape", kind, instance: instance.id, indices, note, centre, corners, angle: 0, factor: 1 };
}

/** The pointer of a gesture that turns or scales is at (x, y). @param {Editor} editor @param {Press & Shape} gesture @param {number} x @param {number} y */
export function dragShape(editor, gesture, x, y) {
  const { labels, view } = editor;
  const instance = labels.instances.get(gesture.instance);
  if (!instance) return;
  if (!gesture.travelled) labels.startDraft(instance, gesture.indices, gesture.note, "drag");
  const [cx, cy] = view.toScreen(...gesture.centre);
  const [from, to] = [[gesture.from[0] - cx, gesture.from[1] - cy], [x - cx, y - cy]];
  if (gesture.kind === "turn") {
    gesture.angle = Math.atan2(to[1], to[0]) - Math.atan2(from[1], from[0]);
  } else {
    const along = (to[0] * from[0] + to[1] * from[1]) / Math.max(from[0] ** 2 + from[1] ** 2, 1);
    gesture.factor = Math.min(Math.max(along, SMALLEST_FACTOR), LARGEST_FACTOR);
  }
  const { draft } = labels;
  if (draft) labels.moveDraft(draft, transformed(draft.before, gesture.centre, gesture.angle, gesture.factor));
}

// ---- Keys -----------------------------------------------------------------------------------

/** Turn or scale what the frame is around, or all of it, a little; a run of these is one edit. @param {Editor} editor @param {number} degrees @param {number} factor */
export function shapeByKey(editor, degrees, factor) {
  const target = shapeTarget(editor);
  if (!editor.mayEdit() || !target?.changes.length) return;
  const indices = target.changes.map(([k]) => k);
  const draft = runningDraft(editor, target.instance, indices, noteOf(degrees ? "edits.turn" : "edits.scale", target.name));
  const centre = centroid(draft.before);
  if (centre) editor.labels.moveDraft(draft, transformed(draft.after, centre, (degrees * Math.PI) / 180, factor));
  commitLater(editor);
}
