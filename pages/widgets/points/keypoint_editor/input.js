// Input: pointer, wheel and keys. A gesture is what a pressed pointer is doing; it ends in at most one edit.

import { boundsOf, clamp, inside, pickInstance, pickPoint } from "./view.js";
import { ABSENT, allIndices, noteOf, regionOf, rounded } from "./model.js";
import { instanceTitle } from "./draw.js";
import { KEYS, fitPicture, keyName, pointName, withinPicture } from "./commands.js";
import { tellRest } from "./going.js";
import { isGuided, isPlacing, placePoint } from "./placing.js";
import { chooseShape, dragShape } from "./shaping.js";
import { takesKey } from "./keys.js";
import { stepInList } from "./panel.js";
import { boxGesture, dragBox, dropBox } from "./boxes.js";

/** @import { Editor } from "./editor.js" */
/** @import { BoxDrag, BoxGesture, Change, Hit, Instance, Move, Pan, Pinch, Press, Shape } from "./types.js" */

const REACH = 10; // CSS pixels within which a point is picked
const TOUCH_REACH = 22;
const TRAVEL = 3; // CSS pixels that tell a drag from a click
const ZOOM_PER_PIXEL = 0.0016;
const PLACED_JUST_NOW = 500; // ms in which a double-click is two placements, not a wish to fit

/** @param {Editor} editor */
export function attachInput(editor) {
  const { canvas, root } = editor;
  const signal = editor.lifetime.signal;
  /**
   * @template {keyof GlobalEventHandlersEventMap} K
   * @param {HTMLElement} target @param {K} type
   * @param {(editor: Editor, event: GlobalEventHandlersEventMap[K]) => void} handler
   * @param {AddEventListenerOptions} [options]
   */
  const on = (target, type, handler, options = {}) =>
    target.addEventListener(type, (event) => handler(editor, event), { signal, ...options });
  on(canvas, "pointerdown", pointerDown);
  on(canvas, "pointermove", pointerMove);
  on(canvas, "pointerup", pointerUp);
  on(canvas, "pointercancel", pointerCancel);
  on(canvas, "pointerleave", pointerLeave);
  on(canvas, "dblclick", doubleClick);
  on(canvas, "wheel", wheel, { passive: false });
  on(canvas, "contextmenu", (_, event) => event.preventDefault());
  on(root, "keydown", keyDown);
  on(root, "keyup", keyUp);
  on(root, "pointerleave", () => editor.sendDraft());
  on(root, "focusout", focusOut);
}

// ---- Pointer --------------------------------------------------------------------------------

/** @param {Editor} editor @param {MouseEvent} event @returns {[x: number, y: number]} */
function position(editor, event) {
  const frame = editor.canvas.getBoundingClientRect();
  return [event.clientX - frame.left, event.clientY - frame.top];
}

/** @param {Editor} editor @param {number} x @param {number} y @param {number} reach */
function pick(editor, x, y, reach) {
  const instances = editor.labels.instances.values();
  return pickPoint(editor.view, instances, editor.selectedInstance(), x, y, reach);
}

/** @param {Editor} editor @param {PointerEvent} event */
function reachOf(editor, event) {
  const reach = event.pointerType === "touch" ? TOUCH_REACH : REACH;
  return isPlacing(editor) ? reach / 2 : reach; // so that a point can be placed beside another
}

/** Whether it is the hand that rests beside a pen. @param {Editor} editor @param {PointerEvent} event */
function isPalm(editor, { pointerType }) {
  return editor.pen !== null && pointerType === "touch";
}

/** A pen is put down: what the hand that holds it has begun is none of its business. @param {Editor} editor @param {number} id */
function takePen(editor, id) {
  editor.pen = id;
  editor.pointers.clear();
  cancelGesture(editor);
}

/** @param {Editor} editor @param {PointerEvent} event */
function pointerDown(editor, event) {
  if (event.button > 1 || isPalm(editor, event)) return;
  if (event.pointerType === "pen") takePen(editor, event.pointerId);
  event.preventDefault();
  editor.canvas.focus({ preventScroll: true });
  editor.canvas.setPointerCapture(event.pointerId);
  const [x, y] = position(editor, event);
  editor.pointers.set(event.pointerId, [x, y]);
  editor.pointerAt = [x, y];
  editor.touched = event.pointerType === "touch";
  if (editor.pointers.size === 1) press(editor, event, x, y);
  else if (editor.pointers.size === 2) startPinch(editor);
}

/** @param {Editor} editor @param {PointerEvent} event @param {number} x @param {number} y */
function press(editor, event, x, y) {
  editor.commitDraft();
  editor.gesture = { from: [x, y], ...chooseGesture(editor, event, x, y), at: [x, y], travelled: false };
  editor.refresh();
}

/**
 * What a press at (x, y) begins: moving one point, a region, an instance or a box, turning or scaling, or panning.
 * @param {Editor} editor @param {PointerEvent} event @param {number} x @param {number} y
 * @returns {Pan | Move | Shape | BoxDrag}
 */
function chooseGesture(editor, event, x, y) {
  if (event.button === 1 || editor.spaceHeld) return { type: "pan", click: false };
  return editor.options.boxes && editor.mayEdit() ? boxGesture(editor, event, x, y) : pointGesture(editor, event, x, y);
}

/** @param {Editor} editor @param {PointerEvent} event @param {number} x @param {number} y @returns {Pan | Move | Shape} */
function pointGesture(editor, event, x, y) {
  const hit = pick(editor, x, y, reachOf(editor, event));
  return chooseShape(editor, event, hit, x, y) ?? chooseMove(editor, event, hit, x, y);
}

/**
 * @param {Editor} editor @param {PointerEvent} event @param {Hit | null} hit @param {number} x @param {number} y
 * @returns {Pan | Move}
 */
function chooseMove(editor, event, hit, x, y) {
  if (isGuided(editor) && !event.altKey && !event.shiftKey) return { type: "pan", click: true };
  if (event.altKey) return wholeGesture(editor, hit, x, y);
  if (!hit) return { type: "pan", click: true };
  editor.select(hit.instance, hit.point);
  const instance = editor.selectedInstance();
  if (!instance || !editor.mayEdit()) return { type: "pan", click: false };
  const region = event.shiftKey ? regionOf(instance.skeleton, hit.point) : null;
  return region
    ? moveGesture(instance, region.indices, region.name)
    : moveGesture(instance, [hit.point], pointName(instance, hit.point));
}

/** @param {Editor} editor @param {Hit | null} hit @param {number} x @param {number} y @returns {Pan | Move} */
function wholeGesture(editor, hit, x, y) {
  if (hit) editor.select(hit.instance, hit.point);
  const instance = editor.selectedInstance();
  const bounds = instance && boundsOf(instance);
  const held = hit || (bounds && inside(bounds, ...editor.view.toPicture(x, y)));
  if (!instance || !held || !editor.mayEdit()) return { type: "pan", click: false };
  return moveGesture(instance, allIndices(instance), instanceTitle(instance));
}

/** @param {Instance} instance @param {number[]} indices @param {string} name @returns {Move} */
function moveGesture(instance, indices, name) {
  return { type: "move", instance: instance.id, indices, note: noteOf("edits.move", name) };
}

/** Where a pointer is now. @param {Editor} editor @param {PointerEvent} event */
function follow(editor, event) {
  const place = position(editor, event);
  if (editor.pointers.has(event.pointerId)) editor.pointers.set(event.pointerId, place);
  editor.pointerAt = place;
  if (editor.options.loupe) editor.refresh();
  return place;
}

/** @param {Editor} editor @param {PointerEvent} event */
function pointerMove(editor, event) {
  if (isPalm(editor, event)) return undefined;
  const [x, y] = follow(editor, event);
  const gesture = editor.gesture;
  if (!gesture) return editor.setHover(pick(editor, x, y, reachOf(editor, event)));
  if (gesture.type === "pinch") return pinch(editor, gesture);
  if (gesture.type === "box") return moveBox(editor, gesture, x, y);
  const [dx, dy] = [x - gesture.from[0], y - gesture.from[1]];
  if (!gesture.travelled && Math.hypot(dx, dy) < TRAVEL) return undefined;
  if (gesture.type === "move") dragPoints(editor, gesture, dx / editor.view.scale, dy / editor.view.scale);
  else if (gesture.type === "shape") dragShape(editor, gesture, x, y);
  else if (gesture.type === "pan") editor.view.panBy(x - gesture.at[0], y - gesture.at[1]);
  gesture.travelled = true;
  gesture.at = [x, y];
  return editor.refresh();
}

/** @param {Editor} editor @param {BoxGesture} gesture @param {number} x @param {number} y */
function moveBox(editor, gesture, x, y) {
  gesture.travelled ||= Math.hypot(x - gesture.pressed[0], y - gesture.pressed[1]) >= TRAVEL;
  if (gesture.travelled) dragBox(editor, gesture, x, y);
  editor.refresh();
}

/** @param {Editor} editor @param {Press & Move} gesture @param {number} dx @param {number} dy */
function dragPoints(editor, gesture, dx, dy) {
  const instance = editor.labels.instances.get(gesture.instance);
  if (!instance) return cancelGesture(editor);
  if (!gesture.travelled) {
    const present = gesture.indices.filter((k) => instance.points[k] && instance.points[k].v !== ABSENT);
    editor.labels.startDraft(instance, present, gesture.note, "drag");
  }
  const { draft } = editor.labels;
  if (draft) editor.labels.moveDraft(draft, draft.before.map((change) => shifted(editor, gesture, change, dx, dy)));
  return undefined;
}

/**
 * @param {Editor} editor @param {Move} gesture @param {Change} change @param {number} dx @param {number} dy
 * @returns {Change}
 */
function shifted(editor, gesture, change, dx, dy) {
  const [k, x, y, v] = change;
  if (v === ABSENT) return change;
  if (gesture.indices.length > 1) return [k, rounded(x + dx), rounded(y + dy), v];
  return [k, ...withinPicture(editor, { x, y }, x + dx, y + dy), v];
}

/** @param {Editor} editor @param {PointerEvent} event */
function pointerUp(editor, event) {
  if (isPalm(editor, event)) return;
  lift(editor, event);
  const gesture = editor.gesture;
  editor.gesture = null;
  if (!gesture) return;
  if (gesture.type === "box") dropBox(editor, gesture);
  else if (gesture.type === "move" || gesture.type === "shape") editor.commitDraft();
  else if (gesture.type === "pan" && gesture.click && !gesture.travelled) click(editor, gesture);
  editor.refresh();
}

/**
 * A click beside every point places the absent one, or selects the instance there, or lets go.
 * @param {Editor} editor @param {Press} press
 */
function click(editor, { from }) {
  const [x, y] = editor.view.toPicture(...from);
  if (isPlacing(editor)) {
    editor.placedAt = performance.now();
    placePoint(editor, x, y);
    return;
  }
  const instance = pickInstance(editor.labels.instances.values(), x, y);
  const selected = editor.selectedInstance();
  const bounds = selected && boundsOf(selected);
  const stays = bounds && inside(bounds, x, y);
  editor.select(instance && !stays ? instance.id : editor.selection.instance, null);
}

/** @param {Editor} editor */
function pointerLeave(editor) {
  editor.pointerAt = null;
  editor.setHover(null);
  if (editor.options.loupe) editor.refresh();
}

/** @param {Editor} editor @param {PointerEvent} event */
function pointerCancel(editor, event) {
  if (isPalm(editor, event)) return;
  lift(editor, event);
  cancelGesture(editor);
}

/** @param {Editor} editor @param {PointerEvent} event */
function lift(editor, { pointerId }) {
  editor.pointers.delete(pointerId);
  if (editor.pen === pointerId) editor.pen = null;
}

/**
 * Put everything back as it was before the drag; tells whether there was one.
 * @param {Editor} editor
 */
export function cancelGesture(editor) {
  if (!editor.gesture) return false;
  editor.gesture = null;
  editor.labels.draft = null;
  editor.rebase();
  return true;
}

/** @param {Editor} editor @param {MouseEvent} event */
function doubleClick(editor, event) {
  if (performance.now() - editor.placedAt < PLACED_JUST_NOW) return;
  if (!pick(editor, ...position(editor, event), REACH)) fitPicture(editor);
}

// ---- Zoom -----------------------------------------------------------------------------------

/** @param {Editor} editor @param {WheelEvent} event */
function wheel(editor, event) {
  event.preventDefault();
  const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : 24;
  const finer = event.ctrlKey ? 5 : 1; // a pinch on a touch pad arrives as small steps with ctrlKey
  const amount = clamp(event.deltaY * unit * finer, -400, 400);
  editor.view.zoomAt(...position(editor, event), Math.exp(-amount * ZOOM_PER_PIXEL));
  editor.refresh();
}

/** @param {Editor} editor */
function startPinch(editor) {
  cancelGesture(editor);
  editor.gesture = { type: "pinch", ...spread(editor) };
}

/** @param {Editor} editor @returns {Pick<Pinch, "middle" | "distance">} */
function spread(editor) {
  const [[ax, ay], [bx, by]] = editor.pointers.values();
  return { middle: [(ax + bx) / 2, (ay + by) / 2], distance: Math.max(Math.hypot(ax - bx, ay - by), 1) };
}

/** @param {Editor} editor @param {Pinch} gesture */
function pinch(editor, gesture) {
  if (editor.pointers.size < 2) return;
  const now = spread(editor);
  editor.view.panBy(now.middle[0] - gesture.middle[0], now.middle[1] - gesture.middle[1]);
  editor.view.zoomAt(...now.middle, now.distance / gesture.distance);
  Object.assign(gesture, now);
  editor.refresh();
}

// ---- Keys -----------------------------------------------------------------------------------

/** @param {Editor} editor @param {KeyboardEvent} event */
function keyDown(editor, event) {
  if (takesKey(editor, event)) return;
  if (event.key === " " && !event.shiftKey && event.target === editor.canvas) holdSpace(editor, event, true);
  else if (!isForElsewhere(editor, event) && !(/^Arrow(Up|Down)$/.test(event.key) && stepInList(editor, event))) {
    runCommand(editor, event);
  }
}

/**
 * Whether a field is typed into, or Tab leaves the canvas or was pressed in the rest of the editor.
 * @param {Editor} editor @param {KeyboardEvent} event
 */
function isForElsewhere(editor, { key, target }) {
  if (target instanceof Element && target.matches("input, textarea, select")) return key !== "Escape";
  if (key === "Enter") return target !== editor.canvas; // it presses buttons
  return key === "Tab" && (target !== editor.canvas || editor.tabLeaves);
}

/** @param {Editor} editor @param {KeyboardEvent} event */
function runCommand(editor, event) {
  const name = editor.keys.meaning(keyName(event));
  const command = KEYS[name];
  if (!command || (editor.options.help && !["?", "escape"].includes(name))) return;
  event.preventDefault();
  event.stopPropagation();
  editor.tabLeaves = false;
  command(editor, event);
}

/** @param {Editor} editor @param {KeyboardEvent} event */
function keyUp(editor, event) {
  if (event.key === " ") holdSpace(editor, event, false);
}

/** @param {Editor} editor @param {KeyboardEvent} event @param {boolean} held */
function holdSpace(editor, event, held) {
  if (event.target === editor.canvas) event.preventDefault();
  editor.spaceHeld = held;
  editor.refresh();
}

// ---- Leaving --------------------------------------------------------------------------------

/**
 * Whoever leaves the editor may be about to leave the page: hand over what is still held back.
 * @param {Editor} editor @param {FocusEvent} event
 */
function focusOut(editor, event) {
  editor.spaceHeld = false;
  if (editor.changing !== null) {
    editor.changing = null;
    editor.sayOfKeys("");
  }
  if (!(event.relatedTarget instanceof Node && editor.root.contains(event.relatedTarget))) {
    editor.tabLeaves = false;
    editor.sendDraft();
    tellRest(editor);
  }
}
