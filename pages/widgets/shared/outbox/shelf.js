// The shelf: edits that outlive the tab, in the browser's own database. Where the browser has none to give, as in some
// private windows, edits wait in the tab alone.

/** @import { Sent } from "./types.js" */

const DATABASE = "facet";
const EDITS = "edits";

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

  /** @param {(edits: IDBObjectStore) => unknown} change */
  async change(change) {
    try {
      const database = await this.open();
      const transaction = database.transaction(EDITS, "readwrite");
      change(transaction.objectStore(EDITS));
      transaction.commit(); // at once: the tab may be about to close
    } catch (error) {
      console.warn("The browser does not keep unsaved edits over a closed tab:", error);
    }
  }
}
