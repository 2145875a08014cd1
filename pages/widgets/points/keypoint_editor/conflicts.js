// Conflicts: two people have moved the same point. Both places are shown, how far apart they are, and what can be done.

import { andBack, make, setText, textButton } from "./elements.js";
import { ABSENT } from "./model.js";
import { goToImage } from "./going.js";

/** @import { Editor } from "./editor.js" */
/** @import { Edit, GivenInstance, Place, Skeleton } from "./types.js" */

/** The refused edits of points. @param {Editor} editor @returns {Edit[]} */
function contested({ outbox }) {
  return outbox.refused.flatMap((edit) => (edit.changes ? [edit] : []));
}

/**
 * How far apart the two places are, in pixels and as NME; "" where nothing of it is on screen.
 * @param {Editor} editor
 */
function apartSentence(editor) {
  const found = contested(editor).flatMap(({ instance: id, changes }) => {
    const [mine, theirs] = [editor.labels.instances.get(id), editor.frame?.instances.find((each) => each.id === id)];
    if (!mine || !theirs) return [];
    const scale = normaliser(theirs, mine.skeleton);
    return changes.flatMap(([k]) => {
      const [there] = placeOf(theirs.points[k]);
      const point = mine.points[k];
      if (!there || point.v === ABSENT) return [];
      return [{ name: mine.skeleton.names[k], length: distance([point.x, point.y], there), scale }];
    });
  });
  return found.length ? sentenceOf(found) : "";
}

/** @param {{ name: string, length: number, scale: { name: string, length: number } | null }[]} found */
function sentenceOf(found) {
  const what = found.length === 1 ? found[0].name : `${found.length} points`;
  const mean = found.reduce((sum, { length }) => sum + length, 0) / found.length;
  const shares = found.flatMap(({ length, scale }) => (scale ? [length / scale.length] : []));
  const share = shares.reduce((sum, each) => sum + each, 0) / shares.length;
  const nme = shares.length ? `, NME ${(100 * share).toFixed(1)} % (${found[0].scale?.name})` : "";
  return `${what}: ${mean.toFixed(1)} pixels apart${nme}`;
}

/**
 * What an error is divided by: the distance that the skeleton names where both of its points are there, else the
 * diagonal of the box.
 * @param {GivenInstance} theirs @param {Skeleton} skeleton
 */
function normaliser(theirs, skeleton) {
  const ends = (skeleton.normaliser ?? []).flatMap((k) => placeOf(theirs.points[k]));
  const own = ends.length === 2 ? distance(ends[0], ends[1]) : 0;
  if (own > 0) return { name: skeleton.unit, length: own };
  const box = theirs.box;
  const length = box ? distance([box[0], box[1]], [box[2], box[3]]) : 0;
  return length > 0 ? { name: "box diagonal", length } : null;
}

/** @param {GivenInstance["points"][number] | undefined} row @returns {Place[]} none where the point is absent */
function placeOf(row) {
  const [x, y] = row ?? [null, null];
  return x === null || y === null ? [] : [[x, y]];
}

/** @param {Place} a @param {Place} b */
function distance(a, b) {
  return Math.hypot(a[0] - b[0], a[1] - b[1]);
}

/** The picture that a refused edit is of, where it is another one than the one on screen; null else. @param {Editor} editor */
function contestedElsewhere(editor) {
  const first = contested(editor).find(({ instance }) => !editor.labels.instances.has(instance));
  return first ? (editor.history.done.find(({ edit }) => edit === first.id)?.image ?? null) : null;
}

/** @param {Editor} editor */
function lookAtContested(editor) {
  const image = contestedElsewhere(editor);
  if (image !== null) goToImage(editor, image);
}

// ---- What can be done -----------------------------------------------------------------------

/** @param {Editor} editor */
export function buildAsk(editor) {
  const parts = {
    why: make("span", { class: "why" }),
    apart: make("span", { class: "apart" }),
    look: textButton(editor, "Look at it", andBack(editor, () => lookAtContested(editor))),
    keep: textButton(editor, "Keep mine", andBack(editor, () => editor.outbox.keep())),
    discard: textButton(editor, "Discard mine", andBack(editor, () => editor.discard())),
  };
  const attributes = { class: "ask", role: "group", "aria-label": "Not saved: what shall hold" };
  return { ...parts, ask: make("div", attributes, parts.why, parts.apart, parts.look, parts.keep, parts.discard) };
}

/** What is said where something is refused; of a point that two people moved, whose place it shall have. @param {Editor} editor */
export function refreshAsk(editor) {
  const { parts, outbox } = editor;
  const { refused } = outbox;
  const apart = apartSentence(editor);
  const { keep, discard } = outbox.choice();
  setText(parts.why, refused.length ? `Not saved: ${outbox.sentence()}.` : "");
  setText(parts.apart, apart);
  parts.apart.hidden = !apart;
  parts.look.hidden = contestedElsewhere(editor) === null;
  parts.ask.hidden = !refused.length;
  setText(parts.keep, keep ?? "");
  setText(parts.discard, discard);
}
