// Clips: what is known of a clip besides the points of its frames: numbers, times, tracks, and the course of a track.

import { reasonOf } from "./frames.js";

/** @import { ClipTrack, Course, Range } from "./types.js" */

const CLIP_ANSWER_IN = 60000; // ms
const TURN = 137.5; // degrees between the hues of two tracks: neighbours in number are far apart in colour

/** The T frames of a clip: their pictures (0 where one was removed), numbers, times in seconds, and what is left out. */
export class Clip {
  /** @param {number} video @param {ArrayBuffer} packed as core/motion/timelines.py packs it: 13 bytes for each frame */
  constructor(video, packed) {
    const count = packed.byteLength / 13;
    this.video = video;
    this.images = new Int32Array(packed, 0, count);
    this.numbers = new Int32Array(packed, 4 * count, count);
    this.seconds = new Float32Array(packed, 8 * count, count);
    this.leftOut = new Uint8Array(packed, 12 * count, count);
    /** @type {Map<number, number>} */
    this.places = new Map(); // picture -> place among these
    this.images.forEach((image, place) => this.places.set(image, place));
    /** @type {Map<number, number>} */
    this.placesOfNumbers = new Map(); // number of a frame -> place among these
    this.numbers.forEach((number, place) => this.placesOfNumbers.set(number, place));
  }

  get count() {
    return this.images.length;
  }

  /** The pictures of the frames from one number to another, both included. @param {number} first @param {number} last */
  between(first, last) {
    return [...this.images].filter((image, place) => image && this.numbers[place] >= first && this.numbers[place] <= last);
  }

  /** The picture of the frame with a number, where there is one. @param {number} number */
  imageOf(number) {
    return this.images[this.placesOfNumbers.get(number) ?? -1];
  }

  /** The number that is so many frames on from another, at most the first or the last. @param {number} number @param {number} step */
  beyond(number, step) {
    const place = (this.placesOfNumbers.get(number) ?? -1) + step;
    return this.numbers[Math.min(Math.max(place, 0), this.count - 1)];
  }
}

/** How people count frames, whose first has the number 0: from 1. @param {number} number of a frame */
export function nth(number) {
  return number + 1;
}

/** @param {Range} range */
export function rangeInWords({ first, last }) {
  return first === last ? `frame ${nth(first)}` : `frames ${nth(first)} to ${nth(last)}`;
}

/** @param {string} address */
async function askClip(address) {
  const answer = await fetch(`/api/clip/${address}`, { signal: AbortSignal.timeout(CLIP_ANSWER_IN) });
  if (!answer.ok) throw new Error(await reasonOf(answer));
  return answer;
}

/** @param {number} video */
export async function fetchClip(video) {
  const answer = await askClip(`frames?video=${video}`);
  return new Clip(video, await answer.arrayBuffer());
}

/** @param {number} video @returns {Promise<ClipTrack[]>} */
export async function fetchTracks(video) {
  const answer = await askClip(`tracks?video=${video}`);
  return (await answer.json()).tracks;
}

/** @param {number} video @param {number} track @returns {Promise<Course>} */
export async function fetchCourse(video, track) {
  const packed = await (await askClip(`course?video=${video}&track=${track}`)).arrayBuffer();
  const count = packed.byteLength / 5;
  const deviations = new Float32Array(packed, 0, count);
  const known = deviations.filter((value) => value >= 0).sort();
  const top = known[Math.floor(known.length * 0.98)] ?? 0; // a few jumps would flatten all the rest
  return { video, track, deviations, kinds: new Uint8Array(packed, 4 * count, count), top };
}

/**
 * The frames that a correction would move, with its share in each.
 * @param {number} instance @param {number} width @returns {Promise<[number, number][]>}
 */
export async function fetchFade(instance, width) {
  const answer = await askClip(`fade?instance=${instance}&width=${width}`);
  return (await answer.json()).frames;
}

/** @param {ClipTrack} track */
export function trackColour({ number }) {
  return `hsl(${(number * TURN) % 360} 75% 50%)`;
}
