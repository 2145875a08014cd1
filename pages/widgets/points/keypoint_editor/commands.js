// Commands: what a key or a button does. Each takes the editor; edits go through `editor.change`.

const NUDGE_PAUSE = 400; // ms without a nudge after which a run of nudges becomes one edit
const STATES = ["absent", "hidden", "visible"];

// ---- Points ---------------------------------------------------------------------------------

function pointName(instance, k) {
  return instance.skeleton.names[k] ?? `point_${k + 1}`;
}

function nudge(editor, dx, dy) {
  const { labels, selection } = editor;
  const instance = editor.selectedInstance();
  const point = instance?.points[selection.point];
  if (!editor.mayEdit() || !point || point.v === ABSENT) return;
  const draft = labels.draft;
  const goesOn = draft?.kind === "nudge" && draft.instance === instance.id && draft.before[0][0] === selection.point;
  if (!goesOn) {
    editor.commitDraft();
    labels.startDraft(instance, [selection.point], `Nudge ${pointName(instance, selection.point)}`, "nudge");
  }
  const [x, y] = withinPicture(editor, point, point.x + dx, point.y + dy);
  labels.moveDraft([[selection.point, x, y, point.v]]);
  clearTimeout(editor.nudgeTimer);
  editor.nudgeTimer = setTimeout(() => editor.commitDraft(), NUDGE_PAUSE);
  editor.refresh();
}

/** A point moved alone stays on the picture, unless it was beyond the edge already. */
function withinPicture({ view }, from, x, y) {
  const { width, height } = view.picture;
  return [
    rounded(clamp(x, Math.min(-0.5, from.x), Math.max(width - 0.5, from.x))),
    rounded(clamp(y, Math.min(-0.5, from.y), Math.max(height - 0.5, from.y))),
  ];
}

function cycleVisibility(editor, k = editor.selection.point) {
  const instance = editor.selectedInstance();
  const point = instance?.points[k];
  if (!point) return;
  setVisibility(editor, instance, k, (point.v + 2) % 3);
}

function setVisibility(editor, instance, k, v) {
  const point = instance.points[k];
  const place = point.v === ABSENT ? editor.labels.remembered(instance.id, k) : [point.x, point.y];
  if (v !== ABSENT && place === null) {
    editor.select(instance.id, k);
    editor.say(`Click in the picture to place ${pointName(instance, k)}.`);
    return;
  }
  const [x, y] = v === ABSENT ? [null, null] : place;
  editor.change(instance, [[k, x, y, v]], `Make ${pointName(instance, k)} ${STATES[v]}`);
}

function removePoint(editor) {
  const instance = editor.selectedInstance();
  const k = editor.selection.point;
  if (instance?.points[k]) setVisibility(editor, instance, k, ABSENT);
}

/** Place the selected absent point; goes on to the next absent one, so that a row is placed click by click. */
function placePoint(editor, x, y) {
  const instance = editor.selectedInstance();
  const k = editor.selection.point;
  const { width, height } = editor.view.picture;
  if (!editor.mayEdit() || !inside([-0.5, -0.5, width - 0.5, height - 0.5], x, y)) return;
  editor.change(instance, [[k, rounded(x), rounded(y), VISIBLE]], `Place ${pointName(instance, k)}`);
  const next = instance.points[k + 1];
  if (next?.v === ABSENT) editor.select(instance.id, k + 1);
}

function isPlacing(editor) {
  return editor.mayEdit() && editor.selectedInstance()?.points[editor.selection.point]?.v === ABSENT;
}

function stepPoint(editor, step) {
  const instance = editor.selectedInstance();
  if (!instance?.points.length) return;
  const count = instance.points.length;
  const from = editor.selection.point ?? (step > 0 ? -1 : count);
  editor.select(instance.id, (from + step + count) % count);
  editor.revealSelection();
}

function stepInstance(editor, step) {
  const ids = [...editor.labels.instances.keys()];
  if (!ids.length) return;
  const at = ids.indexOf(editor.selection.instance);
  chooseInstance(editor, ids[(at + step + ids.length) % ids.length]);
}

function chooseInstance(editor, id) {
  editor.select(id, null);
  const bounds = boundsOf(editor.selectedInstance());
  if (editor.view.mode === "instance" && bounds) editor.view.fitInstance(bounds);
  editor.refresh();
}

// ---- Left and right -------------------------------------------------------------------------

function mirrorInstance(editor) {
  const instance = editor.selectedInstance();
  if (instance) editor.change(instance, mirrorChanges(instance), "Swap left and right");
}

function mirrorRegion(editor) {
  const instance = editor.selectedInstance();
  const region = instance && regionOf(instance.skeleton, editor.selection.point);
  if (!region) return editor.say("Select a point first: Shift+M swaps left and right of its region.");
  editor.change(instance, mirrorChanges(instance, region.indices), `Swap left and right of ${region.name}`);
}

// ---- Undo and redo --------------------------------------------------------------------------

function undo(editor) {
  editor.commitDraft();
  const step = editor.mayEdit() && editor.history.done.pop();
  if (step) turnBack(editor, step, "Undo", editor.history.undone);
}

function redo(editor) {
  editor.commitDraft();
  const step = editor.mayEdit() && editor.history.undone.pop();
  if (step) turnBack(editor, step, "Redo", editor.history.done);
}

/** Send the inverse of a step for the points that nobody else has moved since. */
function turnBack(editor, step, verb, other) {
  if (editor.outbox.refused.has(step.edit)) {
    editor.outbox.discard([step.edit]); // the server never had it
    return editor.rebase();
  }
  const instance = editor.labels.instances.get(step.instance);
  const kept = instance ? step.after.map((change) => sameChange(change, changeOf(instance, change[0]))) : [];
  const after = step.before.filter((_, i) => kept[i]);
  const before = step.after.filter((_, i) => kept[i]);
  if (!after.length) {
    return editor.say(`${verb} left out: somebody else has changed it since.`);
  }
  const edit = editor.post(instance, after, `${verb}: ${step.label}`);
  other.push({ edit, instance: step.instance, before, after, label: step.label });
  return editor.select(step.instance, after.length === 1 ? after[0][0] : editor.selection.point);
}

// ---- View -----------------------------------------------------------------------------------

function fitPicture(editor) {
  editor.view.fit();
  editor.refresh();
}

function fitInstance(editor) {
  const instance = editor.selectedInstance();
  const bounds = instance && boundsOf(instance);
  if (bounds) editor.view.fitInstance(bounds);
  editor.refresh();
}

function zoomBy(editor, factor) {
  editor.view.zoomAt(editor.view.width / 2, editor.view.height / 2, factor);
  editor.refresh();
}

function toggleEdges(editor) {
  editor.options.edges = !editor.options.edges;
  editor.refresh();
}

function cycleLabels(editor) {
  const kinds = ["some", "all", "none"];
  editor.options.labels = kinds[(kinds.indexOf(editor.options.labels) + 1) % kinds.length];
  editor.say({ some: "Names: boxes and the selected point.", all: "Names: every point.", none: "Names hidden." }[editor.options.labels]);
  editor.refresh();
}

function toggleHelp(editor, open = !editor.options.help) {
  editor.options.help = open;
  editor.refresh();
}

function toggleList(editor) {
  editor.options.list = !editor.listShown();
  editor.refresh();
}

function toggleAdjust(editor, open = !editor.options.adjust) {
  editor.options.adjust = open;
  editor.refresh();
}

function leave(editor) {
  if (editor.options.help) return toggleHelp(editor, false);
  if (editor.options.adjust) return toggleAdjust(editor, false);
  if (cancelGesture(editor)) return undefined;
  editor.commitDraft();
  return editor.select(editor.selection.instance, null);
}

// ---- Keys -----------------------------------------------------------------------------------

const ARROWS = { arrowleft: [-1, 0], arrowright: [1, 0], arrowup: [0, -1], arrowdown: [0, 1] };
const STEPS = { "": 1, "shift+": 5, "alt+": 0.25 };

const KEYS = {
  "tab": (editor) => stepPoint(editor, 1),
  "shift+tab": (editor) => stepPoint(editor, -1),
  "]": (editor) => stepPoint(editor, 1),
  "[": (editor) => stepPoint(editor, -1),
  "i": (editor) => stepInstance(editor, 1),
  "shift+i": (editor) => stepInstance(editor, -1),
  "v": (editor) => cycleVisibility(editor),
  "delete": removePoint,
  "backspace": removePoint,
  "m": mirrorInstance,
  "shift+m": mirrorRegion,
  "ctrl+z": undo,
  "ctrl+shift+z": redo,
  "ctrl+y": redo,
  "f": fitPicture,
  "z": fitInstance,
  "+": (editor) => zoomBy(editor, 1.25),
  "-": (editor) => zoomBy(editor, 0.8),
  "h": toggleEdges,
  "l": cycleLabels,
  "n": (editor) => editor.go("next"),
  "pagedown": (editor) => editor.go("next"),
  "p": (editor) => editor.go("previous"),
  "pageup": (editor) => editor.go("previous"),
  "u": (editor) => editor.go("next_unreviewed"),
  "?": (editor) => toggleHelp(editor),
  "escape": leave,
};
for (const [arrow, [dx, dy]] of Object.entries(ARROWS)) {
  for (const [modifier, step] of Object.entries(STEPS)) {
    KEYS[modifier + arrow] = (editor) => nudge(editor, dx * step, dy * step);
  }
}

const HELP = [
  ["Points", [
    ["Drag a point", "move it"],
    ["Arrow keys", "nudge by 1 pixel (Shift 5, Alt 0.25)"],
    ["Tab, Shift+Tab or ] [", "next, previous point"],
    ["V", "visible, hidden, absent"],
    ["Del", "make absent"],
    ["Click", "places the selected point if it is absent, then the next absent one"],
  ]],
  ["Many points", [
    ["Shift+drag a point", "move its region"],
    ["Alt+drag", "move the whole face or body"],
    ["M, Shift+M", "swap left and right: all, or the region of the point"],
    ["Ctrl+Z", "undo"],
    ["Ctrl+Shift+Z or Ctrl+Y", "redo"],
  ]],
  ["View", [
    ["Wheel or + −", "zoom"],
    ["Drag, or Space or middle button", "pan"],
    ["F or double-click", "fit the picture"],
    ["Z", "zoom to the selected face or body"],
    ["H, L", "lines, names"],
    ["I, Shift+I", "next, previous face or body"],
  ]],
  ["Pictures", [
    ["N or PageDown", "next"],
    ["P or PageUp", "previous"],
    ["U", "next that nobody has reviewed"],
    ["Esc", "let go of the point; Tab then leaves the picture"],
    ["?", "this list"],
  ]],
];

/** The name of a key press in KEYS: a sign goes by its character, since layouts differ in how it is typed. */
function keyName(event) {
  const key = event.key.toLowerCase();
  const control = event.ctrlKey || event.metaKey;
  if (/^[^a-z0-9 ]$/.test(key)) return control && !event.altKey ? `ctrl+${key}` : key;
  return `${control ? "ctrl+" : ""}${event.shiftKey ? "shift+" : ""}${event.altKey ? "alt+" : ""}${key}`;
}
