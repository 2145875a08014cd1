// What the server says of the address goes into the browser's, one entry of the history for each place.
//
// Streamlit could write it too, but pushes an entry each time, on arriving at a page and on leaving it as well, and
// onto whichever page is open at that moment. A place is a page, and on some a picture or a person; any other change
// of the address replaces it. Where Back and Forward lead on a page, the server is told (Streamlit's own word of it is
// lost when anything else happens in that moment); what it says before it has heard is about the place that was left,
// and is not written. To another page Streamlit leads.

/** @import { AddressComponent, Told } from "./types.js" */

const TAB = Symbol.for("facet.address");
const AGAIN = 20; // ms after which it is looked again whether the page is open
const PATIENCE = 10000; // ms for a page to open, and for the server to hear

class TabAddress {
  constructor() {
    this.session = "";
    this.turn = 0; // of what was told last; a component that is drawn again may tell an older one
    this.moves = 0; // how often Back and Forward led to another place of the page, and
    this.until = 0; // how long the server may take to hear of the last one
    /** @type {AddressComponent["setStateValue"] | null} */
    this.tell = null;
    /** @type {string | null} */
    this.path = null; // where the address was written last, and
    this.search = ""; // what
    /** @type {number | undefined} */
    this.timer = undefined;
    window.addEventListener("popstate", () => this.move());
  }

  move() {
    const { pathname, search } = window.location;
    if (pathname !== this.path || search === this.search) return;
    this.moves += 1;
    this.until = performance.now() + PATIENCE;
    this.tell?.("moved", { count: this.moves, query: search.slice(1) });
  }

  /** @param {Told} told */
  hear(told) {
    if (told.session === this.session && told.turn <= this.turn) return;
    Object.assign(this, { session: told.session, turn: told.turn });
    clearTimeout(this.timer);
    this.write(told, performance.now() + PATIENCE);
  }

  /** @param {Told} told @param {number} until */
  write(told, until) {
    const { pathname, search } = window.location;
    if (told.moves !== this.moves && performance.now() < this.until) return;
    if (pathname.split("/").pop() !== told.page) {
      if (performance.now() < until) this.timer = setTimeout(() => this.write(told, until), AGAIN);
      return;
    }
    const wanted = told.query ? `?${told.query}` : "";
    if (wanted !== search) {
      const step = this.path === pathname && isStep(search, wanted, told.steps);
      window.history[step ? "pushState" : "replaceState"]({}, "", pathname + wanted);
    }
    Object.assign(this, { path: pathname, search: wanted });
  }
}

/** @param {string} before @param {string} after @param {string[]} words those that are places */
function isStep(before, after, words) {
  const [from, to] = [new URLSearchParams(before), new URLSearchParams(after)];
  return words.some((word) => from.get(word) !== to.get(word));
}

/** @param {AddressComponent} component */
export default function address({ data, setStateValue }) {
  const tab = /** @type {any} */ (globalThis);
  tab[TAB] ??= new TabAddress();
  if (data.at === "end") tab[TAB].tell = setStateValue; // this one is on every page
  tab[TAB].hear(data);
}
