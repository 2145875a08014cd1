// Deeds: what is done to many frames of a clip at once. They go to one door, one after another, each with its own id:
// sent again, it is done once. What is not answered is kept by the browser and sent again by the next tab.

import { moment, newId } from "../../shared/outbox/outbox.js";
import { rest } from "./going.js";
import { isAnyLocked } from "./holding.js";
import { dropKept, keepText, keptPlaces, recallKept } from "./keeping.js";
import { deedSentence, deedWords, TOLD } from "./telling.js";

/** @import { Editor } from "./editor.js" */
/** @import { Deed, DeedAnswer, DeedStep, Edit } from "./types.js" */

const DOOR = "/api/clip/edits";
const DEED_ANSWER_IN = 600000; // ms: thousands of frames may be followed
const DEED_AGAIN = 1500; // ms after which what came to nothing is tried again
const EDITS_FIRST = 60; // ms after which it is looked again whether the edits made before have arrived
const MOVING = new Set(["propose", "reset", "swap_sides"]); // which cannot leave single points alone
const DEED_PLACE = "facet.deed.";

export class Deeds {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    /** @type {Deed[]} */
    this.waiting = []; // the oldest first
    /** @type {Deed[]} */
    this.settling = []; // done, but what has come of it is not on screen yet
    /** @type {Map<string, number>} */
    this.numbers = new Map(); // of what is done, under which it is taken back
    this.sending = false;
    this.trouble = "";
    this.told = ""; // what came of the last one
    /** @type {number | undefined} */
    this.timer = undefined;
    this.store = "";
  }

  /** Take up what an earlier tab could not get rid of. @param {string} store */
  keepFor(store) {
    if (store === this.store) return;
    this.store = store;
    const known = new Set(this.waiting.map(({ id }) => id));
    const deeds = keptPlaces("browser", DEED_PLACE).map((place) => /** @type {Deed} */ (recallKept("browser", place)));
    this.waiting.unshift(...deeds.filter((deed) => deed?.store === store && deed.do in TOLD && !known.has(deed.id)));
    this.waiting.sort((one, other) => one.at - other.at);
    for (const deed of this.waiting) this.goAhead(deed);
    if (this.waiting.length) this.later(0);
  }

  /**
   * Ask for something to be done, which is one step of undo unless it is an undo itself; returns its id.
   * @param {Record<string, unknown> & { do: string }} asked
   */
  ask(asked) {
    if (MOVING.has(asked.do) && isAnyLocked()) {
      this.editor.say("Not done: it would move what is locked.");
      return "";
    }
    const { data } = this.editor;
    const id = `${data.window}.${newId()}`;
    this.add({ ...asked, id, store: data.store, author: data.author, at: moment() });
    if (asked.do !== "undo") this.editor.history.push(this.step(id, deedWords(asked)));
    return id;
  }

  /** @param {string} id @param {string} [what] was done, in words @returns {DeedStep} */
  step(id, what) {
    return { edit: id, image: this.editor.frame?.id ?? 0, deed: null, what };
  }

  /** @param {Deed} deed */
  add(deed) {
    this.waiting.push(deed);
    this.goAhead(deed);
    keepText("browser", DEED_PLACE + deed.id, JSON.stringify(deed));
    this.trouble = "";
    this.told = "";
    this.later(0);
    this.editor.refresh();
  }

  /** What is done after a correction waits for it: who accepts a picture has seen it. @param {Deed} deed */
  goAhead({ edit }) {
    if (typeof edit === "object") this.editor.outbox.ahead.set(edit.id, edit.at);
  }

  /** Edits of points among these, which belong on the screen. @returns {Edit[]} */
  shown() {
    return [...this.settling, ...this.waiting].flatMap(({ edit }) => (typeof edit === "object" ? [edit] : []));
  }

  /** @param {number} delay ms */
  later(delay) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.send(), delay);
  }

  async send() {
    const [deed] = this.waiting;
    if (this.sending || !deed) return;
    const { outbox } = this.editor;
    if (outbox.waiting.some(({ at }) => at < deed.at)) {
      outbox.hurry();
      this.later(EDITS_FIRST);
      return;
    }
    this.sending = true;
    const wait = await this.sent(deed);
    this.sending = false;
    if (this.waiting.length) this.later(wait);
    this.editor.refresh();
  }

  /** Send one; returns after how many ms the next may go. @param {Deed} deed */
  async sent(deed) {
    try {
      const answer = await fetch(DOOR, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: JSON.stringify(this.body(deed)),
        signal: AbortSignal.timeout(DEED_ANSWER_IN),
      });
      const content = await answer.json().catch(() => null);
      if (answer.status >= 500 || !content) throw new Error(content?.error ?? `the server answered ${answer.status}`);
      this.drop(deed);
      if (answer.ok) await this.done(deed, content);
      else this.refused(deed, content.error);
      return 0;
    } catch (error) {
      this.trouble = error instanceof TypeError ? "the server cannot be reached" : String(error);
      return DEED_AGAIN;
    }
  }

  /** An undo names what it takes back by the number that the server has given to that. @param {Deed} deed */
  body({ of: earlier, at: _, again: __, what: ___, ...deed }) {
    return earlier === undefined ? deed : { ...deed, edit: this.numbers.get(earlier) ?? 0 };
  }

  /** @param {Deed} deed */
  drop(deed) {
    this.trouble = "";
    this.waiting = this.waiting.filter(({ id }) => id !== deed.id);
    dropKept("browser", DEED_PLACE + deed.id);
    if (typeof deed.edit === "object") this.editor.outbox.ahead.delete(deed.edit.id);
    this.editor.outbox.hurry();
  }

  /** @param {Deed} deed @param {DeedAnswer} answer */
  async done(deed, answer) {
    const { editor } = this;
    const number = answer.done.edit ?? null;
    if (number === null) editor.history.forgetWhere((step) => step.edit === deed.id);
    else this.number(deed.id, number);
    if (editor.frames.closed) return; // another page is shown
    this.settling.push(deed);
    this.setStates(answer.states);
    await editor.frames.renew(new Set(answer.pictures));
    this.settling = this.settling.filter(({ id }) => id !== deed.id);
    editor.takeFrame();
    editor.timeline.reload();
    this.tell(deedSentence(deed, answer));
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

  /** Remember under which number something can be taken back. @param {string} id @param {number} number */
  number(id, number) {
    const { history } = this.editor;
    this.numbers.set(id, number);
    for (const step of [...history.done, ...history.undone]) if ("deed" in step && step.edit === id) step.deed = number;
    history.keep();
  }

  /**
   * What cannot be done is said. The correction in a refused ripple goes on as an edit of its own: it is a hand's work.
   * @param {Deed} deed @param {string} reason
   */
  refused(deed, reason) {
    const { editor } = this;
    editor.history.forgetWhere((step) => step.edit === deed.id);
    if (typeof deed.edit === "object") editor.outbox.add({ ...deed.edit, id: `${editor.data.window}.${newId()}`, at: moment() });
    editor.rebase();
    this.tell(`Not done: ${reason}.`);
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
  const { what, image } = step;
  const which = step.deed === null ? { of: step.edit } : { edit: step.deed };
  const id = deeds.ask({ do: "undo", again: other === editor.history.done, what, ...which });
  other.push({ ...deeds.step(id, what), image });
}
