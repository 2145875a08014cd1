// Ranges: frames of a clip from one to another, marked on the timeline, and what is done to all of them at once.

import { nth, rangeInWords } from "./clips.js";
import { keepRange } from "./seeing.js";
import { countOf } from "./telling.js";

/** @import { Editor } from "./editor.js" */
/** @import { Clip } from "./clips.js" */
/** @import { Range } from "./types.js" */

const MOST_SEEN = 10000; // revisions that the server takes at once
const SEEN_AT_ONCE = 48; // pictures of one request
const FOLLOWED = 60; // frames on or back where no range says how far

// ---- Marking --------------------------------------------------------------------------------

/** @param {Editor} editor */
export function markFirst(editor) {
  const number = editor.frame?.clip?.frame;
  if (number === undefined) return sayNoClip(editor);
  return mark(editor, number, Math.max(editor.timeline.range?.last ?? number, number));
}

/** @param {Editor} editor */
export function markLast(editor) {
  const number = editor.frame?.clip?.frame;
  if (number === undefined) return sayNoClip(editor);
  return mark(editor, Math.min(editor.timeline.range?.first ?? number, number), number);
}

/** @param {Editor} editor @param {number} first @param {number} last */
export function mark(editor, first, last) {
  editor.timeline.range = { first, last };
  keepRange(editor);
  editor.timeline.touch();
  editor.say(`Range: ${rangeInWords({ first, last })}.`);
}

/** @param {Editor} editor */
export function unmark(editor) {
  editor.timeline.range = null;
  keepRange(editor);
  editor.timeline.touch();
}

/** @param {Editor} editor */
function sayNoClip(editor) {
  editor.say("This picture is no frame of a clip.");
}

// ---- Of whom --------------------------------------------------------------------------------

/**
 * The track that is meant: that of the selected face or body, null for everything; undefined where there is none, which
 * is said.
 * @param {Editor} editor
 */
export function meantTrack(editor) {
  if (editor.timeline.everything) return null;
  const track = editor.selectedInstance()?.track;
  if (typeof track === "number") return track;
  editor.say("Choose a face or a body first, or everything.");
  return undefined;
}

/**
 * The range with the clip and the track that are meant, as the door takes them; null where one is missing, which is said.
 * @param {Editor} editor
 */
function rangeAsked(editor) {
  const { clip, range } = editor.timeline;
  if (!clip || !range) editor.say("Mark a range first: ( where it begins and ) where it ends.");
  const track = clip && range && editor.mayEdit() ? meantTrack(editor) : undefined;
  return clip && range && track !== undefined ? { video: clip.video, ...range, track } : null;
}

// ---- What is done ---------------------------------------------------------------------------

/** @param {Editor} editor @param {"reset" | "swap_sides"} deed */
function simplyDo(editor, deed) {
  const asked = rangeAsked(editor);
  editor.commitDraft();
  if (asked) editor.timeline.deeds.ask({ do: deed, ...asked });
}

/** @param {Editor} editor */
export function resetRange(editor) {
  simplyDo(editor, "reset");
}

/** @param {Editor} editor */
export function swapRange(editor) {
  simplyDo(editor, "swap_sides");
}

/** @param {Editor} editor @param {string} reason */
export function excludeRange(editor, reason) {
  const { clip, range } = editor.timeline;
  if (!clip || !range) return editor.say("Mark a range first: ( where it begins and ) where it ends.");
  if (!reason.trim()) return editor.say("Say why these frames are left out.");
  return editor.mayEdit() && editor.timeline.deeds.ask({ do: "exclude", video: clip.video, ...range, reason });
}

/** Vouch for the points of a range: those that the editor has shown, or has here to be shown. @param {Editor} editor */
export async function acceptRange(editor) {
  const asked = rangeAsked(editor);
  const { clip } = editor.timeline;
  if (!asked || !clip) return undefined;
  const images = clip.between(asked.first, asked.last);
  const here = new Set(editor.order?.images);
  const hidden = images.filter((image) => !here.has(image)).length;
  if (hidden) return editor.say(`Not accepted: the list leaves out ${countOf(hidden, "frame")} of this range.`);
  editor.commitDraft();
  if (editor.timeline.deeds.movesIn({ do: "accept", ...asked })) {
    return editor.say("Not accepted yet: what was done before is still being saved.");
  }
  const seen = await seenIn(editor, images, asked.track);
  if (!seen) return editor.say(`Not accepted: ${editor.frames.trouble}.`);
  if (seen.length > MOST_SEEN) return editor.say(`Not accepted: mark a shorter range, of ${MOST_SEEN} faces and bodies at most.`);
  return editor.timeline.deeds.ask({ do: "accept", ...asked, seen });
}

/**
 * The revisions of a track, or of all, in these pictures; some too many where there are; null where they do not come.
 * @param {Editor} editor @param {number[]} images @param {number | null} track
 */
async function seenIn({ frames }, images, track) {
  /** @type {number[]} */
  const seen = [];
  for (let start = 0; start < images.length; start += SEEN_AT_ONCE) {
    const part = await frames.have(images.slice(start, start + SEEN_AT_ONCE));
    if (!part) return null;
    const meant = part.flatMap(({ instances }) => instances).filter((each) => track === null || each.track === track);
    seen.push(...meant.flatMap(({ revision }) => (revision === null ? [] : [revision])));
    if (seen.length > MOST_SEEN) break;
  }
  return seen;
}

// ---- Proposing ------------------------------------------------------------------------------

/** Fill what lies between the frames of the range that a hand has set. @param {Editor} editor */
export function interpolateRange(editor) {
  const asked = rangeAsked(editor);
  editor.commitDraft();
  if (asked) editor.timeline.deeds.ask({ do: "propose", method: "interpolate", ...asked });
}

/** Follow the points from here by optical flow. @param {Editor} editor @param {1 | -1} direction */
export function followFlow(editor, direction) {
  const { clip, range, deeds } = editor.timeline;
  const first = editor.frame?.clip?.frame;
  if (!clip || first === undefined) return sayNoClip(editor);
  const track = editor.mayEdit() ? meantTrack(editor) : undefined;
  if (track === undefined) return undefined;
  editor.commitDraft();
  const last = wayOf(clip, range, first, direction);
  if (last === first) return editor.say("There is no frame to follow the points to.");
  editor.say(`Following the points to frame ${nth(last)}…`);
  return deeds.ask({ do: "propose", method: "flow", video: clip.video, first, last, track });
}

/** How far points would be followed from here, back and on; "" outside of a clip. @param {Editor} editor */
export function wayInWords({ timeline: { clip, range }, frame }) {
  const from = frame?.clip?.frame;
  if (!clip || from === undefined) return "";
  const found = [wayOf(clip, range, from, -1), wayOf(clip, range, from, 1)].filter((end) => end !== from);
  const ends = `to frame ${found.map(nth).join(" or ")}`;
  if (range && isAround(range, from)) return `${ends}, the ends of the range`;
  return `${ends}, ${FOLLOWED} at most${range ? ": this frame is outside of the range" : ""}`;
}

/** @param {Range} range @param {number} frame */
function isAround(range, frame) {
  return frame >= range.first && frame <= range.last && range.last > range.first;
}

/** How far points are followed: to the end of the range around, else some frames. @param {Clip} clip @param {Range | null} range @param {number} from @param {1 | -1} direction */
function wayOf(clip, range, from, direction) {
  if (range && isAround(range, from)) return direction > 0 ? range.last : range.first;
  return clip.beyond(from, direction * FOLLOWED);
}
