// Bar: the toolbar over the picture, with the place in the order, what is judged and whether all is saved.

import { isBare } from "./frames.js";
import { accept, takeBack } from "./judging.js";
import { goBy, goTo, goToUnreviewed } from "./going.js";
import { pressBoxes } from "./boxes.js";
import { cycleGuide } from "./placing.js";
import { cycleShape } from "./shaping.js";
import { toggleLoupe } from "./loupe.js";
import { nameInWords } from "./telling.js";
import {
  fitInstance, fitPicture, redo, toggleAdjust, toggleGhost, toggleHelp, toggleList, toggleSureness, toggleTools, toggleWhole, undo,
} from "./commands.js";
import { andBack, backFromPointer, disable, iconButton, make, pressed, setText, textButton } from "./elements.js";

/** @import { Editor } from "./editor.js" */
/** @import { Command, IconName } from "./types.js" */

// ---- Building -------------------------------------------------------------------------------

/** @param {Editor} editor */
export function buildBar(editor) {
  const parts = {
    number: buildNumber(editor),
    count: make("span", { class: "count" }),
    accept: textButton(editor, "All points are right", (event) => accept(editor, event)),
    takeBack: textButton(editor, "Take back", () => takeBack(editor)),
    status: make("span", { class: "status", role: "status", "aria-live": "polite" }),
    retry: textButton(editor, "Retry", andBack(editor, () => editor.outbox.retry())),
    giveUp: textButton(editor, "Give it up", andBack(editor, () => editor.outbox.giveUp())),
    buttons: buildButtons(editor),
  };
  parts.accept.classList.add("accept");
  Object.assign(parts.accept.dataset, { title: "You vouch for every point, and go on", known: "a" });
  Object.assign(parts.takeBack.dataset, { title: "This picture is accepted; taken back, it is to be reviewed again", known: "shift+a" });
  const bar = layBar(parts);
  backFromPointer(editor, bar);
  return { ...parts, bar };
}

/** @typedef {{ number: HTMLElement, count: HTMLElement, accept: HTMLElement, takeBack: HTMLElement }} Judged */
/** @typedef {Judged & { status: HTMLElement, retry: HTMLElement, giveUp: HTMLElement, buttons: ReturnType<typeof buildButtons> }} BarParts */

/** Put the parts in their places; the tools are folded away where there is little room. @param {BarParts} parts */
function layBar({ number, count, accept: right, takeBack: back, status, retry, giveUp, buttons: by }) {
  /** @type {(name: string, ...children: HTMLElement[]) => HTMLElement} */
  const group = (name, ...children) => make("div", { class: `group ${name}` }, ...children);
  return make(
    "div",
    { class: "bar", role: "toolbar", "aria-label": "Editor" },
    group("way", by.previous, make("label", { class: "place" }, number, count), by.next, by.unreviewed),
    group("judging", right, back),
    group("turns", by.undo, by.redo),
    group("tools", by.box, by.shape, by.guide, by.loupe, by.sureness, by.ghost),
    group("tools", by.fit, by.zoom, by.adjust),
    group("state", status, retry, giveUp),
    group("sides", by.list, by.whole, by.help, by.more),
  );
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
    more: button("more", "More tools", () => toggleTools(editor)),
    adjust: button("adjust", "Brightness, contrast and gamma", () => toggleAdjust(editor)),
    box: button("box", "Draw and move boxes of faces; pressed again, or with Shift, of people", pressBoxes, "b"),
    whole: button("whole", "The whole window", () => toggleWhole(editor), "w"),
    list: button("list", "List of points", () => toggleList(editor)),
    help: button("help", "Keys", () => toggleHelp(editor), "?"),
  };
}

// ---- Showing the state ----------------------------------------------------------------------

/** @param {Editor} editor */
export function refreshBar(editor) {
  const { parts: { buttons }, data, history, options } = editor;
  refreshPlace(editor);
  disable(editor, buttons.undo, data.read_only || !(history.done.length || editor.labels.draft));
  disable(editor, buttons.redo, data.read_only || !history.undone.length);
  disable(editor, buttons.zoom, !editor.selectedInstance());
  pressed(buttons.sureness, options.sureness);
  pressed(buttons.ghost, options.ghost);
  pressed(buttons.shape, options.shape !== "off");
  pressed(buttons.guide, options.guide !== "off");
  pressed(buttons.loupe, options.loupe);
  pressed(buttons.list, editor.listShown());
  pressed(buttons.box, options.boxes !== null);
  pressed(buttons.whole, options.whole);
  pressed(buttons.help, options.help);
  pressed(buttons.adjust, options.adjust);
  pressed(buttons.more, options.tools);
  editor.root.classList.toggle("all-tools", options.tools);
  refreshStatus(editor);
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

/** @param {Editor} editor */
function refreshNumber({ parts: { number }, index }) {
  const place = index < 0 ? "–" : String(index + 1);
  if (number.value !== place && !number.matches(":focus")) number.value = place;
}

/** @param {Editor} editor */
function refreshStatus(editor) {
  const { parts, outbox } = editor;
  const sentence = outbox.sentence();
  const pending = outbox.pending.length > 0 || editor.labels.draft;
  const state = sentence ? "failed" : pending ? "saving" : "saved";
  const rest = editor.mayEdit() ? "Saved" : "Read only";
  setText(parts.status, sentence ? `Not saved: ${sentence}` : pending ? "Saving…" : rest);
  parts.status.title = sentence ?? "";
  parts.status.dataset.state = state;
  parts.retry.hidden = !sentence || outbox.refused.length > 0;
  parts.giveUp.hidden = !sentence || outbox.stuck === null;
}
