// Shapes: turning and scaling points. Places are not rounded, so that turning back gives what was there before.

/** @import { Box, Change } from "./types.js" */

/**
 * Points turned about a centre and scaled from it; absent ones stay absent.
 * @param {Change[]} changes @param {[x: number, y: number]} centre @param {number} angle radians, clockwise on the screen
 * @param {number} factor @returns {Change[]}
 */
export function transformed(changes, [cx, cy], angle, factor) {
  const [cos, sin] = [factor * Math.cos(angle), factor * Math.sin(angle)];
  return changes.map((change) => {
    const [k, x, y, v] = change;
    if (v === 0) return change;
    return [k, cx + cos * (x - cx) - sin * (y - cy), cy + sin * (x - cx) + cos * (y - cy), v];
  });
}

/**
 * The mean of the points that are there, which turning and scaling about it leaves where it is; null for none.
 * @param {Change[]} changes @returns {[x: number, y: number] | null}
 */
export function centroid(changes) {
  let [count, sumX, sumY] = [0, 0, 0];
  for (const [, x, y, v] of changes) {
    if (v === 0) continue;
    count += 1;
    sumX += x;
    sumY += y;
  }
  return count ? [sumX / count, sumY / count] : null;
}

/**
 * What points cover as [left, top, right, bottom]; null for none.
 * @param {Change[]} changes @returns {Box | null}
 */
export function extent(changes) {
  /** @type {Box} */
  const box = [Infinity, Infinity, -Infinity, -Infinity];
  for (const [, x, y, v] of changes) {
    if (v === 0) continue;
    box[0] = Math.min(box[0], x);
    box[1] = Math.min(box[1], y);
    box[2] = Math.max(box[2], x);
    box[3] = Math.max(box[3], y);
  }
  return box[0] <= box[2] ? box : null;
}
