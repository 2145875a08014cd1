// The outbox of the tab: what the server has not confirmed, in the order in which it was made. It belongs to the tab, not
// to the editor: it sends from any page, warns before the tab is closed, and finds again what an earlier tab could not send.
//
// A row is an edit (points, a verdict, a box), many of which travel together, or a deed, which is done to many frames of a
// clip and goes alone by a door of its own. A deed waits for all that was made before it; an edit for the deeds before it.
// A proposal takes minutes and moves nobody's points: what is made after it passes it, but for its undo and what is done to
// the same frames.
//
// Every row names the store that it was made in. While another one answers at this address it is kept for its owner.

import { Shelf } from "./shelf.js";

/** @typedef {typeof WAYS[number]} Lane */
/** @import { Answer, Asked, BoxRow, Deed, DeedAnswer, DeedDone, Edit, GivenInstance, Row, Sent } from "./types.js" */

/** @type {["edits", "deeds", "slow"]} */
const WAYS = ["edits", "deeds", "slow"]; // each sends one thing at a time
const DOORS = { edits: "/api/edits", deeds: "/api/clip/edits", slow: "/api/clip/edits" };
const PROPOSAL = "propose"; // thousands of frames may be followed
const LATER = [408, 429]; // answers to a deed that say nothing against it, as those from 500 on; all others from 400 on refuse it
const STUCK = 3; // failures of the server in a row after which a deed can be given up
const TOGETHER = 120; // ms; edits made within it travel together
const AGAIN = 1000; // ms after which what came to nothing is tried again
const AGAIN_UNSEEN = 5000; // the same in a tab that nobody looks at
const ASK = 3000; // ms after which it is asked again whose store answers, where edits of another one wait
const PATIENCE = { edits: 10000, deeds: 60000, slow: 600000 }; // ms for an answer
const MOST = 500; // edits of one sending, and
const MOST_CHANGES = 5000; // changes of it, unless one edit alone has more; the server takes twice as many
const MOST_AFTER = 10000; // ids in it of edits that come before, half of the bytes that the server takes
const MOST_KEPT_ALIVE = 30000; // characters that a browser delivers although the page is closed
const TOLD_FOR = 8000; // ms that it is said that all is saved again
const REMEMBERED = 500; // instances as the server gave them last
const PLACE = Symbol.for("facet.outbox");

export class Outbox extends EventTarget {
  constructor() {
    super();
    this.shelf = new Shelf();
    /** @type {string | null} */
    this.store = null; // the id of the store that answers here
    /** @type {Map<string, Row>} */
    this.rows = new Map(); // by the edit's id, the oldest first
    /** @type {Set<string>} */
    this.gone = new Set(); // ids that are done with; the shelf may still hand one out
    /** @type {Map<number, { instance: GivenInstance, revision: number }>} */
    this.newest = new Map(); // instances as the server gave them last, with the newest revision that it told of then
    /** @type {Map<string, string | null>} */
    this.troubles = new Map(); // why nothing could be sent just now
    /** @type {BoxRow[]} */
    this.boxed = []; // what was done to boxes and is saved; whoever shows their pictures takes it
    /** @type {Map<number, string>} */
    this.states = new Map(); // where pictures stand, as the server told last
    /** @type {Set<string>} */
    this.late = new Set(); // ids of edits that had to wait for the server
    /** @type {DeedDone[]} */
    this.answered = []; // what became of deeds; the editor takes them
    this.told = 0; // how many of these were saved a moment ago
    /** @type {((image: number) => void) | null} */
    this.look = null; // opens a picture, while an editor is there
    this.failing = { id: "", times: 0 }; // the deed that the server failed at last, and how often in a row
    /** @type {number | undefined} */
    this.toldTimer = undefined;
    /** @type {Set<string>} */
    this.busy = new Set(); // lanes that have not answered yet
    /** @type {number | undefined} */
    this.timer = undefined;
    window.addEventListener("beforeunload", (event) => this.beforeUnload(event));
    window.addEventListener("pagehide", () => this.leave());
    for (const event of ["online", "focus", "pageshow"]) window.addEventListener(event, () => this.hurry());
    document.addEventListener("visibilitychange", () => this.hurry());
    void this.recall();
  }

  // ---- What is in it ----

  /** @param {(row: Row) => boolean} which */
  editsWhere(which) {
    return Array.from(this.rows.values()).filter(which).map(({ edit }) => edit);
  }

  /** Edits of this store that are on their way. */
  get waiting() {
    return this.editsWhere(({ edit, sentence }) => edit.store === this.store && sentence === null);
  }

  /** Those of them that somebody waits for: a proposal takes its time. */
  get pending() {
    return this.waiting.filter((row) => !isProposal(row));
  }

  /** Those that may go on their way now. @param {Lane} lane @returns {Sent[]} */
  ready(lane) {
    const { waiting, pending } = this;
    if (lane === "slow") return waiting.slice(0, 1).filter(isProposal);
    const held = pending.findIndex(isDeed);
    if (lane === "edits") return together(held < 0 ? pending : pending.slice(0, held));
    const before = waiting.slice(0, waiting.indexOf(pending[0])).filter(isDeed);
    return pending.slice(0, 1).filter(isDeed).filter((deed) => !before.some((proposal) => leansOn(deed, proposal)));
  }

  /** Why nothing could be sent just now. */
  get trouble() {
    return WAYS.map((lane) => this.troubles.get(lane)).find(Boolean) ?? null;
  }

  /** The deed that holds up all that was made after it, since the server fails at it again and again. @returns {Deed | null} */
  get stuck() {
    const { id, times } = this.failing;
    const edit = times < STUCK ? undefined : this.rows.get(id)?.edit;
    return edit && isDeed(edit) ? edit : null;
  }

  /** Edits of this store that the server refused and nobody has given up. */
  get refused() {
    const refused = this.editsWhere(({ edit, sentence }) => edit.store === this.store && sentence !== null);
    return refused.flatMap((edit) => (isDeed(edit) ? [] : [edit])); // a deed that is refused does not stay
  }

  /** Edits of other stores. */
  get foreign() {
    return this.store === null ? [] : this.editsWhere(({ edit }) => edit.store !== this.store);
  }

  /** @param {string} id */
  isRefused(id) {
    return (this.rows.get(id)?.sentence ?? null) !== null;
  }

  /**
   * Edits whose effect belongs on the screen of a store: those under way, and those refused but not given up.
   * @param {string} store @returns {Edit[]}
   */
  shown(store) {
    return this.editsWhere(({ edit }) => edit.store === store).flatMap(pointsOf);
  }

  /** What was done to boxes of a store and nobody has confirmed. @param {string} store @returns {BoxRow[]} */
  boxes(store) {
    return this.editsWhere(({ edit }) => edit.store === store).filter((edit) => edit.box !== undefined);
  }

  /** Why something is not saved, as a sentence, or null while there is nothing to worry about. */
  sentence() {
    const [first] = this.refused;
    if (first) return this.rows.get(first.id)?.sentence ?? null;
    const count = this.waiting.length;
    return this.trouble && count ? `${counted(count)} to be saved: ${this.trouble}` : null;
  }

  /**
   * An instance as the server gave it last: a page that was drawn before an edit was saved shows an older one.
   * @param {GivenInstance} given
   */
  fresher(given) {
    const newest = this.newest.get(given.id);
    return newest && newest.revision > (given.revision ?? 0) ? newest.instance : given;
  }

  // ---- What comes in ----

  /** @param {Sent} edit */
  add(edit) {
    for (const each of pointsOf(edit)) this.supersede(each);
    this.put({ edit, sentence: null });
    if (isDeed(edit)) this.schedule(0);
    else if (this.timer === undefined) this.schedule(TOGETHER);
    else this.tell("change");
  }

  /** @param {Row} row */
  put(row) {
    this.rows.set(row.edit.id, row);
    void this.shelf.put(row.edit);
  }

  /** @param {string} id */
  drop(id) {
    this.rows.delete(id);
    this.gone.add(id);
    void this.shelf.remove(id);
  }

  /**
   * A newer decision about points takes their place in what was refused.
   * @param {Edit} newer
   */
  supersede(newer) {
    const again = new Set(newer.changes.map(([k]) => k));
    for (const { edit, sentence } of [...this.rows.values()]) {
      if (sentence === null || !edit.changes || edit.store !== newer.store || edit.instance !== newer.instance) continue;
      const changes = edit.changes.filter(([k]) => !again.has(k));
      if (changes.length) this.put({ edit: { ...edit, changes }, sentence });
      else this.drop(edit.id);
    }
  }

  /** Take up what an earlier tab, or this one before a reload, could not get rid of. */
  async recall() {
    const found = (await this.shelf.all()).filter(({ id }) => !this.rows.has(id) && !this.gone.has(id));
    if (!found.length) return;
    /** @type {[string, Row][]} */
    const rows = found.map((edit) => [edit.id, { edit, sentence: null }]);
    this.rows = new Map([...rows, ...this.rows].sort(([, one], [, other]) => one.edit.at - other.edit.at));
    for (const { id } of found) this.late.add(id);
    this.tell("rebase");
    this.schedule(0);
  }

  /**
   * Hear which store answers here.
   * @param {string} store
   */
  meet(store) {
    if (store === this.store) return;
    this.store = store;
    this.newest.clear();
    this.answered = [];
    this.tell("rebase");
    this.schedule(0);
  }

  /**
   * What is asked where something is refused, in words: how it is kept, if it can be here, and how it is given up. A verdict
   * was about other points than those that are there now: it is looked at anew.
   */
  choice() {
    const { refused } = this;
    const ofPoints = refused.some(({ changes }) => changes);
    const again = ofPoints ? "Keep mine" : "Try again";
    const keep = refused.some(({ verdict }) => verdict) ? (this.look && "Look at it") : again;
    return { keep, discard: ofPoints ? "Take theirs" : "Discard mine" };
  }

  /** Keep what was refused, as `choice` says. */
  keep() {
    const unseen = this.refused.find(({ verdict }) => verdict);
    if (!unseen?.verdict) return this.retry();
    this.discard([unseen]);
    return this.look?.(unseen.image);
  }

  /** Say who opens pictures, or that nobody does any more. @param {Outbox["look"]} look */
  lookBy(look) {
    this.look = look;
    this.tell("change");
  }

  /** Try again at the user's wish; a refused edit goes onto the revision that came with the refusal. */
  retry() {
    for (const edit of this.refused) {
      if (!edit.changes) {
        this.drop(edit.id);
        this.put({ edit: { ...edit, id: anotherId(edit.id), at: moment() }, sentence: null });
        continue;
      }
      const newest = this.newest.get(edit.instance);
      const base = newest ? newest.instance.revision : edit.base;
      const after = this.waiting.flatMap(pointsOf).filter(({ instance }) => instance === edit.instance).map(({ id }) => id);
      this.drop(edit.id);
      this.put({ edit: { ...edit, id: anotherId(edit.id), base, after, at: moment() }, sentence: null });
    }
    this.schedule(0);
  }

  /**
   * Give edits up.
   * @param {{ id: string }[]} edits
   */
  discard(edits) {
    for (const { id } of edits) this.drop(id);
    this.tell("rebase");
  }

  // ---- What goes out ----

  /** @param {number} delay ms */
  schedule(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.send(), delay);
    this.tell("change");
  }

  /** Send at once what waits, where it is not on its way. */
  hurry() {
    if (this.waiting.length) this.schedule(0);
  }

  send() {
    this.timer = undefined;
    for (const lane of WAYS) void this.sendBy(lane);
  }

  /** Send what may go on its way, where the one before has been answered. @param {Lane} lane */
  async sendBy(lane) {
    if (this.busy.has(lane)) return; // it looks for more when it is done
    const rows = this.ready(lane);
    if (!rows.length) this.troubles.delete(lane);
    if (!rows.length && (lane !== "edits" || !this.foreign.length)) return; // without edits it asks whose store answers
    this.busy.add(lane);
    const trouble = await this.sent(lane, rows);
    this.busy.delete(lane);
    this.troubles.set(lane, trouble);
    if (trouble) for (const { id } of this.waiting) this.late.add(id);
    this.goOn(trouble ? (document.hidden ? AGAIN_UNSEEN : AGAIN) : 0);
  }

  /** Send what is left, or ask after a while whose store answers. @param {number} delay ms */
  goOn(delay) {
    if (WAYS.some((lane) => !this.busy.has(lane) && this.ready(lane).length)) this.schedule(delay);
    else if (this.foreign.length) this.schedule(ASK);
    else this.tell("change");
  }

  /**
   * Send rows and take what the server answers; tells why that came to nothing, or null.
   * @param {Lane} lane @param {Sent[]} rows
   */
  async sent(lane, rows) {
    let response;
    try {
      response = await post(lane, rows);
    } catch (error) {
      const late = error instanceof DOMException && error.name === "TimeoutError";
      return late ? "the server has not answered; trying again" : "the server cannot be reached; trying again";
    }
    return this.take(rows, response, await response.json().catch(() => null));
  }

  /** @param {Sent[]} rows @param {Response} response @param {any} answer @returns {string | null} */
  take(rows, { ok, status }, answer) {
    const deed = rows.find(isDeed);
    if (deed) return this.takeOfDeed(deed, { ok, status }, answer);
    if (!ok || !answer?.store) return troubleOf(status, answer);
    return this.settle(rows, answer) ? null : "the server has not said what became of them; trying again";
  }

  /** @param {Deed} deed @param {Pick<Response, "ok" | "status">} response @param {any} answer @returns {string | null} */
  takeOfDeed(deed, { ok, status }, answer) {
    if (refuses(status)) return this.refuse(deed, answer?.error ?? `the server answered ${status}`);
    this.count(deed, status);
    return ok && answer?.store ? this.finish(deed, answer) : troubleOf(status, answer);
  }

  /** Know how often in a row the server has failed at a deed. @param {Deed} deed @param {number} status */
  count({ id }, status) {
    const times = this.failing.id === id ? this.failing.times : 0;
    this.failing = { id, times: status >= 500 ? times + 1 : 0 };
  }

  /** Give up the deed that the server fails at; what was made after it goes on. */
  giveUp() {
    if (this.stuck) this.refuse(this.stuck, "it was given up");
    this.schedule(0);
  }

  /** A deed is done, or kept for its store. @param {Deed} deed @param {DeedAnswer} answer */
  finish(deed, answer) {
    this.meet(answer.store);
    if (!answer.foreign) {
      this.saved(deed.id, this.rows.get(deed.id));
      this.answered.push({ deed, answer });
      this.tell("answered");
    }
    return null;
  }

  /** The undo of a deed that waits, the one that takes that back, and so on. @param {string} id @returns {Deed[]} */
  turnsOf(id) {
    const turn = this.waiting.find((row) => isDeed(row) && row.of === id);
    return turn && isDeed(turn) ? [turn, ...this.turnsOf(turn.id)] : [];
  }

  /**
   * A deed cannot be done, nor what waits to turn it back. The correction in a ripple goes on as an edit, in its place: it is
   * a hand's work, where the hand has not taken it back.
   * @param {Deed} deed @param {string} reason
   */
  refuse(deed, reason) {
    const row = this.rows.get(deed.id);
    if (!row || !isDeed(row.edit)) return null; // it was given up meanwhile
    const turns = this.turnsOf(deed.id);
    const [correction = null] = turns.length % 2 ? [] : correctionOf(deed);
    for (const { id } of [deed, ...turns]) if (id !== correction?.id) this.drop(id);
    if (correction) this.put({ edit: correction, sentence: null });
    this.answered.push({ deed: turns.at(-1) ?? deed, reason, correction });
    this.tell("answered");
    return null;
  }

  /**
   * Take the server's answer; tells whether it says anything about these edits.
   * @param {Sent[]} edits @param {Answer} answer
   */
  settle(edits, answer) {
    const said = edits.filter(({ id }) => id in answer.saved || id in answer.refused || answer.foreign.includes(id));
    this.meet(answer.store);
    for (const { id } of edits) {
      const row = this.rows.get(id);
      if (row && id in answer.refused) row.sentence = answer.refused[id];
      if (id in answer.saved) this.saved(id, row);
    }
    for (const [picture, state] of Object.entries(answer.pictures)) this.states.set(Number(picture), state);
    for (const instance of answer.instances) this.remember(instance, Math.max(0, ...Object.values(answer.saved)));
    this.tell("rebase");
    if (Object.keys(answer.saved).length) this.tell("saved");
    return said.length === edits.length;
  }

  /**
   * Keep an instance as it is now; `latest` is a revision that was there already, if it has none itself.
   * @param {GivenInstance} instance @param {number} latest
   */
  remember(instance, latest) {
    this.newest.delete(instance.id); // what was heard of last is forgotten last
    this.newest.set(instance.id, { instance, revision: instance.revision ?? latest });
    for (const id of [...this.newest.keys()].slice(0, -REMEMBERED)) this.newest.delete(id);
  }

  /**
   * An edit is saved; of one that had to wait it is said for a while.
   * @param {string} id @param {Row} [row]
   */
  saved(id, row) {
    if (row?.edit.box) this.boxed.push(row.edit);
    this.drop(id);
    if (!this.late.delete(id)) return;
    this.told += 1;
    clearTimeout(this.toldTimer);
    this.toldTimer = setTimeout(() => {
      this.told = 0;
      this.tell("change");
    }, TOLD_FOR);
  }

  /** What became of deeds since this was asked last. */
  takeAnswered() {
    const taken = this.answered.splice(0);
    if (taken.length) this.tell("change");
    return taken;
  }

  // ---- The end of the tab ----

  /** Hand over everything at once: a browser delivers a short message although the page is closed. */
  leave() {
    this.tell("leaving"); // whoever holds something back gives it now
    const edits = this.ready("edits");
    if (edits.length) post("edits", edits).catch(() => undefined); // what is not heard of is kept on the shelf
    void this.sendBy("deeds");
    void this.sendBy("slow");
  }

  /** @param {BeforeUnloadEvent} event */
  beforeUnload(event) {
    this.leave();
    if (this.pending.length || this.refused.length) event.preventDefault();
  }

  /** @param {"change" | "rebase" | "saved" | "answered" | "leaving"} what */
  tell(what) {
    this.dispatchEvent(new Event(what));
  }
}

/** @param {Sent} row @returns {row is Deed} */
export function isDeed(row) {
  return row.do !== undefined;
}

/** @param {Sent} row */
function isProposal(row) {
  return row.do === PROPOSAL;
}

/** Whether a deed is about what a proposal made before it does. @param {Asked} deed @param {Asked} proposal */
export function leansOn(deed, proposal) {
  if (deed.do === "undo") return deed.of === proposal.id;
  const [[first, last], [from, to]] = [framesOf(deed), framesOf(proposal)];
  return deed.video === proposal.video && first <= to && last >= from;
}

/** The first and the last frame of a deed; one after the other where it has none. @param {Asked} deed @returns {[number, number]} */
function framesOf({ first, last }) {
  const ends = [Number(first), Number(last)];
  return [Math.min(...ends), Math.max(...ends)];
}

/** The edit that is within a deed, which may have one or none. @param {Sent} row @returns {Edit[]} */
export function correctionOf(row) {
  return isDeed(row) && row.edit?.changes ? [row.edit] : [];
}

/** The edit of points that a row is, or has in it. @param {Sent} row @returns {Edit[]} */
function pointsOf(row) {
  return row.changes ? [row] : correctionOf(row);
}

/**
 * As many of these as travel together.
 * @param {Sent[]} edits
 */
function together(edits) {
  let [changes, after] = [0, 0];
  const end = edits.findIndex((edit, i) => {
    changes += edit.changes?.length ?? 1;
    after += edit.changes ? edit.after.length : 0;
    return i === MOST || (i > 0 && (changes > MOST_CHANGES || after > MOST_AFTER));
  });
  return end < 0 ? edits : edits.slice(0, end);
}

/** Whether an answer refuses a deed for good. @param {number} status */
function refuses(status) {
  return status >= 400 && status < 500 && !LATER.includes(status);
}

/** Why an answer says nothing of what was sent. @param {number} status @param {any} answer @returns {string} */
function troubleOf(status, answer) {
  return answer?.error ?? `the server answered ${status}; trying again`;
}

/** @param {Lane} lane @param {Sent[]} rows */
function post(lane, rows) {
  const body = JSON.stringify(lane === "edits" ? { edits: rows } : rows[0]);
  return fetch(DOORS[lane], {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body,
    keepalive: body.length < MOST_KEPT_ALIVE,
    signal: AbortSignal.timeout(PATIENCE[lane]),
  });
}

/** The one outbox of this tab; scripts that come later find it. @returns {Outbox} */
export function tabOutbox() {
  const tab = /** @type {any} */ (globalThis);
  tab[PLACE] ??= new Outbox();
  return tab[PLACE];
}

/** @param {number} count */
export function counted(count) {
  return count === 1 ? "1 edit waits" : `${count} edits wait`;
}

let last = 0;

/** The present moment in ms, later than every moment before. */
export function moment() {
  last = Math.max(Date.now(), last + 0.001);
  return last;
}

/** Another id for an edit of the same window, whose id stands in front of the first point. @param {string} id */
function anotherId(id) {
  return id.includes(".") ? `${id.split(".", 1)[0]}.${newId()}` : newId();
}

/** A random UUID; crypto.randomUUID is missing where the page is served over plain http. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}
