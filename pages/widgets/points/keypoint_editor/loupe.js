// Loupe: a part of the picture enlarged beside the pointer, where the hand does not cover it.

import { clamp } from "./view.js";
import { ABSENT } from "./model.js";
import { COLOURS } from "./colours.js";
import { circle, strokePath } from "./draw.js";
import { isHeld } from "./holding.js";

/** @import { Editor } from "./editor.js" */
/** @import { Place } from "./types.js" */

const LENS = 64; // CSS pixels, the radius
const LENS_AWAY = 30; // CSS pixels from its rim to the pointer
const LENS_AWAY_TOUCH = 58;
const ENLARGED = 3; // times what is on screen
const CLOSE_ENOUGH = 8; // CSS pixels for each of the picture from which a drag needs no loupe

/** @param {Editor} editor */
export function toggleLoupe(editor) {
  editor.options.loupe = !editor.options.loupe;
  editor.say(editor.options.loupe ? "Loupe: it follows the pointer." : "Loupe only while a point is dragged.");
}

/** What the loupe is over, in the picture; null while there is none. @param {Editor} editor @returns {Place | null} */
function lookedAt(editor) {
  const { gesture, options, pointerAt, view } = editor;
  const dragged = draggedPlace(editor);
  if (dragged) return options.loupe || view.scale < CLOSE_ENOUGH ? dragged : null;
  return options.loupe && pointerAt && gesture === null ? view.toPicture(...pointerAt) : null;
}

/** Where the point is that a hand drags; null where it drags none, or many. @param {Editor} editor @returns {Place | null} */
function draggedPlace({ gesture, labels }) {
  if (gesture?.type !== "move" || !gesture.travelled || gesture.indices.length !== 1) return null;
  const point = labels.instances.get(gesture.instance)?.points[gesture.indices[0]];
  return point && point.v !== ABSENT ? [point.x, point.y] : null;
}

/** @param {Editor} editor */
export function drawLoupe(editor) {
  const place = lookedAt(editor);
  const pixels = editor.picture.toned(editor.options.tone);
  if (!place || !pixels) return;
  const { ctx, view } = editor;
  const [x, y] = lensPlace(editor, ...view.toScreen(...place));
  const scale = clamp(view.scale * ENLARGED, 6, 96);
  const rim = circle(x, y, LENS);
  ctx.save();
  ctx.clip(rim);
  ctx.fillStyle = "#000000";
  ctx.fill(rim);
  drawEnlarged(editor, pixels, place, [x, y], scale);
  drawDots(editor, place, [x, y], scale);
  ctx.restore();
  const cross = new Path2D(`M${x - 12} ${y}h8m8 0h8M${x} ${y - 12}v8m0 8v8`);
  strokePath(ctx, cross, COLOURS.shade, 3);
  strokePath(ctx, cross, COLOURS.selected, 1.25);
  strokePath(ctx, rim, COLOURS.shade, 5);
  strokePath(ctx, rim, COLOURS.selected, 2);
}

/** Above and to the left of a place, or where there is room. @param {Editor} editor @param {number} x @param {number} y */
function lensPlace({ view, touched }, x, y) {
  const away = LENS + (touched ? LENS_AWAY_TOUCH : LENS_AWAY);
  const across = x - away - LENS > 0 ? x - away : x + away;
  const down = y - away - LENS > 0 ? y - away : y + away;
  const [widest, lowest] = [Math.max(view.width - LENS - 4, LENS), Math.max(view.height - LENS - 4, LENS)];
  return [clamp(across, LENS + 4, widest), clamp(down, LENS + 4, lowest)];
}

/**
 * @param {Editor} editor @param {ImageBitmap | HTMLCanvasElement} pixels @param {Place} place
 * @param {Place} lens @param {number} scale
 */
function drawEnlarged({ ctx, view }, pixels, place, lens, scale) {
  const half = LENS / scale;
  const [across, down] = [pixels.width / view.picture.width, pixels.height / view.picture.height];
  const [left, top] = [(place[0] + 0.5 - half) * across, (place[1] + 0.5 - half) * down];
  ctx.imageSmoothingEnabled = scale < 12;
  ctx.drawImage(pixels, left, top, 2 * half * across, 2 * half * down, lens[0] - LENS, lens[1] - LENS, 2 * LENS, 2 * LENS);
}

/** @param {Editor} editor @param {Place} place @param {Place} lens @param {number} scale */
function drawDots(editor, place, lens, scale) {
  const { ctx, selection } = editor;
  const instance = editor.selectedInstance();
  if (!instance) return;
  const dots = new Path2D();
  instance.points.forEach((point, k) => {
    if (point.v === ABSENT || k === selection.point || isHeld("hidden", instance, k)) return;
    dots.addPath(circle(lens[0] + (point.x - place[0]) * scale, lens[1] + (point.y - place[1]) * scale, 2.5));
  });
  strokePath(ctx, dots, COLOURS.shade, 3);
  strokePath(ctx, dots, COLOURS.model, 1.5);
}
