// Colours: told apart by people who do not see red or green, or blue; shapes say the same (tests simulate all three).

export const COLOURS = {
  model: "#ffb000",
  human: "#1fdc9c",
  low: "#9f80ff",
  left: "#4c9dff",
  right: "#ff8a5c",
  middle: "#ffffff",
  faded: "#f08ad0",
  shade: "rgba(0, 0, 0, 0.5)",
  selected: "#ffffff",
};

// From a confidence of 0 to 1: each step is lighter than the one before, for every eye.
export const SCALE = ["#5b3bd9", "#a866d6", "#e58a9c", "#ffb85c", "#fff58a"];

/** @param {number} confidence 0 to 1 */
export function confidenceColour(confidence) {
  const place = Math.min(Math.max(confidence, 0), 1) * (SCALE.length - 1);
  const step = Math.min(Math.floor(place), SCALE.length - 2);
  const share = place - step;
  const [low, high] = [channels(SCALE[step]), channels(SCALE[step + 1])];
  return `rgb(${low.map((value, i) => Math.round(value + (high[i] - value) * share)).join(", ")})`;
}

/** @param {string} colour as #rrggbb */
function channels(colour) {
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16));
}
