// What the outbox has to say on every page: what waits, what was refused, what belongs to another store.

import { counted, tabOutbox } from "./outbox.js";

/** @import { Outbox } from "./outbox.js" */
/** @import { TabComponent } from "./types.js" */

/** @param {string} text @param {() => void} run */
function button(text, run) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.addEventListener("click", run);
  return made;
}

/**
 * The lines to show: what is said, how urgent, and what can be done about it.
 * @param {Outbox} outbox @returns {{ state: string, text: string, buttons: HTMLButtonElement[] }[]}
 */
function lines(outbox) {
  const { waiting, refused, foreign, trouble, told } = outbox;
  const shown = undone(outbox);
  if (refused.length) {
    const count = refused.length === 1 ? "1 edit is" : `${refused.length} edits are`;
    const { keep, discard } = outbox.choice();
    const buttons = [button(discard, () => outbox.discard(outbox.refused))];
    if (keep) buttons.unshift(button(keep, () => outbox.keep()));
    shown.push({ state: "failed", text: `${count} not saved: ${outbox.sentence()}.`, buttons });
  }
  if (waiting.length && trouble) {
    const buttons = [button("Try now", () => outbox.hurry()), ...giveUpButtons(outbox)];
    shown.push({ state: "failed", text: `${counted(waiting.length)} to be saved: ${trouble}.`, buttons });
  }
  if (foreign.length) {
    const text = `${counted(foreign.length)} for the store that they were made in; another one answers here now.`;
    const buttons = [button("Discard them", () => outbox.discard(outbox.foreign))];
    shown.push({ state: "kept", text, buttons });
  }
  if (told) {
    shown.push({ state: "saved", text: told === 1 ? "The edit that waited is saved." : allSaved(told), buttons: [] });
  }
  return shown;
}

/** @param {Outbox} outbox */
function giveUpButtons(outbox) {
  return outbox.stuck ? [button("Give it up", () => outbox.giveUp())] : [];
}

/** What could not be done to a clip while no editor was there to tell it. @param {Outbox} outbox */
function undone(outbox) {
  const told = outbox.answered.flatMap(({ reason, correction }) => {
    if (!reason || (correction && outbox.isRefused(correction.id))) return []; // a correction that was refused as an edit too says so itself
    return correction ? `A correction goes on for its frame alone: ${reason}.` : `Not done: ${reason}.`;
  });
  return told.length ? [{ state: "failed", text: told.join(" "), buttons: [button("Close", () => outbox.takeAnswered())] }] : [];
}

/** @param {number} count */
function allSaved(count) {
  return `All ${count} edits that waited are saved.`;
}

/** @param {HTMLElement} root @param {Outbox} outbox */
function refresh(root, outbox) {
  const shown = lines(outbox);
  const key = JSON.stringify(shown.map(({ state, text, buttons }) => [state, text, ...buttons.map((each) => each.textContent)]));
  if (root.dataset.shown === key) return; // a button that is pressed just now stays
  root.dataset.shown = key;
  root.replaceChildren(
    ...shown.map(({ state, text, buttons }) => {
      const line = document.createElement("div");
      line.className = "line";
      line.dataset.state = state;
      line.append(text, ...buttons);
      return line;
    }),
  );
}

/** @type {WeakMap<HTMLElement, AbortController>} */
const shownIn = new WeakMap();

/** @param {TabComponent} component */
export default function tabNotice({ data, parentElement }) {
  const outbox = tabOutbox();
  outbox.meet(data.store);
  if (!shownIn.has(parentElement)) {
    const lifetime = new AbortController();
    shownIn.set(parentElement, lifetime);
    const root = document.createElement("div");
    root.className = "tab-notice";
    root.setAttribute("role", "status");
    parentElement.append(root);
    for (const event of ["change", "rebase"]) {
      outbox.addEventListener(event, () => refresh(root, outbox), { signal: lifetime.signal });
    }
    refresh(root, outbox);
  }
  return () => setTimeout(() => {
    if (parentElement.isConnected) return; // a rerun that overtook this call
    shownIn.get(parentElement)?.abort();
    shownIn.delete(parentElement);
  });
}
