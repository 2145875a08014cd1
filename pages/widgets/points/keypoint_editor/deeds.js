// Deeds: what is done to many frames of a clip at once. They go into the tab's outbox; what the server answers is heard by
// whatever editor is open then, or is opened next.

import { correctionOf, isDeed, leansOn, moment, newId } from "../../shared/outbox/outbox.js";
import { rest } from "./going.js";
import { isAnyLocked } from "./holding.js";
import { deedSentence, deedWords } from "./telling.js";

/** @import { Editor } from "./editor.js" */
/** @import { Asked, Deed, DeedAnswer, DeedStep, Edit, PointStep } from "./types.js" */

const MOVING = new Set(["propose", "reset", "swap_sides"]); // which cannot leave single points alone

const MOVES = new Set([...MOVING, "ripple", "undo"]);

export class Deeds {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    /** @type {{ edit: Edit, revision: number }[]} */
    this.settling = []; // corrections that are saved, but not given by the server yet
    this.told = ""; // what came of the last one
    this.renewing = 0; // answers whose pictures are asked for anew
  }

  /** Whether points of a range are about to be others than those shown: something is not answered yet. @param {Asked} range */
  movesIn(range) {
    const moves = this.editor.outbox.waiting.filter((row) => isDeed(row) && MOVES.has(row.do));
    return this.renewing > 0 || moves.some((row) => isDeed(row) && (row.do !== "propose" || leansOn(range, row)));
  }

  /**
   * Ask for something to be done, which is one step of undo unless it is an undo itself; returns its id.
   * @param {Asked} asked @param {Omit<PointStep, "edit">} [correction] what is left of it where it cannot be done
   */
  ask(asked, correction) {
    if (MOVING.has(asked.do) && isAnyLocked()) {
      this.editor.say("Not done: it would move what is locked.");
      return "";
    }
    const { store, author, window } = this.editor.data;
    const id = asked.edit?.id ?? `${window}.${newId()}`;
    this.told = "";
    this.editor.outbox.add({ ...asked, id, store, author, at: moment() });
    if (asked.do !== "undo") this.editor.history.push(this.step(id, asked, correction && { ...correction, edit: id }));
    this.editor.refresh();
    return id;
  }

  /** @param {string} id @param {Asked} asked at first @param {PointStep} [correction] @returns {DeedStep} */
  step(id, asked, correction) {
    const what = asked.what ?? deedWords(asked);
    return { edit: id, image: this.editor.frame?.id ?? 0, deed: true, kind: asked.do, what, correction };
  }

  /** Corrections that belong on the screen until the server gives them. @returns {Edit[]} */
  shown() {
    const given = new Map(this.editor.frame?.instances.map(({ id, revision }) => [id, revision ?? 0]));
    return this.settling.flatMap(({ edit, revision }) => ((given.get(edit.instance) ?? 0) < revision ? [edit] : []));
  }

  /** What is to be said of the last one. */
  sentence() {
    const { waiting, trouble } = this.editor.outbox;
    if (!waiting.some(isDeed)) return this.told;
    return trouble ? `Not done yet: ${trouble}…` : "Working…";
  }

  /** Take what the server has answered. */
  hear() {
    for (const { deed, answer, reason, correction } of this.editor.outbox.takeAnswered()) {
      if (answer) void this.done(deed, answer);
      else this.refused(deed, reason, correction);
    }
  }

  /** @param {Deed} deed @param {DeedAnswer} answer */
  async done(deed, { done, states, pictures }) {
    const { editor } = this;
    const settling = correctionOf(deed).map((edit) => ({ edit, revision: done.revision ?? 0 }));
    if ((done.edit ?? null) === null) editor.history.forgetWhere((step) => step.edit === deed.id);
    this.settling.push(...settling);
    this.setStates(states);
    this.renewing += 1;
    await editor.frames.renew(new Set(pictures));
    this.renewing -= 1;
    this.settling = this.settling.filter((each) => !settling.includes(each));
    if (editor.frames.closed) return; // another page is shown
    editor.takeFrame();
    editor.timeline.reload();
    this.tell(deedSentence(deed, { done, pictures }));
    editor.savings += 1;
    rest(editor);
  }

  /** @param {Record<string, string>} states of pictures by their ids */
  setStates(states) {
    const { editor } = this;
    /** @type {Map<number, number>} */
    const places = new Map();
    editor.order?.images.forEach((image, place) => places.set(image, place));
    for (const [image, state] of Object.entries(states)) editor.setState(Number(image), state, places.get(Number(image)) ?? -1);
  }

  /**
   * What cannot be done is said; a correction goes on by itself, and so does its step.
   * @param {Deed} deed @param {string} reason @param {Edit | null} correction
   */
  refused(deed, reason, correction) {
    if (correction) this.editor.history.keepCorrection(deed.id);
    this.editor.history.forgetWhere((step) => step.edit === deed.id && "deed" in step);
    this.editor.rebase();
    this.tell(correction ? `Corrected in this frame alone: ${reason}.` : `Not done: ${reason}.`);
  }

  /** @param {string} sentence */
  tell(sentence) {
    this.told = sentence;
    this.editor.say(sentence);
  }
}

/**
 * Take a step of a clip back, or do it again: both are an undo of what was done last.
 * @param {Editor} editor @param {DeedStep} step @param {import("./types.js").Step[]} other
 */
export function turnDeed(editor, step, other) {
  const { deeds } = editor.timeline;
  const { what, kind, edit } = step;
  const id = deeds.ask({ do: "undo", again: other === editor.history.done, kind, what, of: edit });
  other.push({ ...step, edit: id });
}
