// Model: the labels of one picture, what was done to them, and what the server has not confirmed yet.
//
// A change is [k, x, y, v] with x and y null where v is ABSENT. What is on screen is always the server's
// points, then the edits it has not confirmed, then the draft (a drag or a run of nudges under way): a
// rerun can therefore bring newer points at any moment without undoing what the hand has just done.

/** @import { Change, Draft, Edit, GivenInstance, Instance, Note, Point, Saved, Skeleton, Step } from "./types.js" */

export const ABSENT = 0;
export const HIDDEN = 1;
export const VISIBLE = 2;
const SAME_PLACE = 0.01; // pixels; the server keeps float32
const HISTORY_LENGTH = 500;
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
    this.instances = new Map(instances.map((given) => [given.id, adoptInstance(given, skeletons)]));
    for (const [id, instance] of this.instances) {
      if (!this.opened.has(id)) this.opened.set(id, snapshot(instance, allIndices(instance)));
    }
    for (const edit of edits) this.apply(edit.instance, edit.changes);
    if (this.draft && !this.instances.has(this.draft.instance)) this.draft = null;
    if (this.draft) this.apply(this.draft.instance, this.draft.after);
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
    return before !== undefined && !sameChange(before, changeOf(instance, k));
  }

  /** @param {Saved} saved */
  acknowledge(saved) {
    for (const { instance: id, revision } of Object.values(saved)) {
      const instance = this.instances.get(id);
      if (instance) instance.revision = Math.max(instance.revision ?? 0, revision);
    }
  }

  // A draft shows on screen at once and becomes one edit when it is committed.

  /**
   * Returns the draft, for moveDraft.
   * @param {Instance} instance @param {number[]} indices @param {Note} note @param {Draft["kind"]} kind
   */
  startDraft(instance, indices, note, kind) {
    const before = snapshot(instance, indices);
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

/** @param {GivenInstance} given @param {Record<string, Skeleton>} skeletons */
function adoptInstance(given, skeletons) {
  /** @type {Point[]} */
  const points = given.points.map(([x, y, v, c]) => {
    const human = given.source === "human" && c === 1;
    return v === ABSENT || x === null || y === null ? { x: null, y: null, v: ABSENT, c, human } : { x, y, v, c, human };
  });
  return { ...given, skeleton: skeletons[given.skeleton] ?? unnamedSkeleton(points.length), points };
}

/** @param {number} count @returns {Skeleton} */
function unnamedSkeleton(count) {
  const names = Array.from({ length: count }, (_, k) => `point_${k + 1}`);
  return { names, edges: [], flip_pairs: [], regions: {} };
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
  );
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

/** Undo and redo steps {edit, instance, before, after, note}; each is sent to the server as an edit. */
export class History {
  constructor() {
    /** @type {Step[]} */
    this.done = [];
    /** @type {Step[]} */
    this.undone = [];
  }

  /** @param {Step} step */
  push(step) {
    this.done.push(step);
    this.done.splice(0, this.done.length - HISTORY_LENGTH);
    this.undone = [];
  }

  /**
   * Forget the steps of edits that the server refused and the user gave up.
   * @param {Set<string>} ids
   */
  forget(ids) {
    this.done = this.done.filter((step) => !ids.has(step.edit));
    this.undone = this.undone.filter((step) => !ids.has(step.edit));
  }
}

// ---- Outbox ---------------------------------------------------------------------------------

const SEND_DELAY = 120; // ms; edits made within it travel together
const FIRST_RETRY = 4000; // ms without an answer before the edits are sent again
const LONGEST_RETRY = 30000;

/**
 * Edits that the server has not confirmed. Every sending holds all of them, because Streamlit may merge
 * two sendings into one; the server knows each by its id. They are also kept in the tab's session storage,
 * so that a reload or a lost connection does not lose them.
 */
export class Outbox {
  /** @param {string} channel @param {(edits: Edit[]) => void} send @param {() => void} changed */
  constructor(channel, send, changed) {
    this.storageKey = `facet.keypoints.${channel}`;
    this.send = send;
    this.changed = changed;
    /** @type {Edit[]} */
    this.waiting = [];
    /** @type {Map<string, { edit: Edit, sentence: string }>} */
    this.refused = new Map(); // by the edit's id
    /** @type {string | null} */
    this.rejection = null; // the server's sentence about a whole sending
    this.retryDelay = FIRST_RETRY;
    /** @type {number | undefined} */
    this.sendTimer = undefined;
    /** @type {number | undefined} */
    this.retryTimer = undefined;
    this.silent = false; // no answer came within the first retry delay
    this.restore();
  }

  get unsaved() {
    return this.waiting.length + this.refused.size;
  }

  /** Why something is not saved, as a sentence, or null while there is nothing to worry about. */
  sentence() {
    const [first] = this.refused.values();
    if (first) return first.sentence;
    if (this.rejection) return this.rejection;
    return this.silent && this.waiting.length ? "the server has not answered; trying again" : null;
  }

  /** Edits whose effect belongs on the screen: those under way and those refused but not given up. */
  get edits() {
    return [...Array.from(this.refused.values(), ({ edit }) => edit), ...this.waiting];
  }

  /** @param {Edit} edit */
  add(edit) {
    this.supersede(edit.instance, edit.changes);
    this.waiting.push(edit);
    this.store();
    this.schedule();
  }

  schedule() {
    this.sendTimer ??= setTimeout(() => this.sendNow(), SEND_DELAY);
    this.changed();
  }

  /** Hand over everything that waits, also when it was handed over before. */
  sendNow() {
    clearTimeout(this.sendTimer);
    this.sendTimer = undefined;
    this.stopRetrying();
    this.send(this.waiting);
    if (this.waiting.length) this.retryTimer = setTimeout(() => this.sendAgain(), this.retryDelay);
  }

  sendAgain() {
    this.retryDelay = Math.min(this.retryDelay * 2, LONGEST_RETRY);
    this.silent = true;
    this.sendNow();
    this.changed();
  }

  /** Hand over at once only what was not handed over yet. */
  flush() {
    if (this.sendTimer !== undefined) this.sendNow();
  }

  /**
   * Take the server's answers.
   * @param {Saved} saved @param {Record<string, string>} problems @param {string | null | undefined} rejection
   */
  settle(saved, problems, rejection) {
    const before = this.waiting.length;
    for (const edit of this.waiting) {
      if (edit.id in problems) this.refused.set(edit.id, { edit, sentence: problems[edit.id] });
    }
    this.waiting = this.waiting.filter(({ id }) => !(id in saved) && !(id in problems));
    for (const id of Object.keys(saved)) this.refused.delete(id);
    this.rejection = this.waiting.length ? (rejection ?? null) : null;
    if (this.waiting.length < before) this.heard();
    if (!this.waiting.length || this.rejection) this.stopRetrying();
    this.store();
  }

  heard() {
    this.retryDelay = FIRST_RETRY;
    this.silent = false;
  }

  stopRetrying() {
    clearTimeout(this.retryTimer);
    this.retryTimer = undefined;
  }

  /**
   * A newer decision about points takes their place in what was refused.
   * @param {number} instance @param {Change[]} changes
   */
  supersede(instance, changes) {
    const again = new Set(changes.map(([k]) => k));
    for (const [id, { edit }] of this.refused) {
      if (edit.instance !== instance) continue;
      edit.changes = edit.changes.filter(([k]) => !again.has(k));
      if (!edit.changes.length) this.refused.delete(id);
    }
  }

  /** Send again at the user's wish; a refused edit goes onto the newest revision, whoever made that. */
  retry() {
    for (const { edit } of this.refused.values()) this.waiting.push({ ...edit, id: newId(), base: null });
    this.refused.clear();
    this.rejection = null;
    this.heard();
    this.store();
    this.sendNow();
    this.changed();
  }

  /**
   * Give refused edits up.
   * @param {Iterable<string>} ids
   */
  discard(ids) {
    for (const id of ids) this.refused.delete(id);
    this.store();
  }

  store() {
    try {
      if (this.unsaved) sessionStorage.setItem(this.storageKey, JSON.stringify(this.edits));
      else sessionStorage.removeItem(this.storageKey);
    } catch (error) {
      console.warn("The browser does not keep unsaved edits over a reload:", error);
    }
  }

  restore() {
    try {
      /** @type {Edit[]} */
      const kept = JSON.parse(sessionStorage.getItem(this.storageKey) ?? "[]");
      this.waiting = kept.map((edit) => ({ ...edit, note: edit.note ?? { code: "edits.kept", fields: {} } }));
    } catch (error) {
      console.warn("Unsaved edits of this tab could not be read:", error);
    }
    if (this.waiting.length) this.schedule();
  }

  close() {
    this.flush();
    this.stopRetrying();
  }
}

/** What was done to something that has a name. @param {string} code @param {string} name @returns {Note} */
export function noteOf(code, name) {
  return { code, fields: { name: name.slice(0, LONGEST_NAME) } };
}

/** A random UUID; crypto.randomUUID is missing where the page is served over plain http. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
