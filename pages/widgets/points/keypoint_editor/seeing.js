// Seeing: how pictures are looked at and played, and which frames are marked, over a reload of the tab.

import { dropKept, keepText, recallKept } from "./keeping.js";
import { SPEEDS } from "./playing.js";

/** @import { Editor } from "./editor.js" */
/** @import { Labelling, Range } from "./types.js" */

const VIEW_PLACE = "facet.view";
const RANGE_PLACE = "facet.range.";
/** @type {("edges" | "sureness" | "ghost" | "loupe")[]} */
const SEEN = ["edges", "sureness", "ghost", "loupe"];
/** @type {("trail" | "curve")[]} */
const SEEN_OF_CLIPS = ["trail", "curve"];
/** @type {Labelling[]} */
const LABELLINGS = ["some", "all", "none"];

/** What is kept, as text. @param {Editor} editor */
function viewText({ options, timeline }) {
  const { player: { speed, loop }, ripple: { width } } = timeline;
  const own = SEEN.map((name) => [name, options[name]]);
  const ofClips = SEEN_OF_CLIPS.map((name) => [name, timeline[name]]);
  return JSON.stringify({ ...Object.fromEntries([...own, ...ofClips]), labels: options.labels, speed, loop, width });
}

/** Look at pictures as before the reload; what is damaged is left out. @param {Editor} editor */
export function recallView({ options, timeline }) {
  const kept = recallKept("tab", VIEW_PLACE) ?? {};
  for (const name of SEEN) if (typeof kept[name] === "boolean") options[name] = kept[name];
  for (const name of SEEN_OF_CLIPS) if (typeof kept[name] === "boolean") timeline[name] = kept[name];
  if (LABELLINGS.includes(kept.labels)) options.labels = kept.labels;
  if (SPEEDS.includes(kept.speed)) timeline.player.speed = kept.speed;
  timeline.player.loop = kept.loop === true;
  if (Number.isInteger(kept.width) && kept.width > 0) timeline.ripple.width = kept.width;
}

/** Keep what has changed since it was kept last. @param {Editor} editor */
export function keepView(editor) {
  const { timeline } = editor;
  const text = viewText(editor);
  if (text !== timeline.kept) keepText("tab", VIEW_PLACE, text);
  timeline.kept = text;
}

/** @param {Editor} editor @param {number} video */
function rangePlace({ data }, video) {
  return `${RANGE_PLACE}${data.store}.${video}`;
}

/** The range that was marked in a clip. @param {Editor} editor @param {number} video @returns {Range | null} */
export function recallRange(editor, video) {
  const { first, last } = recallKept("tab", rangePlace(editor, video)) ?? {};
  return Number.isInteger(first) && Number.isInteger(last) && first >= 0 && first <= last ? { first, last } : null;
}

/** @param {Editor} editor */
export function keepRange(editor) {
  const { range, video } = editor.timeline;
  const place = rangePlace(editor, video);
  if (range) keepText("tab", place, JSON.stringify(range));
  else dropKept("tab", place);
}
