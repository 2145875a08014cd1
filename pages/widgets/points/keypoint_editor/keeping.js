// Keeping: what outlives a reload, for this tab or for all tabs of the browser. A browser may be full, keep nothing for
// anybody, or hold what is damaged: the editor then goes on without it.

/** @type {Record<"tab" | "browser", () => Storage>} */
const KEEPERS = { tab: () => sessionStorage, browser: () => localStorage };

/** What is kept at a place; null where that is nothing. @param {"tab" | "browser"} by @param {string} place @returns {any} */
export function recallKept(by, place) {
  try {
    return JSON.parse(KEEPERS[by]().getItem(place) ?? "null");
  } catch {
    return null;
  }
}

/** @param {"tab" | "browser"} by @param {string} place @param {string} text JSON */
export function keepText(by, place, text) {
  try {
    KEEPERS[by]().setItem(place, text);
  } catch {
    // It is there until the page is closed.
  }
}

/** @param {"tab" | "browser"} by @param {string} place */
export function dropKept(by, place) {
  try {
    KEEPERS[by]().removeItem(place);
  } catch {
    // Then nothing is kept there.
  }
}
