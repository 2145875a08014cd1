// Input: pointer, wheel and keys. A gesture is what a pressed pointer is doing; it ends in at most one edit.

const REACH = 10; // CSS pixels within which a point is picked
const TOUCH_REACH = 22;
const TRAVEL = 3; // CSS pixels that tell a drag from a click
const ZOOM_PER_PIXEL = 0.0016;
const PLACED_JUST_NOW = 500; // ms in which a double-click is two placements, not a wish to fit

function attachInput(editor) {
  const { canvas, root } = editor;
  const signal = editor.lifetime.signal;
  const on = (target, type, handler, options = {}) =>
    target.addEventListener(type, (event) => handler(editor, event), { signal, ...options });
  on(canvas, "pointerdown", pointerDown);
  on(canvas, "pointermove", pointerMove);
  on(canvas, "pointerup", pointerUp);
  on(canvas, "pointercancel", pointerCancel);
  on(canvas, "pointerleave", () => editor.setHover(null));
  on(canvas, "dblclick", doubleClick);
  on(canvas, "wheel", wheel, { passive: false });
  on(canvas, "contextmenu", (_, event) => event.preventDefault());
  on(root, "keydown", keyDown);
  on(root, "keyup", keyUp);
  on(root, "pointerleave", () => editor.handOver());
  on(root, "focusout", focusOut);
  on(window, "pagehide", () => editor.handOver());
  on(window, "beforeunload", beforeUnload);
}

// ---- Pointer --------------------------------------------------------------------------------

function position(editor, event) {
  const frame = editor.canvas.getBoundingClientRect();
  return [event.clientX - frame.left, event.clientY - frame.top];
}

function pick(editor, x, y, reach) {
  const instances = editor.labels.instances.values();
  return pickPoint(editor.view, instances, editor.selectedInstance(), x, y, reach);
}

function reachOf(editor, event) {
  const reach = event.pointerType === "touch" ? TOUCH_REACH : REACH;
  return isPlacing(editor) ? reach / 2 : reach; // so that a point can be placed beside another
}

function pointerDown(editor, event) {
  if (event.button > 1) return;
  event.preventDefault();
  editor.canvas.focus({ preventScroll: true });
  editor.canvas.setPointerCapture(event.pointerId);
  const [x, y] = position(editor, event);
  editor.pointers.set(event.pointerId, [x, y]);
  if (editor.pointers.size === 2) return startPinch(editor);
  if (editor.pointers.size > 2) return undefined;
  editor.commitDraft();
  editor.gesture = { ...chooseGesture(editor, event, x, y), from: [x, y], at: [x, y], travelled: false };
  return editor.refresh();
}

/** What a press at (x, y) begins: moving one point, a region or an instance, or panning. */
function chooseGesture(editor, event, x, y) {
  if (event.button === 1 || editor.spaceHeld) return { type: "pan", click: false };
  const hit = pick(editor, x, y, reachOf(editor, event));
  if (event.altKey) return wholeGesture(editor, hit, x, y);
  if (!hit) return { type: "pan", click: true };
  editor.select(hit.instance, hit.point);
  if (!editor.mayEdit()) return { type: "pan", click: false };
  const instance = editor.selectedInstance();
  const region = event.shiftKey ? regionOf(instance.skeleton, hit.point) : null;
  return region
    ? moveGesture(instance, region.indices, `Move ${region.name}`)
    : moveGesture(instance, [hit.point], `Move ${pointName(instance, hit.point)}`);
}

function wholeGesture(editor, hit, x, y) {
  if (hit) editor.select(hit.instance, hit.point);
  const instance = editor.selectedInstance();
  const bounds = instance && boundsOf(instance);
  const held = hit || (bounds && inside(bounds, ...editor.view.toPicture(x, y)));
  if (!held || !editor.mayEdit()) return { type: "pan", click: false };
  return moveGesture(instance, allIndices(instance), `Move ${instanceTitle(instance)}`);
}

function moveGesture(instance, indices, label) {
  return { type: "move", instance: instance.id, indices, label };
}

function pointerMove(editor, event) {
  const [x, y] = position(editor, event);
  if (editor.pointers.has(event.pointerId)) editor.pointers.set(event.pointerId, [x, y]);
  const gesture = editor.gesture;
  if (!gesture) return editor.setHover(pick(editor, x, y, reachOf(editor, event)));
  if (gesture.type === "pinch") return pinch(editor, gesture);
  const [dx, dy] = [x - gesture.from[0], y - gesture.from[1]];
  if (!gesture.travelled && Math.hypot(dx, dy) < TRAVEL) return undefined;
  if (gesture.type === "move") dragPoints(editor, gesture, dx / editor.view.scale, dy / editor.view.scale);
  else if (gesture.type === "pan") editor.view.panBy(x - gesture.at[0], y - gesture.at[1]);
  gesture.travelled = true;
  gesture.at = [x, y];
  return editor.refresh();
}

function dragPoints(editor, gesture, dx, dy) {
  const instance = editor.labels.instances.get(gesture.instance);
  if (!instance) return cancelGesture(editor);
  if (!gesture.travelled) {
    const present = gesture.indices.filter((k) => instance.points[k] && instance.points[k].v !== ABSENT);
    editor.labels.startDraft(instance, present, gesture.label, "drag");
  }
  const alone = gesture.indices.length === 1;
  const after = (editor.labels.draft?.before ?? []).map(([k, x, y, v]) => {
    const place = alone ? withinPicture(editor, { x, y }, x + dx, y + dy) : [rounded(x + dx), rounded(y + dy)];
    return [k, ...place, v];
  });
  if (editor.labels.draft) editor.labels.moveDraft(after);
  return undefined;
}

function pointerUp(editor, event) {
  editor.pointers.delete(event.pointerId);
  const gesture = editor.gesture;
  editor.gesture = null;
  if (!gesture) return;
  if (gesture.type === "move") editor.commitDraft();
  else if (gesture.type === "pan" && gesture.click && !gesture.travelled) click(editor, gesture);
  editor.refresh();
}

/** A click beside every point places the absent one, or selects the instance there, or lets go. */
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

function pointerCancel(editor, event) {
  editor.pointers.delete(event.pointerId);
  cancelGesture(editor);
}

/** Put everything back as it was before the drag; tells whether there was one. */
function cancelGesture(editor) {
  if (!editor.gesture) return false;
  editor.gesture = null;
  editor.labels.draft = null;
  editor.rebase();
  return true;
}

function doubleClick(editor, event) {
  if (performance.now() - editor.placedAt < PLACED_JUST_NOW) return;
  if (!pick(editor, ...position(editor, event), REACH)) fitPicture(editor);
}

// ---- Zoom -----------------------------------------------------------------------------------

function wheel(editor, event) {
  event.preventDefault();
  const unit = event.deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : 24;
  const finer = event.ctrlKey ? 5 : 1; // a pinch on a touch pad arrives as small steps with ctrlKey
  const amount = clamp(event.deltaY * unit * finer, -400, 400);
  editor.view.zoomAt(...position(editor, event), Math.exp(-amount * ZOOM_PER_PIXEL));
  editor.refresh();
}

function startPinch(editor) {
  cancelGesture(editor);
  editor.gesture = { type: "pinch", ...spread(editor) };
}

function spread(editor) {
  const [[ax, ay], [bx, by]] = [...editor.pointers.values()];
  return { middle: [(ax + bx) / 2, (ay + by) / 2], distance: Math.max(Math.hypot(ax - bx, ay - by), 1) };
}

function pinch(editor, gesture) {
  if (editor.pointers.size < 2) return;
  const now = spread(editor);
  editor.view.panBy(now.middle[0] - gesture.middle[0], now.middle[1] - gesture.middle[1]);
  editor.view.zoomAt(...now.middle, now.distance / gesture.distance);
  Object.assign(gesture, now);
  editor.refresh();
}

// ---- Keys -----------------------------------------------------------------------------------

function keyDown(editor, event) {
  const typing = event.target.matches("input, textarea, select");
  if (typing && event.key !== "Escape") return;
  const onCanvas = event.target === editor.canvas;
  if (event.key === " " && onCanvas) return holdSpace(editor, event, true);
  if (event.key === "Tab" && (!onCanvas || editor.tabLeaves)) return; // the rest of the editor keeps the usual Tab
  const name = keyName(event);
  if (name.endsWith("arrowup") || name.endsWith("arrowdown")) {
    if (stepInList(editor, event)) return;
  }
  const command = KEYS[name];
  if (!command || (editor.options.help && !["?", "escape"].includes(name))) return;
  event.preventDefault();
  event.stopPropagation();
  editor.tabLeaves = name === "escape" && editor.selection.point === null;
  command(editor);
}

function keyUp(editor, event) {
  if (event.key === " ") holdSpace(editor, event, false);
}

function holdSpace(editor, event, held) {
  if (event.target === editor.canvas) event.preventDefault();
  editor.spaceHeld = held;
  editor.refresh();
}

// ---- Leaving --------------------------------------------------------------------------------

/** Whoever leaves the editor may be about to leave the page: hand over what is still held back. */
function focusOut(editor, event) {
  editor.spaceHeld = false;
  if (!editor.root.contains(event.relatedTarget)) {
    editor.tabLeaves = false;
    editor.handOver();
  }
}

function beforeUnload(editor, event) {
  editor.handOver();
  if (editor.outbox.unsaved) event.preventDefault();
}
