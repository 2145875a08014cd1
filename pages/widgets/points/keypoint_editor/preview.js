// Preview: what a correction that fades would move in the frames around, while the hand has not let go of it yet.

import { COLOURS } from "./colours.js";
import { circle, strokePath } from "./draw.js";
import { ABSENT } from "./model.js";
import { shapeOfTrack } from "./tracks.js";

/** @import { Editor } from "./editor.js" */
/** @import { Place } from "./types.js" */
/** @import { Shape } from "./tracks.js" */

const NEAREST = 2; // frames whose points are shown with their ways
const MOST_SHOWN = 16;

/** How far a hand moves each point of the selected face or body. @param {Editor} editor @returns {[k: number, dx: number, dy: number][]} */
function movesUnderWay({ labels: { draft }, selection, timeline: { ripple } }) {
  if (!ripple.on || !draft || draft.instance !== selection.instance) return [];
  return draft.after.flatMap(([k, x, y, v], i) => {
    const [, fromX, fromY, fromV] = draft.before[i];
    return v === ABSENT || fromV === ABSENT ? [] : [[k, x - fromX, y - fromY]];
  });
}

/**
 * The points of another frame of the clip that would move: which, where they are and where they would be.
 * @param {Editor} editor @param {number} number of the frame @param {Shape} shape @returns {[k: number, from: Place, to: Place][]}
 */
function wayOfPoints(editor, number, shape) {
  const share = editor.timeline.ripple.fade.find(([frame]) => frame === number)?.[1] ?? 0;
  return (share ? movesUnderWay(editor) : []).flatMap(([k, dx, dy]) => {
    const [x, y, v] = shape[k] ?? [null, null, ABSENT];
    return v === ABSENT || x === null || y === null ? [] : [[k, [x, y], [x + share * dx, y + share * dy]]];
  });
}

/** A shape of another frame as it would be. @param {Editor} editor @param {number} number of the frame @param {Shape} shape @returns {Shape} */
export function fadedShape(editor, number, shape) {
  const moved = [...shape];
  for (const [k, , [x, y]] of wayOfPoints(editor, number, shape)) moved[k] = [x, y, shape[k][2]];
  return moved;
}

/** Where points of the frames around would be: rings for the nearest ones, with lines from where they are; dots for others. @param {Editor} editor */
export function drawPreview(editor) {
  const { ctx, view, frame } = editor;
  const instance = editor.selectedInstance();
  if (!frame?.clip || !instance || !movesUnderWay(editor).length) return;
  const [lines, places] = [new Path2D(), new Path2D()];
  editor.timeline.ripple.fade.slice(0, MOST_SHOWN).forEach(([number], i) => {
    const shape = shapeOfTrack(editor, number, instance.track);
    for (const [, from, to] of shape ? wayOfPoints(editor, number, shape) : []) {
      const end = view.toScreen(...to);
      places.addPath(circle(...end, i < NEAREST ? 4 : 1.5));
      if (i >= NEAREST) continue;
      lines.moveTo(...view.toScreen(...from));
      lines.lineTo(...end);
    }
  });
  for (const path of [lines, places]) strokePath(ctx, path, COLOURS.shade, 3.5);
  for (const path of [lines, places]) strokePath(ctx, path, COLOURS.faded, 1.5);
}
