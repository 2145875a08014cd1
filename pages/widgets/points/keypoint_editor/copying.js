// Copying: the pose from the picture before, which is the frame before in a clip.

import { ABSENT, Labels, allIndices, changeOf, noteOf, regionOf, rounded } from "./model.js";

/** @import { Editor } from "./editor.js" */
/** @import { Change, Frame, Instance } from "./types.js" */

/** Take the points of the picture before, all or those of the selected point's region. @param {Editor} editor @param {boolean} onlyRegion */
export async function copyPose(editor, onlyRegion) {
  const instance = editor.selectedInstance();
  const { opened, selection } = editor;
  if (!editor.mayEdit() || !instance) return undefined;
  if (onlyRegion && selection.point === null) return editor.say("Select a point first: its region is copied.");
  const frame = await frameBefore(editor);
  const target = opened !== null && editor.isOpen(opened) ? editor.instance(instance.id) : null;
  return frame && target && takePose(editor, frame, target, onlyRegion ? selection.point : null);
}

/** @param {Editor} editor @param {Frame} frame the picture before @param {Instance} target @param {number | null} point whose region is copied */
function takePose(editor, frame, target, point) {
  const source = likeness(editor, frame, target);
  if (!source || !editor.frame) return editor.say(`The picture before has no points of ${target.label ?? `this ${target.kind}`}.`);
  const region = point === null ? null : regionOf(target.skeleton, point);
  const indices = (region?.indices ?? allIndices(target)).filter((k) => source.points[k].v !== ABSENT);
  const moved = mover(source, target, frame, editor.frame);
  const note = region ? noteOf("edits.copy_region", region.name) : { code: "edits.copy", fields: {} };
  return editor.change(target, indices.map((k) => moved(changeOf(source, k))), note);
}

/** The picture before in the order, fetched where it is not here; null, and said, where there is none. @param {Editor} editor */
async function frameBefore(editor) {
  const { order, index, frames } = editor;
  if (!order || index < 1) {
    editor.say("No picture is before this one.");
    return null;
  }
  const id = order.images[index - 1];
  if (!frames.points(id)) await frames.fetchPoints([id]);
  const frame = frames.points(id);
  if (!frame) editor.say(`Not copied: ${frames.trouble || "the picture before is gone"}.`);
  return frame;
}

/**
 * The same face or body in another picture with the points that it has there, not yet saved ones too; null for none.
 * @param {Editor} editor @param {Frame} frame @param {Instance} target
 */
function likeness({ data, outbox }, frame, target) {
  const there = new Labels();
  there.receive(frame.instances.map((given) => outbox.fresher(given)), data.skeletons, outbox.shown(data.store));
  const source = there.likest(target);
  const same = source?.kind === target.kind && source.skeleton.names.join() === target.skeleton.names.join();
  return same && source.points.some(({ v }) => v !== ABSENT) ? source : null;
}

/**
 * Where a point of one picture lies in another: within a clip where it was, else as it lies in the box.
 * @param {Instance} source @param {Instance} target @param {Frame} from @param {Frame} to
 * @returns {(change: Change) => Change}
 */
function mover({ box: there }, { box: here }, from, to) {
  const sameClip = from.clip !== null && from.clip.video === to.clip?.video;
  if (sameClip || !there || !here) return (change) => change;
  const [wide, high] = [(here[2] - here[0]) / (there[2] - there[0]), (here[3] - here[1]) / (there[3] - there[1])];
  if (!(wide > 0 && high > 0 && Number.isFinite(wide * high))) return (change) => change;
  return ([k, x, y, v]) => {
    if (v === ABSENT) return [k, null, null, v];
    return [k, rounded(here[0] + (x - there[0]) * wide), rounded(here[1] + (y - there[1]) * high), v];
  };
}
