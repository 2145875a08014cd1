// Resetting: what a model said last, shown under what a human made of it, and taken again.

import { ABSENT, allIndices, changeOf, noteOf, regionOf, sameChange } from "./model.js";
import { isHeld } from "./holding.js";

/** @import { Editor } from "./editor.js" */
/** @import { Change, GivenInstance, Instance, Scope } from "./types.js" */

/**
 * What a model said of the points of an instance, as rows; null where none has said anything.
 * @param {Editor} editor @param {Instance} instance @returns {GivenInstance["points"] | null}
 */
export function predictionOf({ frame }, instance) {
  if (instance.predicted) return instance.predicted;
  return frame?.instances.find(({ id, source }) => id === instance.id && source === "model")?.points ?? null;
}

/** @param {Editor} editor @param {Scope} scope */
export function resetPoints(editor, scope) {
  const instance = editor.selectedInstance();
  const rows = instance && predictionOf(editor, instance);
  if (!instance) return undefined;
  if (!rows) return editor.say("No model has said where these points are.");
  const { point } = editor.selection;
  if (scope === "whole") return resetTo(editor, instance, rows, allIndices(instance), null);
  if (point === null) return editor.say("Select a point first.");
  const region = scope === "region" ? regionOf(instance.skeleton, point) : null;
  if (region) return resetTo(editor, instance, rows, region.indices, region.name);
  return resetTo(editor, instance, rows, [point], instance.skeleton.names[point]);
}

/**
 * @param {Editor} editor @param {Instance} instance @param {GivenInstance["points"]} rows @param {number[]} indices
 * @param {string | null} name
 */
function resetTo(editor, instance, rows, indices, name) {
  const changes = indices.flatMap((k) => (rows[k] ? [changeOfRow(k, rows[k])] : []));
  if (changes.every((change) => sameChange(change, changeOf(instance, change[0]), 0))) {
    return editor.say("Nothing is changed: the model had it so.");
  }
  return editor.change(instance, changes, name === null ? { code: "edits.reset", fields: {} } : noteOf("edits.reset_to_model", name));
}

/** @param {number} k @param {GivenInstance["points"][number]} row @returns {Change} */
export function changeOfRow(k, [x, y, v]) {
  return v === ABSENT || x === null || y === null ? [k, null, null, ABSENT] : [k, x, y, v];
}

/**
 * Where a model has points that a human has moved: [k, x, y] of each that is to be seen.
 * @param {Editor} editor @param {Instance} instance @returns {[k: number, x: number, y: number][]}
 */
export function ghosts(editor, instance) {
  const rows = predictionOf(editor, instance) ?? [];
  return rows.flatMap(([x, y, v], k) => {
    const point = instance.points[k];
    if (v === ABSENT || x === null || y === null || !point?.human || isHeld("hidden", instance, k)) return [];
    const near = point.v !== ABSENT && Math.hypot(point.x - x, point.y - y) < 0.01;
    return near ? [] : [[k, x, y]];
  });
}
