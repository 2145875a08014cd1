// Dialogs: Streamlit's own take the keys from the picture, and leave them nowhere when they close.
//
// The one that says that the server is away is closed where the keys were the picture's: work goes on without a server.

/** @import { Editor } from "./editor.js" */

const DIALOG = "[data-testid=stDialog]";
const CONNECTED = "[data-testid=stApp][data-test-connection-state=CONNECTED]";

/** Whether the page can hear: else Streamlit lets go what it is told. */
export function isConnected() {
  return document.querySelector(CONNECTED) !== null;
}

/** Keep the keys with the picture while Streamlit's dialogs come and go. @param {Editor} editor */
export function keepKeys(editor) {
  const { canvas, host, lifetime: { signal } } = editor;
  const component = host.getRootNode() instanceof ShadowRoot ? /** @type {ShadowRoot} */ (host.getRootNode()).host : host;
  let ours = true;
  document.addEventListener("focusin", ({ target }) => {
    if (target instanceof Element && !target.closest(DIALOG)) ours = component.contains(target);
  }, { signal });
  const observer = new MutationObserver(() => requestAnimationFrame(() => {
    if (!ours || signal.aborted) return;
    const dialog = document.querySelector(DIALOG);
    if (dialog) closeAway(editor, dialog);
    else if (document.activeElement === document.body) canvas.focus({ preventScroll: true });
  }));
  observer.observe(document.body, { childList: true });
  signal.addEventListener("abort", () => observer.disconnect());
}

/** @param {Editor} editor @param {Element} dialog */
function closeAway(editor, dialog) {
  const close = dialog.querySelector("button");
  if (!close || isConnected()) return;
  close.click();
  editor.say("The server cannot be reached. What you do is kept here and sent when it is back.");
}
