// Panel: the page elements around the canvas. All text goes in as text, never as HTML.

import { ABSENT } from "./model.js";
import { SCALE } from "./colours.js";
import { instanceTitle, isDoubtful } from "./draw.js";
import { countHeld, isHeld, isHeldWhole, releaseAll, toggleHeld } from "./holding.js";
import { apartSentence, contested, contestedElsewhere, lookAtContested } from "./conflicts.js";
import { cycleGuide, endGuide, guideSentence } from "./placing.js";
import { cycleShape } from "./shaping.js";
import { toggleLoupe } from "./loupe.js";
import {
  STATES, chooseInstance, cycleVisibility, fitInstance, fitPicture, pointName, redo, stepPoint,
  toggleAdjust, toggleGhost, toggleHelp, toggleList, toggleSureness, toggleWhole, undo,
} from "./commands.js";
import { nth } from "./clips.js";
import { buildHelp } from "./help.js";
import { goBy, goTo, goToImage, goToUnreviewed } from "./going.js";
import { accept, takeBack } from "./judging.js";
import { boxHint, drawBoxesOf } from "./boxes.js";
import { buildClipPanel, buildStrip, refreshTimeline } from "./clip_panel.js";

/** @import { Editor } from "./editor.js" */
/** @import { Command, Frame, Holding, IconName, Instance, Row } from "./types.js" */

export const ICONS = {
  undo: "M4 9h10a5 5 0 0 1 0 10h-4M4 9l4-4M4 9l4 4",
  redo: "M20 9H10a5 5 0 0 0 0 10h4M20 9l-4-4M20 9l-4 4",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  zoom: "M11 4a7 7 0 1 0 .01 0M16 16l5 5M11 8v6M8 11h6",
  previous: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  unreviewed: "M5 5l7 7-7 7M12 5l7 7-7 7",
  adjust: "M12 4a8 8 0 1 0 .01 0M12 4v16M12 8h5M12 12h8M12 16h5",
  list: "M9 6h11M9 12h11M9 18h11M4 6h.01M4 12h.01M4 18h.01",
  box: "M4 8V4h4M16 4h4v4M20 16v4h-4M8 20H4v-4M12 9v6M9 12h6",
  whole: "M4 10V4h6M20 14v6h-6M4 4l7 7M20 20l-7-7",
  play: "M7 5l12 7-12 7zM4 5v14",
  frames: "M4 5h16v14H4zM8 5v14M16 5v14M4 9h4M4 15h4M16 9h4M16 15h4",
  sureness: "M4 20V4M4 20h16M8 16v-3M12 16V9M16 16V6",
  ghost: "M6 20V11a6 6 0 0 1 12 0v9l-3-2-3 2-3-2zM10 11h.01M14 11h.01",
  shape: "M6 8h12v12H6zM12 8V3M12 3h.01",
  guide: "M12 3v5M12 16v5M3 12h5M16 12h5M12 12h.01",
  loupe: "M10 4a6 6 0 1 0 .01 0M14.5 14.5L20 20",
  locked: "M6 11h12v9H6zM9 11V8a3 3 0 0 1 6 0v3",
  hidden: "M3 12s3.5-6 9-6 9 6 9 6-3.5 6-9 6-9-6-9-6zM4 20L20 4",
  help: "M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1-1.5 2.3M12 18.5h.01",
};
export const NARROW = 720; // CSS pixels below which the point list lies over the picture and starts closed
/** @type {["brightness" | "contrast" | "gamma", string][]} */
const TONES = [["brightness", "Brightness"], ["contrast", "Contrast"], ["gamma", "Gamma"]];
const CANVAS_LABEL = "Picture with points; press ? for the keys";
const STATE_SIGNS = ["–", "○", "●"];
const REVIEWS = { open: "to be reviewed", in_progress: "in progress", accepted: "accepted", imported: "imported" };

// ---- Building -------------------------------------------------------------------------------

/**
 * Make an element: attributes, then children (elements or text).
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Record<string, string>} [attributes] @param {(Node | string)[]} children
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** @param {IconName} name */
function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

/** @param {Editor} editor */
export function buildPanel(editor) {
  const parts = {
    number: buildNumber(editor),
    count: make("span", { class: "count" }),
    name: make("span", { class: "file" }),
    accept: textButton(editor, "All points are right", (event) => accept(editor, event)),
    takeBack: textButton(editor, "Take back", () => takeBack(editor)),
    status: make("span", { class: "status", role: "status", "aria-live": "polite" }),
    apart: make("span", { class: "apart" }),
    look: textButton(editor, "Look at it", andBack(editor, () => lookAtContested(editor))),
    retry: textButton(editor, "Retry", andBack(editor, () => retry(editor))),
    keep: textButton(editor, "Keep mine", andBack(editor, () => retry(editor))),
    discard: textButton(editor, "Discard mine", andBack(editor, () => editor.discard())),
    guide: buildGuide(editor),
    spoken: make("div", { class: "spoken", "aria-live": "polite" }),
    held: { locked: buildRelease(editor, "locked"), hidden: buildRelease(editor, "hidden") },
    chips: make("div", { class: "chips", role: "group", "aria-label": "Faces and bodies" }),
    canvas: make("canvas", { tabindex: "0", role: "application", "aria-label": CANVAS_LABEL }),
    message: make("div", { class: "message", role: "alert" }),
    hint: make("div", { class: "hint", role: "status", "aria-live": "polite" }),
    list: make("div", { class: "list", role: "listbox", "aria-label": "Points", tabindex: "0" }),
    adjust: buildAdjust(editor),
    help: buildHelp(editor),
    strip: buildStrip(editor),
    clipPanel: buildClipPanel(editor),
    buttons: buildButtons(editor),
  };
  parts.accept.classList.add("accept");
  Object.assign(parts.accept.dataset, { title: "You vouch for every point, and go on", known: "a" });
  Object.assign(parts.takeBack.dataset, { title: "This picture is accepted; taken back, it is to be reviewed again", known: "shift+a" });
  const saving = make("div", { class: "group state" }, parts.status, parts.retry);
  const judging = make("div", { class: "group" }, parts.accept, parts.takeBack);
  const place = make("label", { class: "place" }, parts.number, parts.count);
  const bar = buildBar(parts.buttons, place, judging, saving);
  const names = make("div", { class: "names" }, parts.chips, parts.name);
  const choices = { class: "ask", role: "group", "aria-label": "Not saved: what shall hold" };
  const ask = make("div", choices, parts.apart, parts.look, parts.keep, parts.discard);
  const over = [parts.message, parts.guide, ask, parts.hint, parts.clipPanel.root, parts.adjust, parts.help, parts.spoken];
  const stage = make("div", { class: "stage" }, parts.canvas, ...over);
  const legend = buildLegend(parts.held.locked, parts.held.hidden);
  const side = make("aside", { class: "side", "aria-label": "Points" }, parts.list, legend);
  const body = make("div", { class: "body" }, stage, side);
  const root = make("div", { class: "keypoint-editor" }, bar, names, body, parts.strip.root);
  /** @type {Row[]} */
  const rows = [];
  return { ...parts, stage, side, root, rows, ask };
}

/** The place in the order, which can be typed. @param {Editor} editor */
function buildNumber(editor) {
  const input = make("input", { class: "number", inputmode: "numeric", "aria-label": "Number of the picture" });
  const { signal } = editor.lifetime;
  input.addEventListener("change", () => {
    const wanted = Number(input.value) - 1;
    if (Number.isInteger(wanted)) goTo(editor, Math.min(Math.max(wanted, 0), (editor.order?.count ?? 1) - 1));
    editor.canvas.focus({ preventScroll: true });
    editor.refresh();
  }, { signal });
  input.addEventListener("keydown", (event) => {
    if (event.key === "Escape") {
      input.value = String(editor.index + 1); // what was typed is not gone to
      editor.canvas.focus({ preventScroll: true });
    }
    if (event.key === "Escape" || event.key === "Enter") event.stopPropagation();
  }, { signal });
  return input;
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

/** Send again what was refused; a verdict is looked at anew instead. @param {Editor} editor */
function retry(editor) {
  const verdict = editor.outbox.refused.find(({ changes }) => !changes);
  if (!verdict || verdict.changes) return editor.outbox.retry();
  editor.outbox.discard([verdict]);
  return goToImage(editor, verdict.image);
}

/** For a button that goes away when it is pressed: the keys are the picture's then. @param {Editor} editor @param {() => void} run */
function andBack(editor, run) {
  return () => {
    run();
    editor.canvas.focus({ preventScroll: true });
  };
}

/** @param {Editor} editor @param {string} text @param {(event: MouseEvent) => void} run */
export function textButton(editor, text, run) {
  const button = make("button", { type: "button", class: "text" }, text);
  button.addEventListener("click", run, { signal: editor.lifetime.signal });
  return button;
}

/**
 * A button with a sign; where a key does the same, its title tells the key that the person has for it.
 * @param {Editor} editor @param {IconName} name @param {string} title @param {Command} run @param {string} [key]
 */
export function iconButton(editor, name, title, run, key = "") {
  const known = { "data-title": title, "data-known": key };
  const attributes = { type: "button", class: "icon", title, "aria-label": title, "data-command": name, ...known };
  const button = make("button", attributes, icon(name));
  button.addEventListener("click", () => run(editor), { signal: editor.lifetime.signal });
  return button;
}

/** @param {Editor} editor */
function buildButtons(editor) {
  /** @type {(name: IconName, title: string, run: Command, key?: string) => HTMLButtonElement} */
  const button = (name, title, run, key) => iconButton(editor, name, title, run, key);
  return {
    undo: button("undo", "Undo", undo, "ctrl+z"),
    redo: button("redo", "Redo", redo, "ctrl+shift+z"),
    fit: button("fit", "Fit the picture", fitPicture, "f"),
    zoom: button("zoom", "Zoom to the selected face or body", fitInstance, "z"),
    previous: button("previous", "Previous picture", () => goBy(editor, -1), "p"),
    next: button("next", "Next picture", () => goBy(editor, 1), "n"),
    unreviewed: button("unreviewed", "Next unreviewed picture", () => goToUnreviewed(editor), "u"),
    sureness: button("sureness", "Colours by how sure the model was", toggleSureness, "s"),
    ghost: button("ghost", "Where the model had the points", toggleGhost, "o"),
    shape: button("shape", "Frame to turn and scale", cycleShape, "e"),
    guide: button("guide", "Place points by clicks", cycleGuide, "q"),
    loupe: button("loupe", "Loupe", toggleLoupe, "y"),
    adjust: button("adjust", "Brightness, contrast and gamma", () => toggleAdjust(editor)),
    box: button("box", "Draw and move boxes; of people with Shift", () => drawBoxesOf(editor, "face"), "b"),
    whole: button("whole", "The whole window", () => toggleWhole(editor), "w"),
    list: button("list", "List of points", () => toggleList(editor)),
    help: button("help", "Keys", () => toggleHelp(editor), "?"),
  };
}

/**
 * @param {ReturnType<typeof buildButtons>} buttons @param {HTMLElement} place @param {HTMLElement} judging
 * @param {HTMLElement} saving
 */
function buildBar(buttons, place, judging, saving) {
  const { undo: back, redo: forth, fit, zoom, previous, next, unreviewed, adjust, box, list, whole, help } = buttons;
  const { sureness, ghost, shape, guide, loupe } = buttons;
  /** @param {HTMLElement[]} children */
  const group = (...children) => make("div", { class: "group" }, ...children);
  return make(
    "div",
    { class: "bar", role: "toolbar", "aria-label": "Editor" },
    group(previous, place, next, unreviewed),
    judging,
    group(back, forth),
    group(box, shape, guide, loupe, sureness, ghost),
    group(fit, zoom, adjust),
    saving,
    group(list, whole, help),
  );
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
  const { parts, data, history, options } = editor;
  editor.root.classList.toggle("narrow", editor.root.clientWidth < NARROW);
  refreshPlace(editor);
  disable(editor, parts.buttons.undo, data.read_only || !(history.done.length || editor.labels.draft));
  disable(editor, parts.buttons.redo, data.read_only || !history.undone.length);
  disable(editor, parts.buttons.zoom, !editor.selectedInstance());
  refreshTools(editor);
  parts.help.hidden = !options.help;
  parts.adjust.hidden = !options.adjust;
  parts.side.hidden = !editor.listShown();
  pressed(parts.buttons.list, editor.listShown());
  pressed(parts.buttons.box, options.boxes !== null);
  pressed(parts.buttons.whole, options.whole);
  pressed(parts.buttons.help, options.help);
  pressed(parts.buttons.adjust, options.adjust);
  refreshStatus(editor);
  refreshMessage(editor);
  refreshChips(editor);
  if (editor.listShown()) refreshList(editor);
  refreshTimeline(editor);
}

/** A button that can do nothing gives the keys back to the picture. @param {Editor} editor @param {HTMLButtonElement} button @param {boolean} off */
function disable(editor, button, off) {
  if (off && button.matches(":focus")) editor.canvas.focus({ preventScroll: true });
  button.disabled = off;
}

/** How points are looked at and set just now. @param {Editor} editor */
function refreshTools(editor) {
  const { parts, options } = editor;
  pressed(parts.buttons.sureness, options.sureness);
  pressed(parts.buttons.ghost, options.ghost);
  pressed(parts.buttons.shape, options.shape !== "off");
  pressed(parts.buttons.guide, options.guide !== "off");
  pressed(parts.buttons.loupe, options.loupe);
  editor.root.classList.toggle("by-sureness", options.sureness);
  const guide = guideSentence(editor);
  setText(/** @type {HTMLElement} */ (parts.guide.firstElementChild), guide);
  parts.guide.hidden = !guide;
  refreshHeld(editor);
  setText(parts.spoken, spokenPoint(editor));
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

/** Which picture this is, and what can be said of it. @param {Editor} editor */
function refreshPlace(editor) {
  const { parts, order, frame, data } = editor;
  refreshNumber(editor);
  setText(parts.count, order ? `/ ${order.count}` : "");
  setText(parts.name, frame ? `${nameInWords(frame)} · ${frame.width} × ${frame.height} pixels` : "");
  parts.name.title = frame?.name ?? "";
  parts.accept.hidden = data.read_only;
  parts.takeBack.hidden = data.read_only || frame?.state !== "accepted";
  setText(parts.accept, isBare(frame) ? "Nothing is here" : "All points are right");
}

/** Of a clip its name and the number of the frame, as people count. @param {Frame} frame */
function nameInWords({ name, clip }) {
  return clip ? `${name.slice(0, name.lastIndexOf("/"))} · frame ${nth(clip.frame)}` : name;
}

/** @param {Editor} editor */
function refreshNumber({ parts: { number }, index }) {
  const place = index < 0 ? "–" : String(index + 1);
  if (number.value !== place && !number.matches(":focus")) number.value = place;
}

/** @param {HTMLElement} button @param {boolean} on */
export function pressed(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

/** @param {HTMLElement} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** @param {Editor} editor */
function refreshStatus(editor) {
  const { parts, outbox } = editor;
  const sentence = outbox.sentence();
  const pending = outbox.waiting.length > 0 || editor.timeline.deeds.waiting.length > 0 || editor.labels.draft;
  const state = sentence ? "failed" : pending ? "saving" : "saved";
  const rest = editor.mayEdit() ? "Saved" : "Read only";
  setText(parts.status, sentence ? `Not saved: ${sentence}` : pending ? "Saving…" : rest);
  parts.status.title = sentence ?? "";
  parts.status.dataset.state = state;
  refreshChoices(editor, sentence);
}

/** What can be done where something is not saved; for a point that two people moved, whose place it shall have. @param {Editor} editor @param {string | null} sentence */
function refreshChoices(editor, sentence) {
  const { parts, outbox } = editor;
  const { refused } = outbox;
  const ofPoints = contested(editor).length > 0;
  const apart = ofPoints ? apartSentence(editor) : "";
  setText(parts.apart, apart);
  parts.apart.hidden = !apart;
  parts.look.hidden = contestedElsewhere(editor) === null;
  parts.ask.hidden = !refused.length;
  parts.retry.hidden = !sentence || refused.length > 0;
  setText(parts.keep, refused.some(({ changes }) => !changes) ? "Look at it" : "Keep mine");
  setText(parts.discard, ofPoints ? "Take theirs" : "Discard mine");
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

/** @param {Frame | null} frame */
function isBare(frame) {
  return frame?.instances.length === 0;
}

/** What lies over the picture instead of it. @param {Editor} editor @returns {{ text: string, again?: () => void }} */
function messageOf({ wanted, opened, picture, frames, frame }) {
  if (wanted !== null && frames.gone.has(wanted)) return { text: "This picture is gone: somebody has removed it." };
  if (wanted !== opened) return { text: frames.trouble ? `Not loaded: ${frames.trouble}; trying again…` : "Loading…" };
  if (picture.state === "loading") return { text: "Loading…" };
  if (picture.state === "ready" || !frame) return { text: "" };
  const { id, name } = frame;
  return { text: `The picture ${name} could not be loaded: ${picture.reason}.`, again: () => frames.retry(id) };
}

// ---- Instance chips -------------------------------------------------------------------------

/** @param {Editor} editor */
function refreshChips(editor) {
  const { parts, labels, selection } = editor;
  const instances = [...labels.instances.values()];
  const key = JSON.stringify(instances.map((each) => [each.id, instanceTitle(each), each.author, each.review]));
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
  const maker = instance.author ? `Points by ${instance.author}` : `Points by a ${instance.source}`;
  chip.title = instance.source ? `${maker}, ${REVIEWS[instance.review]}` : "No points yet";
  chip.dataset.review = instance.review;
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
  const state = make("button", { type: "button", class: "state", tabindex: "-1" });
  const confidence = make("span", { class: "confidence" });
  const name = make("span", { class: "name" }, pointName(instance, k));
  const number = make("span", { class: "number" }, String(k + 1)); // as in the names of points
  const [hidden, locked] = [holdButton(editor, "hidden", k), holdButton(editor, "locked", k)];
  const parts = [state, number, name, confidence, hidden, locked];
  const element = make("div", { role: "option", class: "row", id: `point-${k}` }, ...parts);
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
  row.state.textContent = STATE_SIGNS[point.v];
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
