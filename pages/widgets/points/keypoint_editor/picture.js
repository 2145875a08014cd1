// Picture: the pixels on screen, and a copy of them with other brightness, contrast and gamma.

/** @import { Loaded, Tone } from "./types.js" */

export class Picture {
  constructor() {
    /** @type {ImageBitmap | null} */
    this.bitmap = null;
    this.reason = ""; // why there are none
    this.copy = document.createElement("canvas");
    /** @type {ImageBitmap | null} */
    this.copied = null;
    this.tone = "";
  }

  /** @returns {"loading" | "ready" | "failed"} */
  get state() {
    if (this.reason) return "failed";
    return this.bitmap ? "ready" : "loading";
  }

  /** @param {Loaded | null} loaded null while it is on its way */
  show(loaded) {
    this.bitmap = loaded?.bitmap ?? null;
    this.reason = loaded?.reason ?? "";
  }

  /**
   * The pixels, or a copy with another tone (all 1: unchanged), made once for each picture and setting.
   * @param {Tone} tone @returns {ImageBitmap | HTMLCanvasElement | null}
   */
  toned({ brightness, contrast, gamma }) {
    const { bitmap, copy } = this;
    if (!bitmap || (brightness === 1 && contrast === 1 && gamma === 1)) return bitmap;
    const tone = `${brightness} ${contrast} ${gamma}`;
    if (this.copied === bitmap && this.tone === tone) return copy;
    copy.width = bitmap.width;
    copy.height = bitmap.height;
    const ctx = copy.getContext("2d", { willReadFrequently: true });
    if (!ctx) return bitmap;
    ctx.drawImage(bitmap, 0, 0);
    const pixels = ctx.getImageData(0, 0, copy.width, copy.height);
    applyTone(pixels.data, toneTable(brightness, contrast, gamma));
    ctx.putImageData(pixels, 0, 0);
    [this.copied, this.tone] = [bitmap, tone];
    return copy;
  }
}

/**
 * What becomes of each of the 256 values: brightness multiplies, contrast spreads around the middle, gamma bends.
 * @param {number} brightness @param {number} contrast @param {number} gamma
 */
export function toneTable(brightness, contrast, gamma) {
  return Uint8ClampedArray.from({ length: 256 }, (_, value) => {
    const spread = ((value / 255) * brightness - 0.5) * contrast + 0.5;
    return Math.round(255 * Math.max(spread, 0) ** (1 / gamma));
  });
}

/** @param {Uint8ClampedArray} rgba @param {Uint8ClampedArray} table */
function applyTone(rgba, table) {
  for (let i = 0; i < rgba.length; i += 4) {
    rgba[i] = table[rgba[i]];
    rgba[i + 1] = table[rgba[i + 1]];
    rgba[i + 2] = table[rgba[i + 2]];
  }
}

/** @param {HTMLCanvasElement} canvas */
export function context2d(canvas) {
  const ctx = canvas.getContext("2d");
  if (!ctx) throw new Error("This browser has no canvas to draw on.");
  return ctx;
}
