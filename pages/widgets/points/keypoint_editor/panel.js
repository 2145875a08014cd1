// Panel: the page elements around the canvas. All text goes in as text, never as HTML.

import { ABSENT, HIDDEN } from "./model.js";
import { SCALE } from "./colours.js";
import { instanceTitle, isDoubtful } from "./draw.js";
import { countHeld, isHeld, isHeldWhole, releaseAll, toggleHeld } from "./holding.js";
import { buildAsk, refreshAsk } from "./conflicts.js";
import { endGuide, guideSentence } from "./placing.js";
import { STATES, chooseInstance, cycleVisibility, pointName, stepPoint } from "./commands.js";
import { isBare } from "./frames.js";
import { nameInWords } from "./telling.js";
import { buildHelp } from "./help.js";
import { boxHint } from "./boxes.js";
import { buildBar, refreshBar } from "./bar.js";
import { buildClipPanel, buildStrip, refreshTimeline } from "./clip_panel.js";
import { andBack, backFromPointer, icon, make, pressed, setText, textButton } from "./elements.js";

/** @import { Editor } from "./editor.js" */
/** @import { Holding, Instance, Row } from "./types.js" */

export const NARROW = 720; // CSS pixels below which the point list lies over the picture and starts closed
/** @type {["brightness" | "contrast" | "gamma", string][]} */
const TONES = [["brightness", "Brightness"], ["contrast", "Contrast"], ["gamma", "Gamma"]];
const CANVAS_LABEL = "Picture with points; press ? for the keys";
const REVIEWS = { open: "to be reviewed", in_progress: "in progress", accepted: "accepted", imported: "imported" };

// ---- Building -------------------------------------------------------------------------------

/** @param {Editor} editor */
export function buildPanel(editor) {
  const [bar, names, stage, side] = [buildBar(editor), buildNames(editor), buildStage(editor), buildSide(editor)];
  const [strip, clipPanel] = [buildStrip(editor), buildClipPanel(editor)];
  const body = make("div", { class: "body" }, stage.stage, side.side);
  const root = make("div", { class: "keypoint-editor" }, bar.bar, names.names, body, strip.root, clipPanel.root);
  /** @type {Row[]} */
  const rows = [];
  return { ...bar, ...names, ...stage, ...side, strip, clipPanel, root, rows };
}

/** Who is in the picture, and what it is. @param {Editor} editor */
function buildNames(editor) {
  const chips = make("div", { class: "chips", role: "group", "aria-label": "Faces and bodies" });
  backFromPointer(editor, chips);
  const name = make("span", { class: "file" });
  return { chips, name, names: make("div", { class: "names" }, chips, name) };
}

/** The picture, and what may lie over it. @param {Editor} editor */
function buildStage(editor) {
  const parts = {
    canvas: make("canvas", { tabindex: "0", role: "application", "aria-label": CANVAS_LABEL }),
    message: make("div", { class: "message", role: "alert" }),
    guide: buildGuide(editor),
    ...buildAsk(editor),
    hint: make("div", { class: "hint", role: "status", "aria-live": "polite" }),
    adjust: buildAdjust(editor),
    help: buildHelp(editor),
    spoken: make("div", { class: "spoken", "aria-live": "polite" }),
  };
  const over = [parts.message, parts.guide, parts.ask, parts.hint, parts.adjust, parts.help, parts.spoken];
  return { ...parts, stage: make("div", { class: "stage" }, parts.canvas, ...over) };
}

/** The list of points, and what its signs mean. @param {Editor} editor */
function buildSide(editor) {
  const list = make("div", { class: "list", role: "grid", "aria-label": "Points", tabindex: "0" });
  const held = { locked: buildRelease(editor, "locked"), hidden: buildRelease(editor, "hidden") };
  const legend = buildLegend(held.locked, held.hidden);
  return { list, held, side: make("aside", { class: "side", "aria-label": "Points" }, list, legend) };
}

/** What a click places, and a way out. @param {Editor} editor */
function buildGuide(editor) {
  const words = make("span", {});
  return make("div", { class: "guide", role: "status" }, words, textButton(editor, "End", andBack(editor, () => endGuide(editor))));
}

/** @param {Editor} editor @param {Holding} which */
function buildRelease(editor, which) {
  const button = textButton(editor, "", andBack(editor, () => releaseAll(editor, which)));
  button.title = which === "locked" ? "Free all that is locked" : "Show all that is out of sight";
  return button;
}

/** @param {Editor} editor */
function buildAdjust(editor) {
  const box = make("div", { class: "adjust" });
  for (const [name, title] of TONES) {
    const range = { type: "range", min: "0.3", max: "2.5", step: "0.05", value: "1" };
    const input = make("input", { ...range, "data-adjust": name });
    input.addEventListener("input", () => {
      editor.options.tone = { ...editor.options.tone, [name]: Number(input.value) };
      editor.refresh();
    }, { signal: editor.lifetime.signal });
    box.append(make("label", {}, title, input));
  }
  box.append(textButton(editor, "Reset", () => resetAdjust(editor, box)));
  return box;
}

/** @param {Editor} editor @param {HTMLElement} box */
function resetAdjust(editor, box) {
  editor.options.tone = { brightness: 1, contrast: 1, gamma: 1 };
  for (const input of box.querySelectorAll("input")) input.value = "1";
  editor.refresh();
}

/** @param {HTMLElement[]} held what lets go of what is locked or out of sight */
function buildLegend(...held) {
  const items = [["model", "model"], ["human", "human"], ["moved", "moved"], ["low", "unsure"], ["hollow", "occluded"]];
  const signs = items.map(([name, text]) => make("span", {}, make("i", { class: `sign ${name}` }), text));
  const scale = make("i", { class: "scale", style: `background: linear-gradient(to right, ${SCALE.join(", ")})` });
  const sureness = make("span", { class: "sureness" }, "unsure", scale, "sure");
  return make("div", { class: "legend" }, ...signs, sureness, ...held);
}

// ---- Showing the state ----------------------------------------------------------------------

/** @param {Editor} editor */
export function refreshPanel(editor) {
  const { parts, options } = editor;
  editor.root.classList.toggle("narrow", editor.root.clientWidth < NARROW);
  editor.root.classList.toggle("by-sureness", options.sureness);
  parts.help.hidden = !options.help;
  parts.adjust.hidden = !options.adjust;
  parts.side.hidden = !editor.listShown();
  refreshBar(editor);
  refreshAsk(editor);
  refreshMessage(editor);
  refreshGuide(editor);
  refreshHeld(editor);
  setText(parts.spoken, spokenPoint(editor));
  refreshChips(editor);
  if (editor.listShown()) refreshList(editor);
  refreshTimeline(editor);
}

/** @param {Editor} editor */
function refreshGuide(editor) {
  const { guide } = editor.parts;
  const sentence = guideSentence(editor);
  setText(/** @type {HTMLElement} */ (guide.firstElementChild), sentence);
  guide.hidden = !sentence;
}

/** What is locked and out of sight of the selected face or body. @param {Editor} editor */
function refreshHeld(editor) {
  const instance = editor.selectedInstance();
  const { locked, hidden } = editor.parts.held;
  const counts = { locked: instance ? countHeld("locked", instance) : 0, hidden: instance ? countHeld("hidden", instance) : 0 };
  setText(locked, `${counts.locked} locked: free`);
  setText(hidden, `${counts.hidden} out of sight: show`);
  locked.hidden = !counts.locked;
  hidden.hidden = !counts.hidden;
}

/** The selected point for those who hear it. @param {Editor} editor */
function spokenPoint(editor) {
  const selected = editor.selectedPoint();
  if (!selected || editor.gesture) return "";
  const { instance, k, point } = selected;
  const place = point.v === ABSENT ? "" : `, ${Math.round(point.x)} across, ${Math.round(point.y)} down`;
  const locked = isHeld("locked", instance, k) ? ", locked" : "";
  return `${pointName(instance, k)}, ${k + 1} of ${instance.points.length}, ${STATES[point.v]}${place}${locked}`;
}

/** @param {Editor} editor */
function refreshMessage(editor) {
  const { parts } = editor;
  const { text, again } = messageOf(editor);
  if (parts.message.dataset.text !== text) {
    parts.message.dataset.text = text;
    parts.message.replaceChildren(text);
    if (again) parts.message.append(textButton(editor, "Retry", again));
  }
  parts.message.hidden = !text;
  const { frame, data } = editor;
  const nothing = frame && isBare(frame) ? (data.nothing[frame.state] ?? "") : "";
  setText(parts.hint, editor.hint || boxHint(editor) || nothing);
  parts.hint.hidden = !parts.hint.textContent;
}

/** What lies over the picture instead of it. @param {Editor} editor @returns {{ text: string, again?: () => void }} */
function messageOf({ wanted, opened, picture, frames, frame }) {
  if (wanted !== null && frames.gone.has(wanted)) return { text: "This picture is gone: somebody has removed it." };
  if (wanted !== opened) return { text: frames.trouble ? `Not loaded: ${frames.trouble}; trying again…` : "Loading…" };
  if (picture.state === "loading") return { text: "Loading…" };
  if (picture.state === "ready" || !frame) return { text: "" };
  const { id } = frame;
  return { text: `The picture ${nameInWords(frame)} could not be loaded: ${picture.reason}.`, again: () => frames.retry(id) };
}

// ---- Instance chips -------------------------------------------------------------------------

/** @param {Editor} editor */
function refreshChips(editor) {
  const { parts, labels, selection } = editor;
  const instances = [...labels.instances.values()];
  const key = JSON.stringify(instances.map((each) => [each.id, instanceTitle(each), each.author, each.review, each.source]));
  if (parts.chips.dataset.key !== key) {
    parts.chips.dataset.key = key;
    parts.chips.replaceChildren(...instances.map((instance) => buildChip(editor, instance)));
  }
  parts.chips.hidden = !instances.length;
  instances.forEach((instance, i) => {
    const chip = /** @type {HTMLElement} */ (parts.chips.children[i]);
    const { id, points, colour } = instance;
    chip.classList.toggle("locked", isHeldWhole("locked", instance));
    chip.classList.toggle("hidden", isHeldWhole("hidden", instance));
    chip.setAttribute("aria-pressed", String(id === selection.instance));
    chip.style.setProperty("--track", colour ?? "");
    chip.setAttribute("data-source", points.some((point) => point.human) ? "human" : "model");
  });
}

/** @param {Editor} editor @param {Instance} instance */
function buildChip(editor, instance) {
  const chip = make("button", { type: "button", class: "chip" }, make("i", { class: "sign" }), instanceTitle(instance));
  const maker = instance.author ? `points by ${instance.author}` : `points by a ${instance.source}`;
  const about = instance.source ? `${REVIEWS[instance.review]}, ${maker}` : "no points yet";
  chip.title = `${instanceTitle(instance)}: ${about}`;
  chip.ariaLabel = chip.title;
  Object.assign(chip.dataset, { review: instance.review, about });
  chip.addEventListener("click", () => {
    editor.commitDraft();
    chooseInstance(editor, instance.id);
  }, { signal: editor.lifetime.signal });
  return chip;
}

// ---- Point list -----------------------------------------------------------------------------

/** @param {Editor} editor */
function refreshList(editor) {
  const { parts, selection } = editor;
  const instance = editor.selectedInstance();
  const key = instance ? `${instance.points.length} ${instance.skeleton.names.join()}` : ""; // rows go on with another face
  if (parts.list.dataset.key !== key) buildRows(editor, instance, key);
  if (instance) parts.rows.forEach((row, k) => refreshRow(editor, instance, row, k));
  const active = selection.point === null ? null : parts.rows[selection.point];
  parts.list.setAttribute("aria-activedescendant", active ? active.element.id : "");
  if (active && parts.list.dataset.shown !== `${key} ${selection.point}`) {
    parts.list.dataset.shown = `${key} ${selection.point}`;
    scrollWithin(parts.list, active.element);
  }
}

/**
 * Like scrollIntoView, but never scrolls the page.
 * @param {HTMLElement} list @param {HTMLElement} row
 */
function scrollWithin(list, row) {
  const over = row.offsetTop - list.offsetTop - list.scrollTop;
  if (over < 0) list.scrollTop += over;
  const under = over + row.offsetHeight - list.clientHeight;
  if (under > 0) list.scrollTop += under;
}

/** @param {Editor} editor @param {Instance | null} instance @param {string} key */
function buildRows(editor, instance, key) {
  const { parts } = editor;
  parts.list.dataset.key = key;
  parts.rows = instance ? instance.points.map((_, k) => buildRow(editor, instance, k)) : [];
  const empty = make("p", {}, instance ? "No points yet." : "Choose a face or a body.");
  parts.list.replaceChildren(...(parts.rows.length ? parts.rows.map((row) => row.element) : [empty]));
}

/** @param {Editor} editor @param {Instance} instance @param {number} k */
function buildRow(editor, instance, k) {
  const signal = editor.lifetime.signal;
  const state = make("button", { type: "button", class: "state", tabindex: "-1" }, make("i", { class: "sign" }));
  const confidence = make("span", { class: "confidence" });
  const name = make("span", { class: "name" }, pointName(instance, k));
  const number = make("span", { class: "number" }, String(k + 1)); // as in the names of points
  const [hidden, locked] = [holdButton(editor, "hidden", k), holdButton(editor, "locked", k)];
  const cells = [state, number, name, confidence, hidden, locked].map((part) => make("span", { role: "gridcell" }, part));
  const element = make("div", { role: "row", class: "row", id: `point-${k}` }, ...cells);
  element.addEventListener("click", () => {
    editor.commitDraft();
    editor.select(editor.selection.instance, k);
    editor.revealSelection();
  }, { signal });
  state.addEventListener("click", () => cycleVisibility(editor, k), { signal });
  return { element, state, locked, hidden, confidence, shown: "" };
}

/** @param {Editor} editor @param {Holding} which @param {number} k */
function holdButton(editor, which, k) {
  const button = make("button", { type: "button", class: "hold", tabindex: "-1" }, icon(which));
  button.addEventListener("click", (event) => {
    event.stopPropagation();
    toggleHeld(editor, which, "point", k);
  }, { signal: editor.lifetime.signal });
  return button;
}

/** @param {HTMLButtonElement} button @param {string} name @param {boolean} on @param {[on: string, off: string]} words */
function refreshHold(button, name, on, words) {
  pressed(button, on);
  const title = words[on ? 0 : 1];
  button.title = title;
  button.setAttribute("aria-label", `${name}: ${title}`);
}

/** @param {Editor} editor @param {Instance} instance @param {Row} row @param {number} k */
function refreshRow(editor, instance, row, k) {
  const point = instance.points[k];
  const selected = editor.selection.point === k;
  const moved = editor.labels.hasMoved(instance, k);
  const doubtful = isDoubtful(point);
  const [locked, hidden] = [isHeld("locked", instance, k), isHeld("hidden", instance, k)];
  const shown = [point.v, point.c, point.human, selected, moved, locked, hidden].join();
  if (row.shown === shown) return;
  row.shown = shown;
  row.element.setAttribute("aria-selected", String(selected));
  row.element.dataset.source = point.human ? "human" : "model";
  row.element.classList.toggle("moved", moved);
  row.element.classList.toggle("doubtful", doubtful);
  row.element.classList.toggle("absent", point.v === ABSENT);
  refreshHold(row.locked, pointName(instance, k), locked, ["locked; press to free", "lock"]);
  refreshHold(row.hidden, pointName(instance, k), hidden, ["out of sight; press to show", "put out of sight"]);
  row.element.classList.toggle("occluded", point.v === HIDDEN);
  row.state.title = `${STATES[point.v]}; press to change`;
  row.state.setAttribute("aria-label", `${pointName(instance, k)} is ${STATES[point.v]}; change`);
  row.confidence.textContent = point.human || point.c === null || point.v === ABSENT ? "" : point.c.toFixed(2);
}

/**
 * Up and down move through the list while it has the focus; tells whether they did.
 * @param {Editor} editor @param {KeyboardEvent} event
 */
export function stepInList(editor, event) {
  if (!(event.target instanceof Node && editor.parts.list.contains(event.target))) return false;
  event.preventDefault();
  stepPoint(editor, event.key === "ArrowDown" ? 1 : -1);
  return true;
}
