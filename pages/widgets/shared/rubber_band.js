// A rectangle drawn with the mouse on the free space between tiles: what it touches is chosen when it is let go.

const STARTS = 4; // CSS pixels that a hand may slip in a click

/** @typedef {(touched: HTMLElement[], more: boolean) => void} Choose `more`: they are added to what is chosen */

export class RubberBand {
  /** @param {HTMLElement} list whose tiles can be chosen @param {string} tiles selects them @param {Choose} choose */
  constructor(list, tiles, choose) {
    this.list = list;
    this.tiles = tiles;
    this.choose = choose;
    this.band = Object.assign(document.createElement("div"), { className: "band" });
    /** @type {{ x: number, y: number, id: number } | null} */
    this.start = null; // within the list, which may scroll meanwhile
    list.addEventListener("pointerdown", (event) => this.begin(event));
    list.addEventListener("pointermove", (event) => this.draw(event));
    list.addEventListener("pointerup", (event) => this.letGo(event));
    list.addEventListener("pointercancel", () => this.end());
  }

  /** @param {PointerEvent} event */
  begin(event) {
    if (event.target !== this.list || event.pointerType === "touch" || event.button !== 0) return;
    const box = this.list.getBoundingClientRect();
    this.start = { x: event.clientX - box.left, y: event.clientY - box.top, id: event.pointerId };
    this.list.setPointerCapture(event.pointerId);
  }

  /** @param {PointerEvent} event */
  draw(event) {
    if (this.start?.id !== event.pointerId) return;
    const { left, right, top, bottom } = this.rectangle(event, this.start);
    if (!this.band.isConnected && Math.max(right - left, bottom - top) < STARTS) return;
    const box = this.list.getBoundingClientRect();
    this.list.append(this.band);
    this.list.classList.add("banding");
    this.band.style.translate = `${left - box.left}px ${top - box.top}px`;
    this.band.style.width = `${right - left}px`;
    this.band.style.height = `${bottom - top}px`;
    this.mark(this.touched(event, this.start));
  }

  /** @param {PointerEvent} event */
  letGo(event) {
    if (this.start?.id !== event.pointerId) return;
    const touched = this.band.isConnected ? this.touched(event, this.start) : null;
    this.end();
    if (touched) this.choose(touched, event.shiftKey || event.ctrlKey || event.metaKey);
  }

  end() {
    this.start = null;
    this.band.remove();
    this.list.classList.remove("banding");
    this.mark([]);
  }

  /** @param {PointerEvent} event @param {{ x: number, y: number }} start */
  rectangle({ clientX, clientY }, start) {
    const box = this.list.getBoundingClientRect();
    const [left, right] = [box.left + start.x, clientX].sort((a, b) => a - b);
    const [top, bottom] = [box.top + start.y, clientY].sort((a, b) => a - b);
    return { left, right, top, bottom };
  }

  nodes() {
    return /** @type {HTMLElement[]} */ ([...this.list.querySelectorAll(this.tiles)]);
  }

  /** @param {PointerEvent} event @param {{ x: number, y: number }} start */
  touched(event, start) {
    const { left, right, top, bottom } = this.rectangle(event, start);
    return this.nodes().filter((node) => {
      const tile = node.getBoundingClientRect();
      return tile.left < right && tile.right > left && tile.top < bottom && tile.bottom > top;
    });
  }

  /** @param {HTMLElement[]} touched */
  mark(touched) {
    const those = new Set(touched);
    for (const node of this.nodes()) node.classList.toggle("touched", those.has(node));
  }
}
