// View: where a point of the picture lies on the canvas.
//
// Picture coordinates have the centre of the top-left pixel at (0, 0), so a picture spans
// [-0.5, width - 0.5]. Canvas coordinates are CSS pixels. `x`, `y` are where the picture's
// top-left corner lies on the canvas.

import { ABSENT } from "./model.js";
import { isHeldWhole, isInReach } from "./holding.js";

/** @import { Box, Hit, Instance } from "./types.js" */

const MAX_SCALE = 64;
const KEEP_IN_SIGHT = 48; // CSS pixels of the picture that cannot be panned away
const SMALL_SHARE = 0.4; // an instance below this share of the fitted picture is zoomed to at first

export class View {
  constructor() {
    this.scale = 1;
    this.x = 0;
    this.y = 0;
    this.width = 1;
    this.height = 1;
    this.picture = { width: 1, height: 1 };
    /** @type {"auto" | "fit" | "instance" | "free"} */
    this.mode = "auto"; // not decided yet
  }

  /** @param {number} x @param {number} y @returns {[number, number]} */
  toScreen(x, y) {
    return [(x + 0.5) * this.scale + this.x, (y + 0.5) * this.scale + this.y];
  }

  /** @param {number} x @param {number} y @returns {[number, number]} */
  toPicture(x, y) {
    return [(x - this.x) / this.scale - 0.5, (y - this.y) / this.scale - 0.5];
  }

  fitScale() {
    return Math.min(this.width / this.picture.width, this.height / this.picture.height);
  }

  fit() {
    const { width, height } = this.picture;
    this.mode = "fit";
    this.show([-0.5, -0.5, width - 0.5, height - 0.5], 0.01);
  }

  /** @param {Box} bounds */
  fitInstance(bounds) {
    this.mode = "instance";
    this.show(bounds, 0.14);
  }

  /**
   * Centre a rectangle [left, top, right, bottom] with a margin, a share of the canvas.
   * @param {Box} box @param {number} margin
   */
  show([left, top, right, bottom], margin) {
    const room = 1 - 2 * margin;
    const wide = (this.width * room) / Math.max(right - left, 1);
    const high = (this.height * room) / Math.max(bottom - top, 1);
    this.scale = this.bounded(Math.min(wide, high));
    this.x = this.width / 2 - ((left + right) / 2 + 0.5) * this.scale;
    this.y = this.height / 2 - ((top + bottom) / 2 + 0.5) * this.scale;
  }

  /** @param {Box} box */
  isSmall([left, top, right, bottom]) {
    const scale = this.fitScale();
    const share = Math.max(((right - left) * scale) / this.width, ((bottom - top) * scale) / this.height);
    return share < SMALL_SHARE;
  }

  /** @param {number} x @param {number} y @param {number} factor */
  zoomAt(x, y, factor) {
    const scale = this.bounded(this.scale * factor);
    const ratio = scale / this.scale;
    this.x = x - (x - this.x) * ratio;
    this.y = y - (y - this.y) * ratio;
    this.scale = scale;
    this.mode = "free";
    this.keepInSight();
  }

  /** @param {number} dx @param {number} dy */
  panBy(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.mode = "free";
    this.keepInSight();
  }

  /**
   * Take a new canvas size and keep what was in the middle in the middle.
   * @param {number} width @param {number} height
   */
  resize(width, height) {
    this.x += (width - this.width) / 2;
    this.y += (height - this.height) / 2;
    this.width = width;
    this.height = height;
  }

  /** @param {number} scale */
  bounded(scale) {
    return clamp(scale, Math.min(this.fitScale() * 0.25, 1), MAX_SCALE);
  }

  keepInSight() {
    const reachX = this.picture.width * this.scale;
    const reachY = this.picture.height * this.scale;
    this.x = clamp(this.x, KEEP_IN_SIGHT - reachX, this.width - KEEP_IN_SIGHT);
    this.y = clamp(this.y, KEEP_IN_SIGHT - reachY, this.height - KEEP_IN_SIGHT);
  }
}

/** @param {number} value @param {number} low @param {number} high */
export function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

// ---- Picking --------------------------------------------------------------------------------

/**
 * The nearest present point of an instance within `reach` CSS pixels, or null.
 * @param {View} view @param {Instance} instance @param {number} x @param {number} y @param {number} reach
 */
function nearestPoint(view, instance, x, y, reach) {
  /** @type {Hit & { distance: number } | null} */
  let best = null;
  for (const [k, point] of instance.points.entries()) {
    if (point.v === ABSENT || !isInReach(instance, k)) continue;
    const [px, py] = view.toScreen(point.x, point.y);
    const distance = Math.hypot(px - x, py - y);
    if (distance > reach || (best && distance >= best.distance)) continue;
    best = { instance: instance.id, point: k, distance };
  }
  return best;
}

/**
 * The point under the cursor; the selected instance goes first, so that a body under a face does not steal it.
 * @param {View} view @param {Iterable<Instance>} instances @param {Instance | null} selected
 * @param {number} x @param {number} y @param {number} reach @returns {Hit | null}
 */
export function pickPoint(view, instances, selected, x, y, reach) {
  const own = selected && nearestPoint(view, selected, x, y, reach);
  if (own) return own;
  /** @type {Hit & { distance: number } | null} */
  let best = null;
  for (const instance of instances) {
    const found = instance === selected ? null : nearestPoint(view, instance, x, y, reach);
    if (found && (best === null || found.distance < best.distance)) best = found;
  }
  return best;
}

/**
 * The smallest instance whose bounds hold a picture point, or null.
 * @param {Iterable<Instance>} instances @param {number} x @param {number} y
 */
export function pickInstance(instances, x, y) {
  /** @type {Instance | null} */
  let best = null;
  let smallest = Infinity;
  for (const instance of instances) {
    const bounds = boundsOf(instance);
    if (!bounds || !inside(bounds, x, y) || isHeldWhole("hidden", instance)) continue;
    const area = (bounds[2] - bounds[0]) * (bounds[3] - bounds[1]);
    if (area < smallest) [best, smallest] = [instance, area];
  }
  return best;
}

/** @param {Box} box @param {number} x @param {number} y */
export function inside([left, top, right, bottom], x, y) {
  return x >= left && x <= right && y >= top && y <= bottom;
}

/**
 * What an instance covers, its box and its points, as [left, top, right, bottom], or null if it has neither.
 * @param {Instance} instance @returns {Box | null}
 */
export function boundsOf({ box, points }) {
  const present = points.filter((point) => point.v !== ABSENT);
  const xs = [...present.map(({ x }) => x), ...(box ? [box[0], box[2]] : [])];
  const ys = [...present.map(({ y }) => y), ...(box ? [box[1], box[3]] : [])];
  if (!xs.length) return null;
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
