// Frames: the order of the pictures, and a window of them with points and pixels, here before they are asked for.
//
// Points come from /api/frames, pixels from /api/display; what is far from the picture on screen is let go again.

/** @import { Frame, Loaded } from "./types.js" */

const AHEAD = 32; // pictures whose points are here before they are asked for
const BEHIND = 16;
const AT_ONCE = 16; // pictures of one request
const PIXELS_AHEAD = 24;
const PIXELS_BEHIND = 8;
const LOADING = 4; // pictures that are fetched at the same time
const MOST_PIXELS = 192e6; // bytes of decoded pictures, besides the one on screen and its neighbours
const MOST_POINTS = 20000; // points that are kept, besides those around the picture on screen
export const ASKED_AGAIN = 1000; // ms after which what came to nothing is tried again
const ANSWER_IN = 15000; // ms for an answer
const PIXELS_IN = 30000; // ms for the pixels of a picture

/** Whether nobody is in a picture. @param {Frame | null} frame */
export function isBare(frame) {
  return frame?.instances.length === 0;
}

// ---- Order ----------------------------------------------------------------------------------

/** The pictures of the filter, in their order: what each is, its clip and scene, and where it stands. */
export class Order {
  /** @param {ArrayBuffer} packed as core/points/orders.py packs it: 4 + 4 + 4 + 1 bytes for each picture */
  constructor(packed) {
    const count = packed.byteLength / 13;
    this.images = new Int32Array(packed, 0, count);
    this.videos = new Int32Array(packed, 4 * count, count);
    this.scenes = new Int32Array(packed, 8 * count, count);
    this.states = new Uint8Array(packed, 12 * count, count);
  }

  get count() {
    return this.images.length;
  }

  /** The place of a picture, from 0; -1 where it is not among these. @param {number} id */
  indexOf(id) {
    return this.images.indexOf(id);
  }

  /**
   * The frames of a clip that lie together around a place, from the first up to before the last; all pictures where
   * it is of no clip.
   * @param {number} index @returns {[number, number]}
   */
  clipAround(index) {
    const video = this.videos[index];
    if (!video) return [0, this.count];
    let [start, end] = [index, index + 1];
    while (start > 0 && this.videos[start - 1] === video) start -= 1;
    while (end < this.count && this.videos[end] === video) end += 1;
    return [start, end];
  }

  /**
   * The next place whose state is one of these, after the last one the first again; -1 where no other is.
   * @param {number} from @param {Set<number>} states
   */
  next(from, states) {
    for (let step = 1; step <= this.count; step += 1) {
      const index = (from + step + this.count) % this.count;
      if (index !== from && states.has(this.states[index])) return index;
    }
    return -1;
  }
}

/** @param {string} query @returns {Promise<Order>} */
export async function fetchOrder(query) {
  const answer = await fetch(`/api/order?${query}`, { signal: AbortSignal.timeout(60000) });
  if (!answer.ok) throw new Error(await reasonOf(answer));
  return new Order(await answer.arrayBuffer());
}

/** @param {Response} answer */
export async function reasonOf(answer) {
  const text = await answer.text();
  try {
    return JSON.parse(text).error ?? `the server answered ${answer.status}`;
  } catch {
    return text && text.length < 500 ? text : `the server answered ${answer.status}`;
  }
}

// ---- The window -----------------------------------------------------------------------------

export class Frames {
  /** @param {(id: number) => void} arrived called when points or pixels of a picture are here, or will not come */
  constructor(arrived) {
    this.arrived = arrived;
    /** @type {Map<number, Frame>} */
    this.frames = new Map(); // those that were asked for last are last
    /** @type {Map<number, Loaded>} */
    this.pixels = new Map();
    /** @type {number | null} */
    this.shown = null; // the picture on screen, which is not let go
    /** @type {Map<number, AbortController>} */
    this.loading = new Map();
    /** @type {Map<number, string>} */
    this.late = new Map(); // by picture why its pixels do not come just now; it is tried again
    /** @type {Set<number>} */
    this.gone = new Set(); // pictures that the server does not have
    /** @type {number[]} */
    this.wanted = []; // the picture on screen first, then what may be asked for next
    /** @type {number[]} */
    this.wantedPixels = [];
    this.requests = 0; // so far
    /** @type {Map<number, number>} */
    this.known = new Map(); // by picture the request that told of it last: an earlier one that is answered late is not heard
    this.asking = false;
    this.trouble = ""; // why points do not come just now
    this.closed = false;
    /** @type {number | undefined} */
    this.timer = undefined;
  }

  /** @param {number} id */
  points(id) {
    return this.frames.get(id) ?? null;
  }

  /** @param {number} id */
  picture(id) {
    const reason = id === this.wanted[0] ? this.late.get(id) : undefined;
    return this.pixels.get(id) ?? (reason === undefined ? null : { bitmap: null, reason });
  }

  /**
   * Have the pictures around a place, those in the direction of the last step first.
   * @param {number} id @param {Order | null} order @param {number} index @param {number} direction
   */
  lookAround(id, order, index, direction) {
    /** @type {(ahead: number, behind: number) => number[]} */
    const around = (ahead, behind) => {
      if (!order || index < 0) return [];
      const places = [];
      for (let step = 1; step <= ahead; step += 1) places.push(index + step * direction);
      for (let step = 1; step <= behind; step += 1) places.push(index - step * direction);
      return places.filter((place) => place >= 0 && place < order.count).map((place) => order.images[place]);
    };
    this.wanted = [id, ...around(AHEAD, BEHIND)];
    this.wantedPixels = [id, ...around(PIXELS_AHEAD, PIXELS_BEHIND)];
    this.letGo();
    void this.ask();
    this.load();
  }

  /** Pictures with their points, as far as there are any; null where they do not come. @param {number[]} ids */
  async have(ids) {
    const here = new Map(ids.map((id) => [id, this.points(id)])); // what comes may take the room of these
    const missing = ids.filter((id) => !here.get(id));
    if (missing.length && !(await this.fetchPoints(missing))) return null;
    return ids.flatMap((id) => here.get(id) ?? this.points(id) ?? []);
  }

  /** Ask for the points of a picture anew: somebody else may have moved them; tells whether they came. @param {number} id */
  async refresh(id) {
    return this.fetchPoints([id]);
  }

  /** Something has changed these pictures: those around are asked for anew, the others when they are. @param {Set<number>} ids */
  async renew(ids) {
    for (const id of ids) this.known.set(id, this.requests);
    const here = this.wanted.filter((id) => ids.has(id));
    for (const id of ids) if (!here.includes(id)) this.frames.delete(id);
    for (let start = 0; start < here.length; start += AT_ONCE) await this.fetchPoints(here.slice(start, start + AT_ONCE));
  }

  // ---- Points ----

  async ask() {
    if (this.asking || this.closed) return;
    const missing = this.wanted.filter((id) => !this.frames.has(id) && !this.gone.has(id));
    if (!missing.length) return;
    // A few at a time while there are enough of them: each answer costs a moment, whatever it holds.
    if (missing[0] !== this.wanted[0] && missing.length < AT_ONCE && this.frames.size > AHEAD) return;
    this.asking = true;
    const well = await this.fetchPoints(missing.slice(0, missing[0] === this.wanted[0] ? 2 : AT_ONCE));
    this.asking = false;
    if (well) void this.ask();
    else this.later();
  }

  /** @param {number[]} ids */
  async fetchPoints(ids) {
    this.requests += 1;
    const request = this.requests;
    try {
      const answer = await fetch(`/api/frames?ids=${ids.join()}`, { signal: AbortSignal.timeout(ANSWER_IN) });
      if (!answer.ok) throw new Error(await reasonOf(answer));
      const { frames } = await answer.json();
      this.take(ids.filter((id) => request > (this.known.get(id) ?? 0)), frames, request);
      return true;
    } catch (error) {
      this.trouble = error instanceof TypeError ? "the server cannot be reached" : String(error);
      if (!this.closed) this.arrived(this.wanted[0]);
      return false;
    }
  }

  /** @param {number[]} ids @param {Frame[]} frames @param {number} request */
  take(ids, frames, request) {
    if (this.closed) return;
    this.trouble = "";
    for (const id of ids) {
      this.known.set(id, request);
      this.gone.add(id);
    }
    for (const frame of frames) {
      if (!ids.includes(frame.id)) continue;
      this.gone.delete(frame.id);
      this.frames.delete(frame.id);
      this.frames.set(frame.id, frame);
    }
    for (const id of ids) this.arrived(id);
    this.letPointsGo(ids);
    this.load();
  }

  later() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      void this.ask();
      this.load();
    }, ASKED_AGAIN);
  }

  // ---- Pixels ----

  load() {
    for (const id of this.fitting()) {
      if (this.loading.size >= LOADING) return;
      const frame = this.frames.get(id);
      if (frame && !this.pixels.has(id) && !this.loading.has(id)) void this.loadOne(frame);
    }
  }

  /** @param {Frame} frame */
  async loadOne(frame) {
    const controller = new AbortController();
    this.loading.set(frame.id, controller);
    let trouble = "";
    const overdue = setTimeout(() => {
      trouble = `no answer in ${PIXELS_IN / 1000} seconds`;
      controller.abort();
    }, PIXELS_IN);
    const loaded = await fetchPixels(frame, controller.signal);
    clearTimeout(overdue);
    this.loading.delete(frame.id);
    if (this.closed) return closePixels(loaded);
    if (loaded) {
      this.late.delete(frame.id);
      this.pixels.set(frame.id, loaded);
      this.arrived(frame.id);
    } else if (trouble || !controller.signal.aborted) {
      this.late.set(frame.id, `${trouble || "the server cannot be reached"}; trying again`);
      this.arrived(frame.id);
      return this.later();
    }
    return this.load();
  }

  /** Try again to load a picture that could not be loaded. @param {number} id */
  retry(id) {
    this.late.delete(id);
    this.pixels.delete(id);
    this.load();
  }

  // ---- What is let go ----

  letGo() {
    const wanted = new Set(this.fitting());
    for (const [id, controller] of this.loading) if (!wanted.has(id)) controller.abort();
    for (const id of this.late.keys()) if (!wanted.has(id)) this.late.delete(id);
    for (const [id, loaded] of this.pixels) {
      if (wanted.has(id) || id === this.shown) continue;
      this.pixels.delete(id);
      closePixels(loaded);
    }
    this.letPointsGo();
  }

  /** The pictures whose pixels there is room for, the one on screen and its neighbour always. */
  fitting() {
    let bytes = 0;
    return this.wantedPixels.filter((id, i) => {
      const frame = this.frames.get(id);
      if (!frame) return false;
      bytes += 4 * frame.width * frame.height;
      return i < 2 || bytes <= MOST_PIXELS;
    });
  }

  /** @param {number[]} [fresh] pictures that were asked for just now */
  letPointsGo(fresh = []) {
    const wanted = new Set([...this.wanted, ...fresh]);
    let points = 0;
    for (const frame of [...this.frames.values()].reverse()) {
      points += frame.instances.reduce((sum, instance) => sum + instance.points.length, 20);
      if (points > MOST_POINTS && !wanted.has(frame.id) && frame.id !== this.shown) this.frames.delete(frame.id);
    }
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    for (const controller of this.loading.values()) controller.abort();
    for (const loaded of this.pixels.values()) closePixels(loaded);
    this.pixels.clear();
  }
}

/**
 * The pixels of a picture, or why the server does not give them; null where it could not be asked.
 * @param {Frame} frame @param {AbortSignal} signal @returns {Promise<Loaded | null>}
 */
async function fetchPixels(frame, signal) {
  try {
    const answer = await fetch(`/api/display/${frame.id}?v=${frame.version}`, { signal });
    if (!answer.ok) return { bitmap: null, reason: await reasonOf(answer) };
    const content = await answer.blob();
    const bitmap = await createImageBitmap(content).catch(() => null);
    return bitmap ? { bitmap, reason: "" } : { bitmap: null, reason: "the browser cannot read it" };
  } catch {
    return null;
  }
}

/** @param {Loaded | null} loaded */
function closePixels(loaded) {
  loaded?.bitmap?.close();
}
