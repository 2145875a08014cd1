// Telling: what was done, taken back and done again, in a few words.

import { nth } from "./clips.js";

/** @import { Editor } from "./editor.js" */
/** @import { Asked, Deed, DeedAnswer, Frame, Note, Step } from "./types.js" */

/** @type {Record<string, string>} */
const POINT_WORDS = {
  move: "{name} moved",
  nudge: "{name} nudged",
  place: "{name} placed",
  make_absent: "{name} made absent",
  make_hidden: "{name} made occluded",
  make_visible: "{name} made visible",
  mirror: "left and right swapped",
  mirror_region: "left and right of {name} swapped",
  turn: "{name} turned",
  scale: "{name} scaled",
  reset: "points as the model had them",
  reset_to_model: "{name} as the model had it",
  copy: "points copied",
  copy_region: "{name} copied",
};
const VERDICT_WORDS = { accept: "accepted", take_back: "acceptance taken back" };
const BOX_WORDS = { draw: "box drawn", move: "box moved", remove: "box taken away", bring_back: "box brought back" };
/** @type {Record<string, string>} */
const DEED_WORDS = {
  flow: "points followed",
  interpolate: "points interpolated",
  accept: "accepted",
  exclude: "left out",
  reset: "points as they were predicted",
  swap_sides: "left and right swapped",
  join: "tracks joined",
  cut: "track cut",
  swap_tracks: "tracks swapped",
  name: "track named",
};

const OF_TRACKS = new Set(["join", "cut", "swap_tracks", "name"]); // in however many frames

/** What a picture is called; of a clip, with the number of the frame. @param {Frame} frame */
export function nameInWords({ name, clip }) {
  return clip ? `${name.slice(0, name.lastIndexOf("/"))} · frame ${nth(clip.frame)}` : name;
}

/** What an edit of points did. @param {Note} note */
export function noteWords({ code, fields }) {
  return (POINT_WORDS[code.replace("edits.", "")] ?? "points changed").replace("{name}", fields.name ?? "");
}

/** What is asked to be done to frames of a clip. @param {Asked} asked */
export function deedWords({ do: deed, method }) {
  return DEED_WORDS[deed === "propose" ? String(method) : deed] ?? "frames changed";
}

/** @param {Step} step */
function stepWords(step) {
  if ("verdict" in step) return VERDICT_WORDS[step.verdict];
  if ("box" in step) return BOX_WORDS[step.box.act];
  return "deed" in step ? (step.what ?? "frames changed") : noteWords(step.note);
}

/**
 * Say which step was taken back or done again, and what of it was not.
 * @param {Editor} editor @param {Step} step @param {Step[]} to the list that it has gone to
 * @param {number} [stay] points that somebody else has changed since
 */
export function tellTurned(editor, step, to, stay = 0) {
  editor.say(turnedSentence(to === editor.history.done, stepWords(step), stay ? `${stay} of its points` : ""));
}

/** @param {boolean} again @param {string} what @param {string} stay what somebody else has changed since */
function turnedSentence(again, what, stay) {
  return `${again ? "Done again" : "Undone"}: ${what}${stay ? `; ${stay} changed since, and stay` : ""}.`;
}

// ---- Frames of a clip -----------------------------------------------------------------------

/** @typedef {DeedAnswer["done"] & { around: string, places: number, what: string, again: boolean }} Told */

/** @type {Record<string, (done: Told) => string>} */
const TOLD = {
  propose: ({ frames = 0, stopped_at: stopped, reason }) => `Proposed in ${countOf(frames, "frame")}${stoppedAt(stopped, reason)}.`,
  ripple: ({ instances }) => {
    const beside = Array.isArray(instances) ? instances.length - 1 : 0;
    return beside ? `Corrected, fading over ${countOf(beside, "frame")} around.` : "Corrected in this frame alone.";
  },
  accept: ({ places, around, left }) =>
    places ? `Accepted${around}${besides(left, "accepted before, or without points")}.` : "Nothing to accept: all is accepted, or without points.",
  exclude: ({ pictures = 0, left }) =>
    pictures ? `Left out ${countOf(pictures, "frame")}${besides(left, "left out before")}.` : "Nothing to leave out: all of it is.",
  reset: ({ places, around, left }) =>
    places ? `As predicted${around}${besides(left, "without another prediction")}.` : "Nothing is changed: no model has said anything else.",
  swap_sides: ({ places, around, left }) =>
    places ? `Swapped left and right${around}${besides(left, "without points")}.` : "Nothing to swap: there are no points.",
  join: () => "Joined: one track now.",
  cut: () => "Cut: from here on it is another track.",
  swap_tracks: () => "Swapped from here on.",
  name: ({ person }) => `Named, in all of its frames.${person ? " This is undone on the People page." : ""}`,
  undo: ({ what, around, kept, again }) => turnedSentence(again, `${what}${around}`, kept ? String(kept) : ""),
};

/** What came of a deed. @param {Deed} deed @param {Pick<DeedAnswer, "done" | "pictures">} answer */
export function deedSentence({ do: deed, kind = deed, what = "frames changed", again = false }, { done, pictures }) {
  const places = pictures.length;
  const around = places > 1 && !OF_TRACKS.has(kind) ? ` in ${countOf(places, "frame")}` : "";
  return TOLD[deed]({ ...done, places, around, what, again });
}

/** @param {number | null | undefined} frame @param {string | null | undefined} reason */
function stoppedAt(frame, reason) {
  return typeof frame === "number" ? `; stopped at frame ${nth(frame)}: ${reason}` : "";
}

/** @param {number | undefined} count @param {string} why it is as it was */
function besides(count, why) {
  return count ? `; ${count} ${why}` : "";
}

/** @param {number} count @param {string} what */
export function countOf(count, what) {
  return `${count || "no"} ${what}${count === 1 ? "" : "s"}`;
}
