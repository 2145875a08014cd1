// Help: the list of keys, in which each can be changed.

import { HELP, toggleHelp } from "./commands.js";
import { isChangeable, keyTitle } from "./keys.js";
import { make, setText, textButton } from "./elements.js";

/** @import { Editor } from "./editor.js" */

/** @param {Editor} editor */
export function buildHelp(editor) {
  const columns = HELP.map(([title, rows]) => make("section", {}, make("h4", {}, title), helpRows(editor, rows)));
  const close = textButton(editor, "Close", () => toggleHelp(editor, false));
  const reset = textButton(editor, "All keys as they were", () => {
    editor.keys.reset();
    editor.changing = null;
    editor.sayOfKeys("All keys are as they were.");
  });
  const said = make("span", { class: "said", role: "status" }, "Press a key here to change it; yours are kept under your name.");
  const foot = make("div", { class: "foot" }, close, reset, said);
  return make("div", { class: "help", role: "dialog", "aria-label": "Keys" }, make("div", { class: "columns" }, ...columns), foot);
}

/** @param {Editor} editor @param {[keys: string | string[], what: string][]} rows */
function helpRows(editor, rows) {
  const list = make("dl");
  for (const [keys, what] of rows) {
    const named = typeof keys === "string" ? [keys] : keys.map((command) => keyButton(editor, command, what));
    list.append(make("dt", {}, ...named), make("dd", {}, what));
  }
  return list;
}

/** @param {Editor} editor @param {string} command @param {string} what */
function keyButton(editor, command, what) {
  if (!isChangeable(command)) return make("kbd", {}, keyTitle(command));
  const button = textButton(editor, keyTitle(command), () => {
    editor.changing = editor.changing === command ? null : command;
    editor.sayOfKeys(editor.changing ? `Press the new key for: ${what}. Esc leaves it.` : "");
  });
  button.className = "key";
  button.dataset.key = command;
  button.dataset.what = what;
  return button;
}

/** Show which keys the person has, in the list and on the buttons. @param {Editor} editor */
export function refreshKeys({ parts, keys, changing, root }) {
  for (const button of parts.help.querySelectorAll("button")) {
    const command = button.dataset.key;
    if (!command) continue;
    const title = keyTitle(keys.of(command));
    setText(button, changing === command ? "…" : title);
    button.setAttribute("aria-label", `${title}: ${button.dataset.what}; change the key`);
    button.setAttribute("aria-pressed", String(changing === command));
  }
  for (const button of root.querySelectorAll("button")) {
    const { title, known } = button.dataset;
    if (!title || !known) continue;
    button.title = `${title} (${keyTitle(keys.of(known))})`;
    if (button.ariaLabel) button.ariaLabel = button.title; // those with a sign
  }
}
