// The shelf: edits that outlive the tab, in the browser's own database. Where the browser has none to give, as in some
// private windows, edits wait in the tab alone.

/** @import { Deed, Sent } from "./types.js" */

const DATABASE = "facet";
const EDITS = "edits"; // deeds too
const EARLIER_PLACE = "facet.deed."; // where an earlier version of Facet kept each deed, in the browser's storage

export class Shelf {
  constructor() {
    /** @type {Promise<IDBDatabase> | null} */
    this.database = null;
  }

  open() {
    this.database ??= new Promise((resolve, reject) => {
      const request = indexedDB.open(DATABASE, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(EDITS, { keyPath: "id" });
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
    return this.database;
  }

  /** @param {Sent} edit */
  put(edit) {
    return this.change((edits) => edits.put(edit));
  }

  /** @param {string} id */
  remove(id) {
    return this.change((edits) => edits.delete(id));
  }

  /** Everything that lies here, the oldest first. @returns {Promise<Sent[]>} */
  async all() {
    await this.takeOver();
    try {
      const database = await this.open();
      /** @type {Sent[]} */
      const found = await new Promise((resolve, reject) => {
        const request = database.transaction(EDITS).objectStore(EDITS).getAll();
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
      return found.sort((one, other) => one.at - other.at);
    } catch (error) {
      console.warn("Edits that an earlier tab did not get rid of could not be read:", error);
      return [];
    }
  }

  /** Lay here what an earlier version of Facet kept elsewhere; there it goes once it lies here. */
  async takeOver() {
    try {
      for (const place of Object.keys(localStorage).filter((each) => each.startsWith(EARLIER_PLACE))) {
        const deed = deedIn(localStorage.getItem(place));
        if (!deed || (await this.put(deed))) localStorage.removeItem(place);
      }
    } catch {
      // The browser keeps nothing there.
    }
  }

  /** Tells, once it is so, whether the change is kept. @param {(edits: IDBObjectStore) => unknown} change */
  async change(change) {
    try {
      const database = await this.open();
      const transaction = database.transaction(EDITS, "readwrite");
      change(transaction.objectStore(EDITS));
      transaction.commit(); // at once: the tab may be about to close
      return await new Promise((resolve) => {
        transaction.oncomplete = () => resolve(true);
        transaction.onabort = () => resolve(false);
      });
    } catch (error) {
      console.warn("The browser does not keep unsaved edits over a closed tab:", error);
      return false;
    }
  }
}

/** The deed that a text holds; null where that is damaged. @param {string | null} text @returns {Deed | null} */
function deedIn(text) {
  try {
    const deed = JSON.parse(text ?? "null");
    const known = [deed?.id, deed?.store, deed?.do].every((each) => typeof each === "string");
    return known && typeof deed.at === "number" ? deed : null;
  } catch {
    return null;
  }
}
