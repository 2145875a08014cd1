// Model: the labels of one picture and what was done to them.
//
// A change is [k, x, y, v] with x and y null where v is ABSENT. What is on screen is always the server's
// points, then the edits it has not confirmed, then the draft (a drag or a run of nudges under way): a
// rerun can therefore bring newer points at any moment without undoing what the hand has just done.

import { isHeld, unlocked } from "./holding.js";
import { keepText, recallKept } from "./keeping.js";

/** @import { Change, Draft, Edit, GivenInstance, Instance, Note, Point, Skeleton, Step } from "./types.js" */

export const ABSENT = 0;
export const HIDDEN = 1;
export const VISIBLE = 2;
const SAME_PLACE = 0.01; // pixels; the server keeps float32
const HISTORY_LENGTH = 500;
const KEPT = 200; // steps that outlive a reload
const LONGEST_KEPT = 2e6; // characters of them
const LONGEST_NAME = 200; // as the server accepts it

// ---- Labels ---------------------------------------------------------------------------------

export class Labels {
  constructor() {
    /** @type {Map<number, Instance>} */
    this.instances = new Map();
    /** @type {Map<number, Change[]>} */
    this.opened = new Map(); // instance id -> points when the picture was opened, to mark what moved
    /** @type {Map<string, [x: number, y: number]>} */
    this.memory = new Map(); // "instance:k" -> where a point was before it became absent
    /** @type {Draft | null} */
    this.draft = null;
  }

  /**
   * Take the server's points and replay what it does not know yet.
   * @param {GivenInstance[]} instances @param {Record<string, Skeleton>} skeletons @param {Edit[]} edits
   */
  receive(instances, skeletons, edits) {
    /** @type {Record<string, number>} */
    const numbers = {};
    this.instances = new Map(instances.map((given) => {
      const number = (numbers[given.kind] ?? 0) + 1;
      numbers[given.kind] = number;
      return [given.id, adoptInstance(given, number, skeletons)];
    }));
    for (const [id, instance] of this.instances) {
      if (!this.opened.has(id)) this.opened.set(id, snapshot(instance, allIndices(instance)));
    }
    for (const edit of edits) this.apply(edit.instance, edit.changes);
    if (this.draft && !this.instances.has(this.draft.instance)) this.draft = null;
    if (this.draft) this.apply(this.draft.instance, this.draft.after);
  }

  /**
   * Of another picture the instance that goes on with one of this: of the same track or person, else with the same number.
   * @param {Instance | null} before @returns {Instance | null}
   */
  likest(before) {
    const all = [...this.instances.values()];
    const same = before && (all.find((each) => each.track !== null && each.track === before.track)
      ?? all.find((each) => each.label !== null && each.label === before.label && each.kind === before.kind)
      ?? all.find((each) => each.number === before.number && each.kind === before.kind));
    return same ?? all[0] ?? null;
  }

  /** @param {number} id @param {Change[]} changes */
  apply(id, changes) {
    const instance = this.instances.get(id);
    if (!instance) return; // of another picture, or deleted since
    for (const [k, x, y, v] of changes) {
      const point = instance.points[k];
      if (!point) continue;
      if (point.v !== ABSENT) this.memory.set(`${id}:${k}`, [point.x, point.y]);
      Object.assign(point, { x: v === ABSENT ? null : x, y: v === ABSENT ? null : y, v, c: 1, human: true });
    }
  }

  /** @param {number} id @param {number} k */
  remembered(id, k) {
    return this.memory.get(`${id}:${k}`) ?? null;
  }

  /** @param {Instance} instance @param {number} k */
  hasMoved(instance, k) {
    const before = this.opened.get(instance.id)?.[k];
    if (!instance.points[k]?.human) return false; // a model has placed it anew
    return before !== undefined && !sameChange(before, changeOf(instance, k));
  }

  // A draft shows on screen at once and becomes one edit when it is committed.

  /**
   * Returns the draft, for moveDraft.
   * @param {Instance} instance @param {number[]} indices @param {Note} note @param {Draft["kind"]} kind
   */
  startDraft(instance, indices, note, kind) {
    const before = unlocked(instance, snapshot(instance, indices));
    this.draft = { instance: instance.id, note, kind, before, after: before };
    return this.draft;
  }

  /** @param {Draft} draft @param {Change[]} after */
  moveDraft(draft, after) {
    draft.after = after;
    this.apply(draft.instance, after);
  }

  /** Close the draft; returns it, or null if nothing differs from where it began. */
  takeDraft() {
    const draft = this.draft;
    this.draft = null;
    if (!draft) return null;
    const differs = draft.after.some((change, i) => !sameChange(change, draft.before[i], 0));
    return differs ? draft : null;
  }
}

/** @param {GivenInstance} given @param {number} number @param {Record<string, Skeleton>} skeletons */
function adoptInstance(given, number, skeletons) {
  /** @type {Point[]} */
  const points = given.points.map(([x, y, v, c], k) => {
    const human = given.vouched[k];
    return v === ABSENT || x === null || y === null ? { x: null, y: null, v: ABSENT, c, human } : { x, y, v, c, human };
  });
  return { ...given, number, skeleton: skeletons[given.skeleton] ?? unnamedSkeleton(points.length), points };
}

/** @param {number} count @returns {Skeleton} */
function unnamedSkeleton(count) {
  const names = Array.from({ length: count }, (_, k) => `point_${k + 1}`);
  return { names, edges: [], flip_pairs: [], regions: {}, normaliser: null, unit: "" };
}

/** @param {Instance} instance */
export function allIndices(instance) {
  return instance.points.map((_, k) => k);
}

/** @param {Instance} instance @param {number} k @returns {Change} */
export function changeOf(instance, k) {
  return toChange(k, instance.points[k]);
}

/** @param {number} k @param {Point} point @returns {Change} */
function toChange(k, point) {
  return point.v === ABSENT ? [k, null, null, ABSENT] : [k, point.x, point.y, point.v];
}

/** @param {Instance} instance @param {number[]} indices */
export function snapshot(instance, indices) {
  return indices.map((k) => changeOf(instance, k));
}

/** @param {Change} change0 @param {Change} change1 @param {number} [tolerance] */
export function sameChange([, ax, ay, av], [, bx, by, bv], tolerance = SAME_PLACE) {
  if (av === ABSENT || bv === ABSENT) return av === bv;
  return av === bv && (Math.abs(ax - bx) <= tolerance && Math.abs(ay - by) <= tolerance);
}

/**
 * Name and indices of the region that a point belongs to, or null.
 * @param {Skeleton} skeleton @param {number} k
 */
export function regionOf(skeleton, k) {
  const found = Object.entries(skeleton.regions).find(([, indices]) => indices.includes(k));
  return found ? { name: found[0], indices: found[1] } : null;
}

/**
 * The changes that swap left and right, for all pairs or for those that touch `indices`.
 * @param {Instance} instance @param {number[] | null} [indices]
 */
export function mirrorChanges(instance, indices = null) {
  const pairs = instance.skeleton.flip_pairs.filter(
    ([a, b]) => indices === null || indices.includes(a) || indices.includes(b),
  ).filter((pair) => !pair.some((k) => isHeld("locked", instance, k)));
  return pairs.flatMap(([a, b]) => [
    toChange(a, instance.points[b]),
    toChange(b, instance.points[a]),
  ]);
}

/** @param {number} value */
export function rounded(value) {
  return Math.round(value * 100) / 100;
}

// ---- History --------------------------------------------------------------------------------

/** What can be undone and redone, over all pictures, kept over a reload of the tab; each is sent as an edit. */
export class History {
  constructor() {
    /** @type {Step[]} */
    this.done = [];
    /** @type {Step[]} */
    this.undone = [];
    this.place = "";
  }

  /** Take up what this tab has done in a store. @param {string} store */
  keepFor(store) {
    const place = `facet.history.${store}`;
    if (place === this.place) return;
    this.place = place;
    const kept = recallKept("tab", place);
    [this.done, this.undone] = [stepsOf(kept?.done), stepsOf(kept?.undone)];
  }

  keep() {
    const text = JSON.stringify({ done: this.done.slice(-KEPT), undone: this.undone.slice(-KEPT) });
    if (this.place && text.length < LONGEST_KEPT) keepText("tab", this.place, text);
  }

  /** @param {Step} step */
  push(step) {
    this.done.push(step);
    this.done.splice(0, this.done.length - HISTORY_LENGTH);
    this.undone = [];
    this.keep();
  }

  /** A ripple cannot be done: its step is that of the correction alone. @param {string} id */
  keepCorrection(id) {
    this.done = this.done.map((step) => (step.edit === id && "deed" in step ? (step.correction ?? step) : step));
    this.keep();
  }

  /** Forget steps that can no longer be undone. @param {(step: Step) => boolean} which */
  forgetWhere(which) {
    this.done = this.done.filter((step) => !which(step));
    this.undone = this.undone.filter((step) => !which(step));
    this.keep();
  }
}

/** Those of a kept list that are steps. @param {unknown} kept @returns {Step[]} */
function stepsOf(kept) {
  return Array.isArray(kept) ? kept.filter((step) => typeof step?.edit === "string" && typeof step.image === "number") : [];
}

/** What was done to something that has a name. @param {string} code @param {string} name @returns {Note} */
export function noteOf(code, name) {
  return { code, fields: { name: name.slice(0, LONGEST_NAME) } };
}
