// Ripple: a correction that fades over the frames around. While it is on, whatever is moved is moved there too.

import { moment, newId } from "../../shared/outbox/outbox.js";
import { fetchFade } from "./clips.js";
import { ABSENT } from "./model.js";
import { noteWords } from "./telling.js";

/** @import { Editor } from "./editor.js" */
/** @import { Change, Instance, PointStep } from "./types.js" */

const WIDEST = 1000; // frames on each side
const ASK_FADE = 150; // ms that the hand rests before it is asked which frames would move

export class Ripple {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.on = false;
    this.width = 8; // frames on each side
    this.held = false; // the key
    this.code = ""; // which one
    this.wasOn = false; // before it was pressed
    /** @type {[number, number][]} */
    this.fade = []; // number of a frame, share of the correction; the nearest frames first
    this.asked = "";
    /** @type {number | undefined} */
    this.timer = undefined;
  }

  /** @param {boolean} on */
  turn(on) {
    this.on = on;
    const { editor } = this;
    if (!editor.frame?.clip) editor.say("Only in the frames of a clip can a correction fade over the frames around.");
    else editor.say(on ? `Corrections fade over ${this.width} frames on each side.` : "Corrections are of this frame alone.");
    editor.timeline.touch();
  }

  /** @param {number} width */
  widen(width) {
    this.width = Math.min(Math.max(Math.round(width) || 1, 1), WIDEST);
    this.wasOn = false; // a key that is held for this does not turn it off
    if (this.on) this.turn(true);
    else this.editor.refresh();
  }

  /** Have the frames that a correction of the selected face or body would move, for the bell over the timeline. */
  follow() {
    const { editor } = this;
    const instance = editor.selectedInstance();
    const clip = editor.frame?.clip;
    const key = this.on && clip && instance ? `${instance.id} ${instance.revision} ${this.width}` : "";
    if (key === this.asked) return;
    this.asked = key;
    this.fade = [];
    editor.timeline.touch();
    clearTimeout(this.timer);
    if (clip && instance && key) this.timer = setTimeout(() => void this.ask(instance.id, clip.frame, key), ASK_FADE);
  }

  /** @param {number} instance @param {number} here the number of its frame @param {string} key */
  async ask(instance, here, key) {
    const fade = await fetchFade(instance, this.width).catch(() => []); // the door says what is wrong with it
    if (key !== this.asked) return;
    this.fade = fade.sort(([one], [other]) => Math.abs(one - here) - Math.abs(other - here));
    this.editor.timeline.touch();
  }
}

/** A key that is held widens with the wheel; pressed alone it turns on or off. @param {Editor} editor @param {Event} [event] */
export function pressRipple(editor, event) {
  const { ripple } = editor.timeline;
  if (event instanceof KeyboardEvent && event.repeat) return;
  ripple.wasOn = ripple.on;
  ripple.held = event instanceof KeyboardEvent;
  if (event instanceof KeyboardEvent) ripple.code = event.code;
  ripple.turn(ripple.held || !ripple.on);
}

/** @param {Editor} editor */
export function turnRipple({ timeline: { ripple } }) {
  ripple.turn(!ripple.on);
}

/** @param {Editor} editor */
export function releaseRipple(editor) {
  const { ripple } = editor.timeline;
  if (ripple.held && ripple.wasOn) ripple.turn(false);
  ripple.held = false;
}

/**
 * Over how many frames changes are to fade, 0 where they are an edit like others: only what is moved can.
 * @param {Editor} editor @param {Change[]} before @param {Change[]} after
 */
export function fadeOf({ timeline: { ripple }, frame }, before, after) {
  return ripple.on && frame?.clip && after.some((change, i) => movesFrom(before[i], change)) ? ripple.width : 0;
}

/** @param {Change} one @param {Change} other */
function movesFrom([, ax, ay, av], [, bx, by, bv]) {
  return av !== ABSENT && bv !== ABSENT && (ax !== bx || ay !== by);
}

/**
 * Show a correction, and ask for it with its fade as one step.
 * @param {Editor} editor @param {Instance} instance @param {Pick<PointStep, "before" | "after" | "note">} done @param {number} width
 */
export function sendRipple(editor, instance, { before, after: changes, note }, width) {
  const { data } = editor;
  const after = editor.unsaved().filter((edit) => edit.instance === instance.id).map(({ id: each }) => each);
  const [id, at, { store, author }] = [`${data.window}.${newId()}`, moment(), data];
  const edit = { id, store, author, instance: instance.id, base: instance.revision, after, changes, note, at };
  editor.labels.apply(instance.id, changes);
  editor.timeline.deeds.ask({ do: "ripple", edit, width, what: `${noteWords(note)}, fading` }, {
    image: editor.frame?.id ?? 0, instance: instance.id, before, after: changes, note,
  });
}
