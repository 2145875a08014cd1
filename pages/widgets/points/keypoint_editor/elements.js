// Elements: what the panels are made of. All text goes in as text, never as HTML.

/** @import { Editor } from "./editor.js" */
/** @import { Command, IconName } from "./types.js" */

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
  more: "M5 12h.01M12 12h.01M19 12h.01",
  help: "M8.5 9a3.5 3.5 0 1 1 5 3.2c-1 .5-1.5 1-1.5 2.3M12 18.5h.01",
};

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
export function icon(name) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  const path = document.createElementNS(space, "path");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
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
  button.addEventListener("click", (event) => run(editor, event), { signal: editor.lifetime.signal });
  return button;
}

/** For a button that goes away when it is pressed: the keys are the picture's then. @param {Editor} editor @param {() => void} run */
export function andBack(editor, run) {
  return () => {
    run();
    editor.canvas.focus({ preventScroll: true });
  };
}

/** Buttons that a pointer pressed give the keys to the picture: Space there pans, and presses none of them again. @param {Editor} editor @param {HTMLElement} group */
export function backFromPointer(editor, group) {
  group.addEventListener("click", ({ detail, target }) => {
    const byPointer = detail > 0; // a click that a key has made counts none
    if (byPointer && target instanceof Element && target.closest("button")) editor.canvas.focus({ preventScroll: true });
  }, { signal: editor.lifetime.signal });
}

/** @param {HTMLElement} button @param {boolean} on */
export function pressed(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

/** @param {HTMLElement} element @param {string} text */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

/** A button that can do nothing gives the keys back to the picture. @param {Editor} editor @param {HTMLButtonElement} button @param {boolean} off */
export function disable(editor, button, off) {
  if (off && button.matches(":focus")) editor.canvas.focus({ preventScroll: true });
  button.disabled = off;
}
