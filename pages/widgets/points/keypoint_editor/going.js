// Going: from picture to picture without the page, which hears where the hand has rested.
//
// `editor.wanted` is the picture that was asked for last, `editor.opened` the one on screen; nothing is edited while
// they differ.

import { fetchOrder } from "./frames.js";
import { isConnected } from "./dialogs.js";
import { isDoubtful } from "./draw.js";

/** @import { Editor } from "./editor.js" */
/** @import { Order } from "./frames.js" */
/** @import { Frame } from "./types.js" */

const REST = 500; // ms on one picture after which the page hears of it
const LEAVING = 5000; // ms that a page may take to make way for another
const PIXELS_PATIENCE = 400; // ms that the picture before stays on screen while the pixels of the next one come
const ORDER_AGAIN = 1500; // ms after which an order that did not come is asked for again
const SEARCHED = 48; // pictures of one request while looking for one

// ---- What the page asks for -----------------------------------------------------------------

/**
 * Take the order and the picture that the page asks for, where it asks for other ones than before. A page that begins anew
 * under the hand, since the server was started again, knows of no other picture than the last that it has heard of: it
 * follows the hand.
 * @param {Editor} editor
 */
export function followPage(editor) {
  const { data } = editor;
  const changed = data.changed !== editor.changed;
  const anew = editor.wanted !== null && data.window !== editor.window;
  editor.changed = data.changed;
  editor.window = data.window;
  if (data.order !== editor.orderQuery) void loadOrder(editor, data.order);
  if (anew) {
    editor.turn = data.turn;
    rest(editor);
  } else if (data.turn !== editor.turn) {
    editor.turn = data.turn;
    editor.focus = data.open.focus;
    if (editor.isOpen(data.open.image)) editor.followFocus();
    else want(editor, data.open.image);
  } else if (changed && editor.wanted !== null) {
    void editor.frames.refresh(editor.wanted);
  }
}

/** @param {Editor} editor @param {string} query */
async function loadOrder(editor, query) {
  editor.orderQuery = query;
  try {
    const order = await fetchOrder(query);
    if (editor.orderQuery !== query) return;
    editor.order = order;
    editor.index = order.indexOf(editor.wanted ?? -1);
    lookAround(editor);
  } catch {
    if (editor.orderQuery === query && !editor.frames.closed) setTimeout(() => {
      if (editor.orderQuery === query) void loadOrder(editor, query);
    }, ORDER_AGAIN);
  }
  editor.refresh();
  if (editor.order) for (const step of editor.early.splice(0)) goBy(editor, step);
}

// ---- To another picture ---------------------------------------------------------------------

/** @param {Editor} editor @param {number} id @param {number} [index] */
export function want(editor, id, index = editor.order?.indexOf(id) ?? -1) {
  editor.commitDraft();
  editor.outbox.hurry();
  editor.wanted = id;
  editor.index = index;
  editor.wantedAt = performance.now();
  lookAround(editor);
  showWanted(editor);
}

/** @param {Editor} editor */
function lookAround(editor) {
  if (editor.wanted !== null) editor.frames.lookAround(editor.wanted, editor.order, editor.index, editor.direction);
}

/** Open the picture that is wanted, once its points and pixels are here. @param {Editor} editor */
function showWanted(editor) {
  const { wanted, frames } = editor;
  if (wanted === null || wanted === editor.opened) return;
  editor.refresh();
  const frame = frames.points(wanted);
  if (frames.gone.has(wanted)) editor.forgetPicture(wanted);
  if (!frame) return;
  const left = editor.wantedAt + PIXELS_PATIENCE - performance.now();
  clearTimeout(editor.patience);
  if (!frames.picture(wanted) && left > 0) editor.patience = setTimeout(() => showWanted(editor), left);
  else open(editor, frame);
}

/** @param {Editor} editor @param {Frame} frame */
function open(editor, frame) {
  editor.openFrame(frame);
  rest(editor);
  const queued = editor.queue.splice(0);
  for (const act of queued) act(editor);
}

/** Points or pixels of a picture are here. @param {Editor} editor @param {number} id */
export function arrived(editor, id) {
  if (id !== editor.wanted) return;
  if (id !== editor.opened) showWanted(editor);
  else editor.takeFrame();
  editor.refresh();
}

/**
 * So many pictures on or back. A key that is held goes on once the picture before is on screen, so that all of them are
 * seen and it stops where it is let go. What is pressed before the order is here is done then.
 * @param {Editor} editor @param {number} step @param {Event} [event]
 */
export function goBy(editor, step, event) {
  if (event instanceof KeyboardEvent && event.repeat && editor.painted !== editor.wanted) return;
  if (editor.order) goOn(editor, editor.order, step);
  else editor.early.push(step);
}

/** @param {Editor} editor @param {Order} order @param {number} step */
function goOn(editor, order, step) {
  const { index } = editor;
  if (!order.count) return;
  const from = index < 0 ? (step > 0 ? -1 : order.count) : index;
  const to = Math.min(Math.max(from + step, 0), order.count - 1);
  if (to === index) editor.say(step > 0 ? "This is the last picture." : "This is the first picture.");
  else goTo(editor, to);
}

/** To a place of the order, from 0. @param {Editor} editor @param {number} index */
export function goTo(editor, index) {
  if (!editor.order || index < 0 || index >= editor.order.count || index === editor.index) return;
  editor.direction = index < editor.index ? -1 : 1;
  editor.queue = [];
  want(editor, editor.order.images[index], index);
}

/** To a picture by its number, also one that is not in the order. @param {Editor} editor @param {number} id */
export function goToImage(editor, id) {
  if (editor.wanted !== id) want(editor, id);
}

/** @param {Editor} editor */
export function goToUnreviewed(editor) {
  const { order, data } = editor;
  if (!order) return;
  const wanted = new Set(data.to_review.map((state) => data.states.indexOf(state)));
  const index = order.next(editor.index, wanted);
  if (index < 0) editor.say("No other picture is left to review.");
  else goTo(editor, index);
}

/**
 * To the next picture with a point that its model was unsure of, after the last one the first again.
 * @param {Editor} editor
 */
export async function goToDoubtful(editor) {
  const { order, frames } = editor;
  const from = editor.wanted;
  if (!order) return undefined;
  editor.say("Looking for the next unsure point…");
  for (let step = 1; step < order.count; step += SEARCHED) {
    const places = Array.from({ length: Math.min(SEARCHED, order.count - step) }, (_, i) => editor.index + step + i);
    const ids = places.map((place) => order.images[(place + order.count) % order.count]);
    const there = await frames.have(ids);
    if (!there) break;
    if (editor.wanted !== from) return undefined;
    const found = there.find(({ instances }) => instances.some(unsure));
    if (found) return goTo(editor, (places[ids.indexOf(found.id)] + order.count) % order.count);
  }
  return editor.say(frames.trouble ? `Not found: ${frames.trouble}.` : "No other picture has an unsure point.");
}

/** @param {Frame["instances"][number]} instance */
function unsure({ points, vouched }) {
  return points.some(([, , v, c], k) => isDoubtful({ v, c, human: vouched[k] }));
}

// ---- What the page hears --------------------------------------------------------------------

/** Tell the page after a while what is on screen. @param {Editor} editor */
export function rest(editor) {
  clearTimeout(editor.restTimer);
  editor.restTimer = setTimeout(() => tellRest(editor), Math.max(REST, editor.leavingUntil - performance.now()));
}

/**
 * What is pressed elsewhere on the page is about the picture on screen, so the page hears of that first. A press that may
 * lead to another page holds back all that this one would hear: Streamlit takes it for a wish to stay.
 * @param {Editor} editor
 */
export function attachLeaving(editor) {
  const { signal } = editor.lifetime;
  const leave = () => {
    editor.leavingUntil = performance.now() + LEAVING;
    rest(editor);
  };
  /** @param {Event} event @param {string} controls those that may lead away */
  const pressed = ({ target }, controls) => {
    if (!(target instanceof Element) || editor.root.contains(target)) return;
    if (target.closest(controls)) leave();
    else tellRest(editor);
  };
  window.addEventListener("popstate", leave, { signal });
  document.addEventListener("pointerdown", (event) => pressed(event, "a"), { signal, capture: true });
  document.addEventListener("click", (event) => pressed(event, "a, button"), { signal, capture: true });
}

/** Tell the page now, or once it can hear: the hand leaves the editor. @param {Editor} editor */
export function tellRest(editor) {
  clearTimeout(editor.restTimer);
  const { opened, savings, turn, window: session, told } = editor;
  const known = told.image === opened && told.savings === savings && told.turn === turn && told.session === session;
  if (opened === null || opened !== editor.wanted || known) return;
  if (performance.now() < editor.leavingUntil || !isConnected()) {
    rest(editor);
    return;
  }
  editor.told = { image: opened, savings, turn, session };
  editor.tell("rested", editor.told);
  if (editor.frames.points(opened)) void editor.frames.refresh(opened); // somebody else may have been here
}
