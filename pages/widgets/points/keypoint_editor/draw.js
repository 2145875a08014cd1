// Drawing: everything on the canvas. Markers and lines have a constant size on the screen, but markers shrink
// where a whole face is so small that they would cover it.

import { boundsOf, clamp } from "./view.js";
import { ABSENT, HIDDEN } from "./model.js";
import { looseBoxes } from "./boxes.js";
import { drawPreview } from "./preview.js";
import { drawTrail } from "./tracks.js";
import { COLOURS, confidenceColour } from "./colours.js";
import { isHeld, isHeldWhole } from "./holding.js";
import { drawLoupe } from "./loupe.js";
import { ghosts } from "./resetting.js";
import { drawShapeFrame } from "./shaping.js";

/** @import { Editor } from "./editor.js" */
/** @import { View } from "./view.js" */
/** @import { Box, Instance, Place, PlacedPoint, Point, Side } from "./types.js" */

/** @type {Side[]} */
const SIDES = ["left", "right", "middle"];
const LOW_CONFIDENCE = 0.5;
const SMOOTH_UP_TO = 4; // beyond this zoom a pixel shows as a square
const MARKER = 3.6;
const ROOMY = 34; // CSS pixels for each point above which markers have their full size
const TAG = 17; // CSS pixels, the height of a name's plate
const FAR = [14, 32, 56, 84]; // CSS pixels from a point at which there may be room for its name,
const NEAR = [14]; // and where all have theirs
const FONT = "12px system-ui, sans-serif";

/** @param {Editor} editor */
export function drawScene(editor) {
  const { ctx, view, labels, options } = editor;
  const ratio = editor.pixelRatio;
  ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
  ctx.clearRect(0, 0, view.width, view.height);
  drawPicture(editor);
  const selected = editor.selectedInstance();
  for (const instance of labels.instances.values()) {
    if (instance !== selected) drawInstance(editor, instance, false);
  }
  drawTrail(editor);
  drawPreview(editor);
  if (selected) {
    if (options.ghost) drawGhosts(editor, selected);
    drawInstance(editor, selected, true);
    drawTheirs(editor, selected);
  }
  for (const box of looseBoxes(editor)) drawLooseBox(editor, box);
  const moving = isMoving(editor); // a name would hide the place aimed at
  if (options.labels !== "none" && !moving) drawNames(editor, selected);
  drawShapeFrame(editor);
  drawLoupe(editor);
}

/** Whether a hand is moving points. @param {Editor} editor */
export function isMoving({ gesture }) {
  return (gesture?.type === "move" || gesture?.type === "shape") && gesture.travelled;
}

// ---- Picture --------------------------------------------------------------------------------

/** @param {Editor} editor */
function drawPicture({ ctx, view, picture, options }) {
  const width = view.picture.width * view.scale;
  const height = view.picture.height * view.scale;
  if (picture.state !== "ready") {
    ctx.strokeStyle = "rgba(127, 127, 127, 0.5)";
    ctx.strokeRect(view.x, view.y, width, height);
    return;
  }
  ctx.imageSmoothingEnabled = view.scale <= SMOOTH_UP_TO;
  ctx.imageSmoothingQuality = "high";
  const pixels = picture.toned(options.tone);
  if (pixels) ctx.drawImage(pixels, view.x, view.y, width, height);
}

// ---- One instance ---------------------------------------------------------------------------

/** @param {Editor} editor @param {Instance} instance @param {boolean} selected */
function drawInstance(editor, instance, selected) {
  const { ctx, options } = editor;
  if (isHeldWhole("hidden", instance)) return;
  ctx.save();
  ctx.globalAlpha = selected ? 1 : 0.55;
  drawBox(editor, instance, selected);
  const size = MARKER * crowding(editor.view, instance);
  if (options.edges) drawEdges(editor, instance);
  instance.points.forEach((point, k) => {
    if (point.v === ABSENT || isHeld("hidden", instance, k)) return;
    if (selected) drawMarker(editor, instance, k, point, size);
    else drawDot(editor, point);
  });
  ctx.restore();
}

/** @param {Instance} instance */
function instanceColour(instance) {
  return instance.points.some((point) => point.human) ? COLOURS.human : COLOURS.model;
}

/** @param {Editor} editor @param {Instance} instance @param {boolean} selected */
function drawBox({ ctx, view, options }, instance, selected) {
  const bounds = instance.box ?? boundsOf(instance);
  if (!bounds) return;
  const [left, top] = view.toScreen(bounds[0], bounds[1]);
  const [right, bottom] = view.toScreen(bounds[2], bounds[3]);
  if (instance.box) drawFrame(ctx, [left, top, right, bottom], instanceColour(instance), selected);
  if (instance.box && options.boxes) drawGrips(ctx, [left, top, right, bottom]);
  if (isInSight(view, [left, top, right, bottom]) && options.labels !== "none") drawTitle(view, ctx, instance, [left, top, right, bottom]);
}

/** What an instance is called, beside its box. @param {View} view @param {CanvasRenderingContext2D} ctx @param {Instance} instance @param {Box} frame */
function drawTitle(view, ctx, instance, [left, top, right, bottom]) {
  drawTag(ctx, instanceTitle(instance), shownPlaces(view, instance), (wide) => [
    [left, top - 5], [left, bottom + TAG + 5], [right - wide, top - 5], [right + 5, top + TAG], [left - wide - 5, top + TAG],
  ]);
}

/** @param {View} view @param {Box} frame */
function isInSight(view, [left, top, right, bottom]) {
  return right > 0 && bottom > 0 && left < view.width && top < view.height;
}

/** A box of nobody yet. @param {Editor} editor @param {Box} box */
function drawLooseBox({ ctx, view }, [left, top, right, bottom]) {
  const [x0, y0] = view.toScreen(left, top);
  drawFrame(ctx, [x0, y0, ...view.toScreen(right, bottom)], COLOURS.selected, true);
}

/** While boxes are drawn, the corners and sides that can be held. @param {CanvasRenderingContext2D} ctx @param {Box} frame */
function drawGrips(ctx, [left, top, right, bottom]) {
  const [x, y] = [(left + right) / 2, (top + bottom) / 2];
  for (const gx of [left, x, right]) {
    for (const gy of [top, y, bottom]) {
      if (gx !== x || gy !== y) drawShape(ctx, square(gx, gy, 3.5), COLOURS.selected, false);
    }
  }
}

/** @param {CanvasRenderingContext2D} ctx @param {Box} frame @param {string} colour @param {boolean} selected */
function drawFrame(ctx, [left, top, right, bottom], colour, selected) {
  const path = new Path2D();
  path.rect(left, top, right - left, bottom - top);
  strokePath(ctx, path, "rgba(0, 0, 0, 0.35)", 3);
  ctx.setLineDash(selected ? [] : [5, 4]);
  strokePath(ctx, path, colour, selected ? 1.5 : 1);
  ctx.setLineDash([]);
}

/** @param {Instance} instance */
export function instanceTitle(instance) {
  return instance.label ?? instance.title ?? `${instance.kind} ${instance.number}`;
}

/**
 * Left and right differ in colour, so that a swapped pair shows at a glance.
 * @param {string} name @returns {Side}
 */
function sideOf(name) {
  if (/(^|_)left(_|$)/.test(name)) return "left";
  return /(^|_)right(_|$)/.test(name) ? "right" : "middle";
}

/** @param {Editor} editor @param {Instance} instance */
function drawEdges({ ctx, view }, instance) {
  const paths = { left: new Path2D(), right: new Path2D(), middle: new Path2D() };
  const { names, edges } = instance.skeleton;
  for (const [a, b] of edges) {
    const [from, to] = [instance.points[a], instance.points[b]];
    if (!from || !to || from.v === ABSENT || to.v === ABSENT) continue;
    if (isHeld("hidden", instance, a) || isHeld("hidden", instance, b)) continue;
    const sides = [sideOf(names[a]), sideOf(names[b])];
    const side = sides.find((each) => each !== "middle") ?? "middle";
    paths[side].moveTo(...view.toScreen(from.x, from.y));
    paths[side].lineTo(...view.toScreen(to.x, to.y));
  }
  for (const side of SIDES) {
    strokePath(ctx, paths[side], "rgba(0, 0, 0, 0.4)", 3);
    strokePath(ctx, paths[side], COLOURS[side], 1.25);
  }
}

/** @param {CanvasRenderingContext2D} ctx @param {Path2D} path @param {string} colour @param {number} width */
export function strokePath(ctx, path, colour, width) {
  ctx.strokeStyle = colour;
  ctx.lineWidth = width;
  ctx.stroke(path);
}

// ---- Points ---------------------------------------------------------------------------------

/** By who has set a point, or by how sure its model was. @param {Editor} editor @param {PlacedPoint} point */
function pointColour({ options }, { human, c }) {
  if (human) return COLOURS.human;
  return options.sureness && c !== null ? confidenceColour(c) : COLOURS.model;
}

/** @param {Editor} editor @param {PlacedPoint} point */
function drawDot(editor, point) {
  const { ctx, view } = editor;
  const [x, y] = view.toScreen(point.x, point.y);
  ctx.fillStyle = pointColour(editor, point);
  ctx.fill(circle(x, y, 2.2));
}

/**
 * 1 where the points of an instance have room on the screen, down to 0.6 where they crowd.
 * @param {View} view @param {Instance} instance
 */
function crowding(view, instance) {
  const bounds = boundsOf(instance);
  if (!bounds) return 1;
  const area = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]) * view.scale ** 2;
  return clamp(Math.sqrt(area / instance.points.length) / ROOMY, 0.6, 1);
}

/**
 * @param {Editor} editor @param {Instance} instance @param {number} k @param {PlacedPoint} point @param {number} size
 */
function drawMarker(editor, instance, k, point, size) {
  const { ctx, view, labels, selection, hover } = editor;
  const [x, y] = view.toScreen(point.x, point.y);
  const colour = pointColour(editor, point);
  if (isDoubtful(point)) drawRing(ctx, x, y, size * 2, COLOURS.low, [3, 2]);
  if (labels.hasMoved(instance, k)) drawRing(ctx, x, y, size * 1.8, COLOURS.human);
  if (hover?.instance === instance.id && hover.point === k) drawRing(ctx, x, y, size + 5, COLOURS.selected);
  const hollow = point.v === HIDDEN;
  const reach = hollow ? size + 0.6 : size;
  if (selection.point === k) drawTarget(ctx, x, y, colour, hollow);
  else drawShape(ctx, point.human ? circle(x, y, reach) : square(x, y, reach * 0.84), colour, hollow);
  if (isHeld("locked", instance, k)) drawBar(ctx, x, y, reach);
}

/** Across a locked point. @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y @param {number} reach */
function drawBar(ctx, x, y, reach) {
  const path = new Path2D(`M${x - reach - 3} ${y}h${2 * reach + 6}`);
  strokePath(ctx, path, COLOURS.selected, 4);
  strokePath(ctx, path, "#000000", 2);
}

/**
 * What the model said of points that a human has moved: an open square with a line to where the point is now.
 * @param {Editor} editor @param {Instance} instance
 */
function drawGhosts(editor, instance) {
  const { ctx, view } = editor;
  const [squares, lines] = [new Path2D(), new Path2D()];
  for (const [k, ghostX, ghostY] of ghosts(editor, instance)) {
    const [x, y] = view.toScreen(ghostX, ghostY);
    const point = instance.points[k];
    squares.addPath(square(x, y, 3.2));
    lines.moveTo(x, y);
    if (point.v !== ABSENT) lines.lineTo(...view.toScreen(point.x, point.y));
  }
  strokePath(ctx, lines, COLOURS.shade, 3);
  ctx.setLineDash([3, 3]);
  strokePath(ctx, lines, COLOURS.model, 1.25);
  ctx.setLineDash([]);
  strokePath(ctx, squares, COLOURS.shade, 3);
  strokePath(ctx, squares, COLOURS.model, 1.5);
}

/** @param {{ v: Point["v"], c: number | null, human: boolean }} point */
export function isDoubtful(point) {
  return point.c !== null && point.c < LOW_CONFIDENCE && !point.human && point.v !== ABSENT;
}

/** @param {CanvasRenderingContext2D} ctx @param {Path2D} path @param {string} colour @param {boolean} hollow */
function drawShape(ctx, path, colour, hollow) {
  strokePath(ctx, path, COLOURS.shade, hollow ? 3 : 2);
  if (hollow) {
    strokePath(ctx, path, colour, 1.5);
  } else {
    ctx.fillStyle = colour;
    ctx.fill(path);
  }
}

/**
 * The selected point: an open ring with ticks, so that the pixels below it stay in sight.
 * @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y
 * @param {string} colour @param {boolean} hollow
 */
function drawTarget(ctx, x, y, colour, hollow) {
  const ring = circle(x, y, 8);
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    ring.moveTo(x + dx * 8, y + dy * 8);
    ring.lineTo(x + dx * 14, y + dy * 14);
  }
  strokePath(ctx, ring, COLOURS.shade, 4);
  strokePath(ctx, ring, COLOURS.selected, 1.75);
  drawShape(ctx, circle(x, y, hollow ? 3 : 1.75), colour, hollow);
}

/**
 * @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y @param {number} radius
 * @param {string} colour @param {number[]} [dash]
 */
function drawRing(ctx, x, y, radius, colour, dash = []) {
  const path = circle(x, y, radius);
  ctx.setLineDash(dash);
  strokePath(ctx, path, COLOURS.shade, 3);
  strokePath(ctx, path, colour, 1.75);
  ctx.setLineDash([]);
}

/** @param {number} x @param {number} y @param {number} radius */
export function circle(x, y, radius) {
  const path = new Path2D();
  path.arc(x, y, radius, 0, 2 * Math.PI);
  return path;
}

/** @param {number} x @param {number} y @param {number} half */
function square(x, y, half) {
  const path = new Path2D();
  path.rect(x - half, y - half, 2 * half, 2 * half);
  return path;
}

/**
 * Where the server has the points of a refused edit: a cross with a line to the local place.
 * @param {Editor} editor @param {Instance} instance
 */
function drawTheirs({ ctx, view, outbox, frame }, instance) {
  const server = frame?.instances.find(({ id }) => id === instance.id);
  const refused = outbox.refused.flatMap((edit) => (edit.instance === instance.id ? (edit.changes ?? []) : []));
  for (const [k] of server ? refused : []) {
    const [theirX, theirY] = server?.points[k] ?? [null, null];
    const mine = instance.points[k];
    if (theirX === null || theirY === null || mine.v === ABSENT) continue;
    const [x, y] = view.toScreen(theirX, theirY);
    const path = new Path2D(`M${x - 5} ${y - 5}l10 10m0 -10l-10 10`);
    path.moveTo(x, y);
    path.lineTo(...view.toScreen(mine.x, mine.y));
    strokePath(ctx, path, COLOURS.shade, 3.5);
    strokePath(ctx, path, COLOURS.low, 1.5);
  }
}

// ---- Text -----------------------------------------------------------------------------------

/** @param {Editor} editor @param {Instance | null} selected */
function drawNames(editor, selected) {
  const { ctx, view, labels, hover, selection, options } = editor;
  if (selected && options.labels === "all") {
    selected.points.forEach((_, k) => drawPointName(ctx, view, selected, k, NEAR));
  }
  if (selected && selection.point !== null) drawPointName(ctx, view, selected, selection.point);
  const hovered = hover && labels.instances.get(hover.instance);
  if (hovered) drawPointName(ctx, view, hovered, hover.point);
}

/** @param {CanvasRenderingContext2D} ctx @param {View} view @param {Instance} instance @param {number} k @param {number[]} [distances] */
function drawPointName(ctx, view, instance, k, distances = FAR) {
  const point = instance.points[k];
  if (!point || point.v === ABSENT || isHeld("hidden", instance, k)) return;
  const [x, y] = view.toScreen(point.x, point.y);
  const text = `${instance.skeleton.names[k]} · ${k + 1}`;
  drawTag(ctx, text, shownPlaces(view, instance), (wide) => distances.flatMap((away) => [
    [x + away, y - 9], [x - away - wide, y - 9], [x + away, y + TAG + 9], [x - away - wide, y + TAG + 9],
    [x - wide / 2, y - away - 4], [x - wide / 2, y + away + TAG + 4],
  ]));
}

/** Where the points of an instance are on the canvas. @param {View} view @param {Instance} instance */
function shownPlaces(view, instance) {
  return instance.points.flatMap(({ x, y, v }) => (v === ABSENT ? [] : [view.toScreen(x, y)]));
}

/**
 * Text on a dark plate at the first of some places (of its lower left corner, by its width) where it covers no point, else
 * where it covers the fewest; it is kept inside the canvas.
 * @param {CanvasRenderingContext2D} ctx @param {string} text @param {Place[]} points @param {(wide: number) => number[][]} places
 */
function drawTag(ctx, text, points, places) {
  ctx.font = FONT;
  const width = ctx.measureText(text).width + 10;
  const [left, top] = freestPlace(ctx, width, points, places(width));
  ctx.fillStyle = "rgba(12, 14, 20, 0.78)";
  ctx.beginPath();
  ctx.roundRect(left, top, width, TAG, 4);
  ctx.fill();
  ctx.fillStyle = "#ffffff";
  ctx.textBaseline = "middle";
  ctx.fillText(text, left + 5, top + 9);
}

/** The upper left corner of a plate. @param {CanvasRenderingContext2D} ctx @param {number} width @param {Place[]} points @param {number[][]} places @returns {Place} */
function freestPlace(ctx, width, points, places) {
  const ratio = ctx.getTransform().a;
  const [right, bottom] = [Math.max(ctx.canvas.width / ratio - width - 2, 2), ctx.canvas.height / ratio - TAG - 2];
  /** @type {Place} */
  let best = [2, 2];
  let fewest = Infinity;
  for (const [x, y] of places) {
    const [left, top] = [clamp(x, 2, right), clamp(y - TAG, 2, bottom)];
    const covered = points.filter(([px, py]) => px > left - 4 && px < left + width + 4 && py > top - 4 && py < top + TAG + 4).length;
    if (covered < fewest) [best, fewest] = [[left, top], covered];
    if (!covered) break;
  }
  return best;
}
