// Playing: frames by their own times where they come in time, else as fast as they come. Only a frame whose points and
// pixels are both here is shown.

import { goTo } from "./going.js";

/** @import { Editor } from "./editor.js" */

export const SPEEDS = [0.25, 0.5, 1, 2, 4];
const LATE = 0.25; // seconds of play after which time waits for the frames
const LAST_SHOWN = 0.04; // seconds that the last frame stays before the first comes again

export class Player {
  /** @param {Editor} editor */
  constructor(editor) {
    this.editor = editor;
    this.playing = false;
    this.speed = 1;
    this.loop = false;
    this.at = -1; // the place that it has gone to last
    this.since = 0; // ms, when
    this.seconds = 0; // the time in the clip then
  }

  start() {
    const { editor } = this;
    const [first, last] = this.bounds();
    if (last <= first) return;
    this.playing = true;
    if (editor.index >= last || editor.index < first) goTo(editor, first);
    this.sync(editor.index, performance.now());
    requestAnimationFrame((now) => this.tick(now));
    editor.refresh();
  }

  stop() {
    if (!this.playing) return;
    this.playing = false;
    this.editor.refresh();
  }

  /** The first and the last place: of the range, where one is marked and played again and again, else of all. */
  bounds() {
    const { timeline } = this.editor;
    const { start, end } = timeline.span;
    return (this.loop && timeline.placesOfRange()) || [start, end - 1];
  }

  /** @param {number} place */
  timeOf(place) {
    const { times, start } = this.editor.timeline.span;
    return times[place - start] ?? 0;
  }

  /** From now on it is this place's time. @param {number} place @param {number} now ms */
  sync(place, now) {
    [this.at, this.since, this.seconds] = [place, now, this.timeOf(place)];
  }

  /** @param {number} now ms */
  tick(now) {
    const { editor } = this;
    if (!this.playing || editor.frames.closed) return;
    requestAnimationFrame((next) => this.tick(next));
    if (!editor.maySee()) return;
    if (editor.index !== this.at) this.sync(editor.index, now); // the hand has gone elsewhere
    const [first, last] = this.bounds();
    const due = this.seconds + ((now - this.since) / 1000) * this.speed;
    if (editor.index >= last) this.end(first, due, now);
    else this.goOn(last, due, now);
  }

  /** @param {number} first @param {number} due seconds @param {number} now ms */
  end(first, due, now) {
    if (due < this.timeOf(this.editor.index) + LAST_SHOWN) return;
    if (!this.loop) this.stop();
    else if (!this.isHere(first)) this.editor.frames.lookAround(this.imageAt(first), this.editor.order, first, 1);
    else this.show(first, now);
  }

  /** To the latest frame that is due and here; time waits where none is. @param {number} last @param {number} due seconds @param {number} now ms */
  goOn(last, due, now) {
    const { index } = this.editor;
    const ready = this.latest(index, last, due);
    if (ready === index && this.isGone(last) && this.timeOf(last) <= due) return this.stop();
    const shown = ready > index ? ready : index + 1;
    const late = due - this.timeOf(shown) > LATE;
    if (ready > index) this.show(ready, late ? now : this.since, late ? this.timeOf(ready) : this.seconds);
    else if (late && !this.isGone(shown)) [this.since, this.seconds] = [now, this.timeOf(shown)];
    return undefined;
  }

  /** The last place after this one that is due and here; this one if none is. @param {number} index @param {number} last @param {number} due seconds */
  latest(index, last, due) {
    let ready = index;
    for (let place = index + 1; place <= last && this.timeOf(place) <= due; place += 1) {
      if (this.isHere(place)) ready = place;
    }
    return ready;
  }

  /** @param {number} place @param {number} since ms @param {number} [seconds] */
  show(place, since, seconds = this.timeOf(place)) {
    [this.at, this.since, this.seconds] = [place, since, seconds];
    goTo(this.editor, place);
  }

  /** @param {number} place */
  imageAt(place) {
    return this.editor.order?.images[place] ?? 0;
  }

  /** @param {number} place */
  isHere(place) {
    const { frames } = this.editor;
    return frames.points(this.imageAt(place)) !== null && frames.picture(this.imageAt(place)) !== null;
  }

  /** @param {number} place */
  isGone(place) {
    return this.editor.frames.gone.has(this.imageAt(place));
  }
}

/** @param {Editor} editor */
export function togglePlay({ timeline: { player } }) {
  if (player.playing) player.stop();
  else player.start();
}

/** @param {Editor} editor @param {number} speed times the clip's own */
export function setSpeed(editor, speed) {
  const { player } = editor.timeline;
  player.speed = speed;
  player.sync(editor.index, performance.now());
  editor.say(`Speed × ${speed}.`);
}

/** To the next speed, or the one before. @param {Editor} editor @param {1 | -1} step */
export function changeSpeed(editor, step) {
  const place = SPEEDS.indexOf(editor.timeline.player.speed) + step;
  setSpeed(editor, SPEEDS[Math.min(Math.max(place, 0), SPEEDS.length - 1)]);
}

/** @param {Editor} editor */
export function toggleLoop(editor) {
  const { player } = editor.timeline;
  player.loop = !player.loop;
  editor.say(!player.loop ? "Plays once." : editor.timeline.range ? "Plays the range again and again." : "Plays again and again.");
}
