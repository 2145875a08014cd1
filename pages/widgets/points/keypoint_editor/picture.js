// Picture: loads the image of the current data, and keeps a brightened copy of it.

class Picture {
  constructor(changed) {
    this.changed = changed;
    this.state = "none"; // none, loading, ready, failed
    this.url = null;
    this.image = null;
    this.copy = null;
    this.copyKey = "";
    this.warmed = new Map(); // url -> Image, so that the next picture is there when it is asked for
  }

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

  prefetch(urls) {
    const kept = new Map(urls.map((url) => [url, this.warmed.get(url) ?? new Image()]));
    for (const [url, image] of kept) if (!image.src) image.src = url;
    this.warmed = kept;
  }

  /** The image, or a copy of it with brightness and contrast (1 is unchanged), made once per setting. */
  adjusted(brightness, contrast) {
    if (brightness === 1 && contrast === 1) return this.image;
    const key = `${this.url} ${brightness} ${contrast}`;
    if (key !== this.copyKey) {
      this.copy ??= document.createElement("canvas");
      this.copy.width = this.image.naturalWidth;
      this.copy.height = this.image.naturalHeight;
      const ctx = this.copy.getContext("2d");
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
