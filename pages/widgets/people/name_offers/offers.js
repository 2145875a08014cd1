// The names that exist already, as the browser's own list of suggestions for fields whose label begins with a text.

/** @typedef {{ label: string, names: string[] }} Offers */

const LIST = "facet-names";

/** @type {{ place: HTMLElement, lifetime: AbortController } | null} */
let shown = null;

/** The list stands in the page itself: a field finds it by its id. */
function list() {
  const found = document.getElementById(LIST);
  if (found) return found;
  const made = document.createElement("datalist");
  made.id = LIST;
  document.body.append(made);
  return made;
}

/** @param {string[]} names */
function fill(names) {
  const options = names.map((name) => {
    const option = document.createElement("option");
    option.value = name;
    return option;
  });
  list().replaceChildren(...options);
}

/** @param {EventTarget | null} field @param {string} label */
function suggest(field, label) {
  if (!(field instanceof HTMLInputElement)) return;
  if (field.getAttribute("aria-label")?.startsWith(label)) field.setAttribute("list", LIST);
}

/** @param {{ data: Offers, parentElement: HTMLElement }} component */
export default function nameOffers({ data, parentElement }) {
  shown?.lifetime.abort();
  const lifetime = new AbortController();
  shown = { place: parentElement, lifetime };
  fill(data.names);
  suggest(document.activeElement, data.label);
  document.addEventListener("focusin", ({ target }) => suggest(target, data.label), { signal: lifetime.signal });
  return () => setTimeout(() => {
    if (parentElement.isConnected || shown?.place !== parentElement) return; // shown anew, here or elsewhere
    lifetime.abort();
    list().remove();
    shown = null;
  });
}
