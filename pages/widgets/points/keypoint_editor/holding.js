// Holding: points that are locked or out of sight (here: hidden), by their names, so that they are in every picture while the tab lives.
//
// What is locked is neither picked nor moved, whatever moves; what is hidden is neither drawn nor picked.

import { instanceTitle } from "./draw.js";
import { keepText, recallKept } from "./keeping.js";
import { regionOf } from "./model.js";

/** @import { Editor } from "./editor.js" */
/** @import { Change, Holding, Instance, Scope } from "./types.js" */

const HELD_PLACE = "facet.held";
/** @type {Record<Holding, Set<string>>} */
const HELD = { locked: new Set(), hidden: new Set() };
/** @type {Record<Holding, [on: string, off: string]>} */
const HELD_WORDS = { locked: ["locked", "free again"], hidden: ["out of sight", "shown again"] };
recallHeld();

function recallHeld() {
  const kept = recallKept("tab", HELD_PLACE);
  for (const which of heldKinds()) {
    if (Array.isArray(kept?.[which])) for (const name of kept[which]) HELD[which].add(String(name));
  }
}

/** @returns {Holding[]} */
function heldKinds() {
  return ["locked", "hidden"];
}

function keepHeld() {
  keepText("tab", HELD_PLACE, JSON.stringify({ locked: [...HELD.locked], hidden: [...HELD.hidden] }));
}

/** @param {Instance} instance @param {number} k */
function pointHold({ kind, skeleton }, k) {
  return `${kind}/${skeleton.names[k]}`;
}

/** @param {Instance} instance */
function wholeHold({ kind, track, label, number }) {
  return typeof track === "number" ? `track ${track}` : `${kind}#${label ?? number}`;
}

/** @param {Holding} which @param {Instance} instance @param {number} k */
export function isHeld(which, instance, k) {
  const held = HELD[which];
  return held.size > 0 && (held.has(wholeHold(instance)) || held.has(pointHold(instance, k)));
}

/** @param {Holding} which @param {Instance} instance */
export function isHeldWhole(which, instance) {
  return HELD[which].has(wholeHold(instance));
}

/** Whether a point can be taken by a hand. @param {Instance} instance @param {number} k */
export function isInReach(instance, k) {
  return !isHeld("locked", instance, k) && !isHeld("hidden", instance, k);
}

/** Those changes that touch nothing locked. @param {Instance} instance @param {Change[]} changes */
export function unlocked(instance, changes) {
  return HELD.locked.size ? changes.filter(([k]) => !isHeld("locked", instance, k)) : changes;
}

/** Whether anything is locked. */
export function isAnyLocked() {
  return HELD.locked.size > 0;
}

/** Whether nothing may be moved or taken away together with all of an instance. @param {Instance} instance */
export function isFast(instance) {
  return HELD.locked.size > 0 && countHeld("locked", instance) > 0;
}

/** How many points of an instance are held. @param {Holding} which @param {Instance} instance */
export function countHeld(which, instance) {
  return instance.points.filter((_, k) => isHeld(which, instance, k)).length;
}

/**
 * Lock a point or put it out of sight, its region or all of its face or body, or undo that.
 * @param {Editor} editor @param {Holding} which @param {Scope} scope @param {number | null} [k]
 */
export function toggleHeld(editor, which, scope, k = editor.selection.point) {
  const instance = editor.selectedInstance();
  if (!instance) return;
  const found = holdsOf(instance, scope, k);
  if (!found) {
    editor.say("Select a point first.");
    return;
  }
  editor.commitDraft();
  const held = HELD[which];
  const off = found.holds.every((hold) => held.has(hold));
  for (const hold of found.holds) {
    if (off) held.delete(hold);
    else held.add(hold);
  }
  keepHeld();
  editor.say(`${found.name}: ${off ? releasedWords(which, instance, found) : HELD_WORDS[which][0]}.`);
}

/**
 * What is let go of may still be held: a point with all of its face or body, and of all some that are held by themselves.
 * @param {Holding} which @param {Instance} instance @param {{ indices: number[] }} found
 */
function releasedWords(which, instance, { indices }) {
  const still = indices.filter((k) => isHeld(which, instance, k)).length;
  if (!still) return HELD_WORDS[which][1];
  if (isHeldWhole(which, instance)) return `still ${HELD_WORDS[which][0]} with all of ${instanceTitle(instance)}`;
  return `${HELD_WORDS[which][1]}, but for ${still} ${still === 1 ? "point" : "points"}`;
}

/** @param {Instance} instance @param {Scope} scope @param {number | null} k */
function holdsOf(instance, scope, k) {
  if (scope === "whole") {
    return { name: instanceTitle(instance), indices: [...instance.points.keys()], holds: [wholeHold(instance)] };
  }
  if (k === null) return null;
  const region = scope === "region" ? regionOf(instance.skeleton, k) : null;
  const { name, indices } = region ?? { name: instance.skeleton.names[k], indices: [k] };
  return { name, indices, holds: indices.map((each) => pointHold(instance, each)) };
}

/** Let all go that is locked, or show all that is out of sight. @param {Editor} editor @param {Holding} which */
export function releaseAll(editor, which) {
  HELD[which].clear();
  keepHeld();
  editor.refresh();
}
