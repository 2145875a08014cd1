// One question about faces at a time. An answer shows the next at once; the page hears of it, and catches up.

/**
 * @typedef {{ id: number, url: string, title: string }} Tile
 * @typedef {{ person: number, title: string, about: string, tiles: Tile[] }} Side
 * @typedef {{ label: string, does: string }} Answer
 * @typedef {{
 *   id: string, title: string, sides: Side[], facts: string[], answers: Record<string, Answer>, ends: string,
 * }} Question
 * @typedef {{ questions: Question[], left: number, heard: number, undo: Answer | null }} DeckData
 * @typedef {[number, string, string]} Given
 * @typedef {{
 *   data: DeckData, parentElement: HTMLElement,
 *   setStateValue: (name: string, value: Given[]) => void, setTriggerValue: (name: string, value: number) => void,
 * }} Component
 */

/** @type {[string, string[], string][]} an answer, its keys, and how they are written */
const KEYS = [
  ["same", ["s"], "S"],
  ["different", ["d"], "D"],
  ["unsure", ["n"], "N"],
  ["skip", ["ArrowRight"], "→"],
  ["undo", ["u"], "U"],
];

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {string} [className] @param {string} [text] */
function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** @param {Tile} tile */
function face(tile) {
  const frame = element("div", "face"), image = element("img");
  frame.title = tile.title;
  image.alt = tile.title;
  image.decoding = "async";
  image.addEventListener("error", () => frame.replaceChildren(tile.title));
  image.src = tile.url;
  frame.append(image);
  return frame;
}

/** @type {Question} */
const NOTHING = { id: "", title: "", sides: [], facts: [], answers: {}, ends: "" };

/** @param {HTMLElement} button @param {Answer} answer */
function say(button, { label, does }) {
  for (const [name, text] of [["text", label], ["does", does]]) {
    const place = button.querySelector(`.${name}`);
    if (place) place.textContent = text;
  }
}

/** @param {KeyboardEvent} event the answer that a key means, or undefined */
function meaning(event) {
  if (event.altKey) return undefined;
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.ctrlKey || event.metaKey) return key === "z" ? "undo" : undefined;
  return KEYS.find(([, keys]) => keys.includes(key))?.[0];
}

class Deck {
  /** @param {Component} component */
  constructor({ parentElement, data }) {
    this.data = data;
    /** @type {(answers: Given[]) => void} */
    this.tell = () => undefined;
    /** @type {(person: number) => void} */
    this.open = () => undefined;
    this.number = data.heard;
    /** @type {Given[]} */
    this.waiting = []; // answers of which the page has not said that it has heard them
    /** @type {Map<string, HTMLButtonElement>} */
    this.buttons = new Map();
    this.root = element("div", "deck");
    this.root.tabIndex = 0;
    this.root.setAttribute("role", "group");
    this.title = element("span", "title");
    this.left = element("span", "left");
    this.left.setAttribute("role", "status");
    this.sides = element("div", "sides");
    this.facts = element("ul", "facts");
    this.build();
    parentElement.append(this.root);
    this.root.addEventListener("keydown", (event) => this.onKey(event));
    if (!(document.activeElement instanceof HTMLInputElement && document.activeElement.type === "text")) {
      this.root.focus({ preventScroll: true });
    }
  }

  build() {
    const head = element("div", "head"), answers = element("div", "answers");
    head.append(this.title, this.left);
    for (const [kind, , shown] of KEYS) {
      const button = element("button"), label = element("span", "label");
      button.type = "button";
      label.append(element("span", "text"), element("kbd", "", shown));
      button.append(label, element("span", "does"));
      button.addEventListener("click", () => this.answer(kind));
      this.buttons.set(kind, button);
      answers.append(button);
    }
    this.root.append(head, this.sides, this.facts, answers);
  }

  /** @param {Component} component */
  receive({ data, setStateValue, setTriggerValue }) {
    this.tell = (answers) => setStateValue("answers", answers);
    this.open = (person) => setTriggerValue("open", person);
    this.data = data;
    this.number = Math.max(this.number, data.heard);
    this.waiting = this.waiting.filter(([number]) => number > data.heard);
    this.draw();
  }

  /** The questions that nothing waiting has answered, or may have changed; none while something is taken back. */
  still() {
    const { questions } = this.data;
    if (this.waiting.some(([, , kind]) => kind === "undo")) return [];
    const asked = new Map(questions.map((question) => [question.id, question]));
    const answered = new Set(this.waiting.map(([, id]) => id));
    const touched = new Set(this.waiting.flatMap(([, id, kind]) => {
      const question = asked.get(id);
      return question?.ends === kind ? question.sides.map((side) => side.person) : [];
    }));
    return questions.filter(({ id, sides }) => !answered.has(id) && !sides.some((side) => touched.has(side.person)));
  }

  draw() {
    const [question] = this.still(), saving = this.waiting.length > 0 && !question;
    const done = this.waiting.filter(([, , kind]) => kind !== "undo" && kind !== "skip").length;
    const left = Math.max(0, this.data.left - done);
    this.left.textContent = saving ? "One moment…" : `${left.toLocaleString("en")} left`;
    this.root.classList.toggle("wait", saving);
    this.root.hidden = !question && !saving && !this.data.undo;
    for (const [kind] of KEYS) this.dress(kind, question, saving);
    if (!saving) this.ask(question ?? NOTHING);
  }

  /** @param {Question} question */
  ask(question) {
    const content = JSON.stringify(question);
    if (this.root.dataset.content === content) return;
    this.root.dataset.content = content;
    this.root.setAttribute("aria-label", question.title || "Nothing left");
    this.title.textContent = question.title;
    this.sides.replaceChildren(...question.sides.map((side) => this.side(side)));
    this.facts.replaceChildren(...question.facts.map((fact) => element("li", "", fact)));
    this.ahead();
  }

  /** The pictures of the question after this one are there before it is. */
  ahead() {
    for (const tile of this.still()[1]?.sides.flatMap((side) => side.tiles) ?? []) new Image().src = tile.url;
  }

  /** @param {string} kind @param {Question | undefined} question @param {boolean} saving */
  dress(kind, question, saving) {
    const button = this.buttons.get(kind);
    if (!button) return;
    const answer = kind === "undo" ? this.data.undo : question?.answers[kind];
    const hidden = !answer && (kind === "undo" || !saving);
    if (hidden && this.focused() === button) this.root.focus();
    button.hidden = hidden;
    // Not disabled: such a button loses the focus, and the keys with it.
    button.setAttribute("aria-disabled", String(!answer));
    if (answer) say(button, answer);
  }

  /** @param {Side} side */
  side(side) {
    const made = element("div", "side"), strip = element("div", "strip");
    const who = element("button", "who", side.title);
    who.type = "button";
    who.title = "Look at all faces";
    who.addEventListener("click", () => this.open(side.person));
    strip.append(...side.tiles.map(face));
    made.append(who, element("div", "about", side.about), strip);
    return made;
  }

  /** @param {string} kind */
  answer(kind) {
    const question = this.still()[0];
    const possible = kind === "undo" ? this.data.undo || this.waiting.length > 0 : question?.answers[kind];
    if (!possible) return;
    this.number += 1;
    this.waiting.push([this.number, kind === "undo" ? "" : question.id, kind]);
    if (this.root.contains(this.focused()) && this.focused()?.className === "who") this.root.focus();
    this.draw();
    this.tell([...this.waiting]);
  }

  focused() {
    const root = this.root.getRootNode();
    return root instanceof Document || root instanceof ShadowRoot ? root.activeElement : null;
  }

  /** @param {KeyboardEvent} event */
  onKey(event) {
    const kind = meaning(event);
    if (!kind) return;
    event.preventDefault();
    event.stopPropagation();
    if (!event.repeat) this.answer(kind);
  }
}

/** @type {WeakMap<HTMLElement, Deck>} */
const decks = new WeakMap();

/**
 * Called on every rerun that brings other data, each time with the same parentElement.
 * @param {Component} component
 */
export default function questionDeck(component) {
  const host = component.parentElement;
  let deck = decks.get(host);
  if (!deck) {
    host.querySelector(".deck")?.remove(); // of an older version of this script
    deck = new Deck(component);
    decks.set(host, deck);
  }
  deck.receive(component);
}
