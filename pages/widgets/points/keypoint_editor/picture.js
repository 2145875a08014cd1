// Picture: loads the image of the current data, and keeps a brightened copy of it.

export class Picture {
  /** @param {() => void} changed */
  constructor(changed) {
    this.changed = changed;
    /** @type {"none" | "loading" | "ready" | "failed"} */
    this.state = "none";
    this.url = "";
    this.image = new Image();
    this.copy = document.createElement("canvas");
    this.copyKey = "";
    /** @type {Map<string, HTMLImageElement>} */
    this.warmed = new Map(); // by url, so that the next picture is there when it is asked for
  }

  /** @param {string} url */
  async load(url) {
    if (url === this.url && this.state !== "failed") return;
    this.url = url;
    this.state = "loading";
    this.copyKey = "";
    this.changed();
    const image = this.warmed.get(url) ?? new Image();
    image.src = url;
    const loaded = await image.decode().then(() => true, () => false);
    if (url !== this.url) return; // another picture was asked for meanwhile
    this.image = image;
    this.state = loaded ? "ready" : "failed";
    if (!loaded) this.warmed.delete(url);
    this.changed();
  }

  /** @param {string[]} urls */
  prefetch(urls) {
    const kept = new Map(urls.map((url) => [url, this.warmed.get(url) ?? new Image()]));
    for (const [url, image] of kept) if (!image.src) image.src = url;
    this.warmed = kept;
  }

  /**
   * The image, or a copy of it with brightness and contrast (1 is unchanged), made once per setting.
   * @param {number} brightness @param {number} contrast
   */
  adjusted(brightness, contrast) {
    if (brightness === 1 && contrast === 1) return this.image;
    const key = `${this.url} ${brightness} ${contrast}`;
    if (key !== this.copyKey) {
      this.copy.width = this.image.naturalWidth;
      this.copy.height = this.image.naturalHeight;
      const ctx = context2d(this.copy);
      ctx.filter = `brightness(${brightness}) contrast(${contrast})`;
      ctx.drawImage(this.image, 0, 0);
      this.copyKey = key;
    }
    return this.copy;
  }

  static canAdjust() {
    return "filter" in CanvasRenderingContext2D.prototype;
  }
}

/** @param {HTMLCanvasElement} canvas */
export function context2d(canvas) {
  const ctx = canvas.getContext("2d");
  if (!ctx) throw new Error("This browser has no canvas to draw on.");
  return ctx;
}
