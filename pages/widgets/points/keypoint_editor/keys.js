// Keys: which key each person has for a command, kept in this browser under the person's name.
//
// A command is known by its key in KEYS, whatever key a person has taken for it.

import { keepText, recallKept } from "./keeping.js";
import { HELP, KEYS, keyName } from "./commands.js";

/** @import { Editor } from "./editor.js" */

const FIXED = new Set(["tab", "shift+tab", "escape", "?"]); // commands that keep their keys
const RESERVED = new Set([" ", "enter", "shift+enter", "tab", "shift+tab", "escape", "?"]);
const OF_BROWSER = /^(f\d+|ctrl\+(shift\+)?[fjklnopqrtw]|ctrl\+[+\-0-9]|ctrl\+tab|alt\+f\d+|.*arrow.*)$/;
const MODIFIERS = new Set(["shift", "control", "alt", "altgraph", "meta", "capslock", "dead", "process", "unidentified"]);
/** @type {Record<string, string>} */
const KEY_TITLES = {
  delete: "Del", pagedown: "PageDown", pageup: "PageUp", arrowleft: "←", arrowright: "→", arrowup: "↑", arrowdown: "↓",
  " ": "Space",
};

export class PersonalKeys {
  constructor() {
    /** @type {Map<string, string>} */
    this.own = new Map(); // the key of a command -> the one that this person has for it
    this.place = "";
  }

  /** Take up what a person has chosen. @param {string} author @returns {boolean} whether it is another person */
  keepFor(author) {
    const place = `facet.keys.${author}`;
    if (place === this.place) return false;
    this.place = place;
    this.own = keptKeys(place);
    return true;
  }

  /** The key of a command. @param {string} command */
  of(command) {
    return this.own.get(command) ?? command;
  }

  /** The command of a key; "" where it has lost it to another key. @param {string} key */
  meaning(key) {
    for (const [command, taken] of this.own) if (taken === key) return command;
    return this.own.has(key) ? "" : key;
  }

  /** Give a command another key; returns why it cannot have it, or "". @param {string} command @param {string} key */
  take(command, key) {
    const reserved = RESERVED.has(key) || OF_BROWSER.test(key);
    if (reserved && key !== command) return `${keyTitle(key)} is reserved.`;
    const other = this.meaning(key);
    if (other !== command && other in KEYS) return `${keyTitle(key)} is taken: ${purposeOf(other)}.`;
    if (key === command) this.own.delete(command);
    else this.own.set(command, key);
    this.keep();
    return "";
  }

  reset() {
    this.own.clear();
    this.keep();
  }

  keep() {
    keepText("browser", this.place, JSON.stringify(Object.fromEntries(this.own)));
  }
}

/** @param {string} place @returns {Map<string, string>} */
function keptKeys(place) {
  const kept = Object.entries(recallKept("browser", place) ?? {});
  return new Map(kept.filter(([command, key]) => isChangeable(command) && typeof key === "string"));
}

/** Whether a person can give a command another key. @param {string} command */
export function isChangeable(command) {
  return command in KEYS && !FIXED.has(command);
}

/** As it stands on a keyboard. @param {string} key */
export function keyTitle(key) {
  const [, modifiers, last] = /** @type {string[]} */ (/^((?:(?:ctrl|shift|alt)\+)*)(.+)$/.exec(key));
  return `${modifiers}${KEY_TITLES[last] ?? last}`.replace(/(^|\+)[a-z]/g, (letter) => letter.toUpperCase());
}

/** What the list of keys says of a command. @param {string} command */
function purposeOf(command) {
  const rows = HELP.flatMap(([, found]) => found);
  return rows.find(([keys]) => keys.includes(command) && typeof keys !== "string")?.[1] ?? "another command";
}

/**
 * A key for the command whose key is being changed; tells whether there is one.
 * @param {Editor} editor @param {KeyboardEvent} event
 */
export function takesKey(editor, event) {
  const command = editor.changing;
  if (command === null) return false;
  event.preventDefault();
  event.stopPropagation();
  if (MODIFIERS.has(event.key.toLowerCase())) return true; // the key that goes with it is still to come
  const key = keyName(event);
  const before = keyTitle(editor.keys.of(command));
  const trouble = key === "escape" ? "" : editor.keys.take(command, key);
  const now = keyTitle(editor.keys.of(command));
  editor.changing = null;
  editor.sayOfKeys(trouble ? `${trouble} ${before} stays.` : before === now ? `${now} stays.` : `${before} is ${now} now.`);
  return true;
}
