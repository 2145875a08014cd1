// Lines of time with bars: where the pointer clicks a bar is the second that is told.

/**
 * @typedef {{ id: number, title: string, note: string, length: number, ranges: [number, number][] }} Line
 * @typedef {{
 *   data: { lines: Line[], label: string }, parentElement: HTMLElement,
 *   setTriggerValue: (name: string, value: [number, number]) => void,
 * }} Component
 */

/** @param {string} className @param {string} [text] */
function block(className, text) {
  const made = document.createElement("div");
  made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}

/** @param {number} seconds */
function clock(seconds) {
  const tenths = Math.round(seconds * 10);
  const rest = ((tenths % 600) / 10).toFixed(1).padStart(4, "0");
  return `${Math.floor(tenths / 600)}:${rest}`;
}

/** @param {Line} line @param {[number, number]} range @param {(second: number) => void} open */
function bar(line, [start, end], open) {
  const made = document.createElement("button");
  const whole = Math.max(line.length, end, 1e-3);
  made.style.left = `${(100 * start) / whole}%`;
  made.style.width = `${(100 * (end - start)) / whole}%`;
  made.title = `${clock(start)} – ${clock(end)}`;
  made.setAttribute("aria-label", `${line.title}, ${made.title}`);
  made.addEventListener("click", (event) => {
    const { left, width } = made.getBoundingClientRect();
    const share = event.detail && width ? (event.clientX - left) / width : 0; // a key goes to the beginning
    open(start + Math.min(Math.max(share, 0), 1) * (end - start));
  });
  return made;
}

/** @param {Line} line @param {(second: number) => void} open */
function row(line, open) {
  const made = block("line");
  const rail = block("rail");
  rail.append(...line.ranges.map((range) => bar(line, range, open)));
  made.append(block("title", line.title), rail, block("note", line.note));
  return made;
}

/** @param {Component} component */
export default function appearanceLines({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".appearance-lines") ?? block("appearance-lines");
  root.setAttribute("role", "group");
  root.setAttribute("aria-label", data.label);
  root.replaceChildren(...data.lines.map((line) => row(line, (second) => setTriggerValue("open", [line.id, second]))));
  if (!root.isConnected) parentElement.append(root);
}
