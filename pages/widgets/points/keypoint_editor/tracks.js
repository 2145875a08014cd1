// Tracks: one name and one colour for a face or a body through the frames of a clip, its trail, and decisions about it.

import { trackColour } from "./clips.js";
import { ABSENT } from "./model.js";
import { fadedShape } from "./preview.js";

/** @import { Editor } from "./editor.js" */
/** @import { Frame, Instance } from "./types.js" */

const TRAIL = 8; // frames before and after

/** Give every face and body on screen the name and the colour of its track. @param {Editor} editor */
export function nameTracks({ labels, timeline }) {
  for (const instance of labels.instances.values()) {
    const track = instance.track === null ? undefined : timeline.tracks.get(instance.track);
    instance.title = track?.title;
    instance.colour = track && trackColour(track);
  }
}

/** @param {Editor} editor */
export function toggleTrail(editor) {
  editor.timeline.trail = !editor.timeline.trail;
  editor.say(editor.timeline.trail ? "Trail: where the points are in the frames around." : "No trail.");
}

/** Where the points of the selected face or body are in the frames around. @param {Editor} editor */
export function drawTrail(editor) {
  const instance = editor.timeline.trail ? editor.selectedInstance() : null;
  if (!instance || typeof instance.track !== "number") return;
  const { ctx, view } = editor;
  const shapes = neighbours(editor, instance);
  ctx.save();
  ctx.lineWidth = 1.25;
  ctx.strokeStyle = instance.colour ?? "#ffffff";
  shapes.forEach(([shape, next, far]) => {
    ctx.globalAlpha = 0.75 * (1 - far / (TRAIL + 1));
    ctx.beginPath();
    shape.forEach(([x, y, v], k) => {
      const [nextX, nextY, nextV] = next[k] ?? [null, null, ABSENT];
      if (v === ABSENT || nextV === ABSENT || x === null || y === null || nextX === null || nextY === null) return;
      ctx.moveTo(...view.toScreen(x, y));
      ctx.lineTo(...view.toScreen(nextX, nextY));
    });
    ctx.stroke();
  });
  ctx.restore();
}

/** @typedef {(number | null)[][]} Shape rows of x, y, visibility */

/**
 * Pairs of shapes of a track in frames that follow one another, with how far they are away, as far as they are here.
 * @param {Editor} editor @param {Instance} instance @returns {[Shape, Shape, number][]}
 */
function neighbours(editor, instance) {
  const own = instance.points.map(({ x, y, v }) => [x, y, v]);
  return [1, -1].flatMap((direction) => {
    /** @type {[Shape, Shape, number][]} */
    const pairs = [];
    let last = own;
    for (let far = 1; far <= TRAIL; far += 1) {
      const shape = shapeAt(editor, editor.index + far * direction, instance.track);
      if (!shape) break;
      pairs.push([last, shape, far - 1]);
      last = shape;
    }
    return pairs;
  });
}

/** @param {Editor} editor @param {number} index @param {number | null} track @returns {Shape | null} */
function shapeAt(editor, index, track) {
  const there = editor.frames.points(editor.order?.images[index] ?? -1);
  if (!there || sceneOf(there) !== sceneOf(editor.frame)) return null;
  const points = there.instances.find((instance) => instance.track === track)?.points;
  return points ? fadedShape(editor, there.clip?.frame ?? -1, points) : null;
}

/** The points of a track in a frame of the clip, where they are here. @param {Editor} editor @param {number} number @param {number | null} track @returns {Shape | null} */
export function shapeOfTrack({ frames, timeline: { clip } }, number, track) {
  const there = frames.points(clip?.imageOf(number) ?? -1);
  return there?.instances.find((instance) => instance.track === track)?.points ?? null;
}

/** @param {Frame | null} frame */
function sceneOf(frame) {
  return frame?.clip ? `${frame.clip.video} ${frame.clip.scene}` : "";
}

// ---- Decisions ------------------------------------------------------------------------------

/** The other tracks of its kind. @param {Editor} editor */
export function otherTracks(editor) {
  const instance = editor.selectedInstance();
  return [...editor.timeline.tracks.values()].filter(({ id, kind }) => id !== instance?.track && kind === instance?.kind);
}

/** @param {Editor} editor @param {"cut" | "join" | "swap_tracks"} deed */
export function decideTrack(editor, deed) {
  const track = editor.selectedInstance()?.track;
  const frame = editor.frame?.clip?.frame;
  if (typeof track !== "number" || frame === undefined) return editor.say("Choose a face or a body of a clip first.");
  const other = editor.timeline.other;
  if (deed !== "cut" && other === null) return editor.say("Choose the other track first.");
  if (!editor.mayEdit()) return undefined;
  editor.commitDraft();
  const asked = { cut: { track, frame }, join: { track, other }, swap_tracks: { track, other, frame } }[deed];
  return editor.timeline.deeds.ask({ do: deed, ...asked });
}

/** Say who the selected face or body is, in every frame of its track. @param {Editor} editor @param {string} name */
export function nameTrack(editor, name) {
  const track = editor.selectedInstance()?.track;
  if (typeof track !== "number") return editor.say("Choose a face or a body of a clip first.");
  if (!name.trim()) return editor.say("Write a name first.");
  return editor.mayEdit() && editor.timeline.deeds.ask({ do: "name", track, name });
}
