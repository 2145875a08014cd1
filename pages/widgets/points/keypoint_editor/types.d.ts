// What the editor's files hand to one another. What the page gives is described in __init__.py.

import type { Editor } from "./editor.js";
import type { ICONS } from "./panel.js";

export type Box = [left: number, top: number, right: number, bottom: number];
export type Visibility = 0 | 1 | 2;
export type Destination = "next" | "previous" | "next_unreviewed";
export type Labelling = "some" | "all" | "none"; // which names are drawn
export type Side = "left" | "right" | "middle"; // of a face or body
export type Command = (editor: Editor) => unknown;
export type IconName = keyof typeof ICONS;

// ---- From and to the server ----

export type AbsentChange = [k: number, x: null, y: null, v: 0];
export type PlacedChange = [k: number, x: number, y: number, v: 1 | 2];
export type Change = AbsentChange | PlacedChange;
export type Saved = Record<string, { instance: number; revision: number }>;

export interface Skeleton {
  names: string[];
  edges: [number, number][];
  flip_pairs: [number, number][];
  regions: Record<string, number[]>;
}

interface Labelled {
  id: number;
  kind: string;
  box: Box | null;
  label: string | null;
  revision: number | null;
  source: "human" | "model" | null;
  author: string | null;
}

export interface GivenInstance extends Labelled {
  skeleton: string;
  points: [x: number | null, y: number | null, v: Visibility, c: number | null][];
}

export interface EditorData {
  channel: string;
  height: number;
  image: { id: number; url: string; width: number; height: number; name: string };
  prefetch?: string[];
  skeletons: Record<string, Skeleton>;
  instances: GivenInstance[];
  focus: number | null;
  saved?: Saved;
  problems?: Record<string, string>;
  read_only: boolean;
  position?: { index: number; count: number };
  went: string | null; // the nonce of the last wish to go that the page has dealt with
  notice: string | null;
  rejected: string | null;
}

export interface Component {
  data: EditorData;
  parentElement: HTMLElement;
  setTriggerValue: (name: string, value: unknown) => void;
}

// ---- Labels and what was done to them ----

export interface AbsentPoint {
  x: null;
  y: null;
  v: 0;
  c: number | null;
  human: boolean;
}

export interface PlacedPoint {
  x: number;
  y: number;
  v: 1 | 2;
  c: number | null;
  human: boolean;
}

export type Point = AbsentPoint | PlacedPoint;

export interface Instance extends Labelled {
  skeleton: Skeleton;
  points: Point[];
}

// What an edit did: a code that the server knows, and the name of what it was done to, or the edit that is turned back.
export interface Note {
  code: string;
  fields: { name?: string; edit?: Note };
}

export interface Edit {
  id: string;
  instance: number;
  base: number | null;
  changes: Change[];
  note: Note;
}

export interface Step {
  edit: string;
  instance: number;
  before: Change[];
  after: Change[];
  note: Note;
}

export interface Draft {
  instance: number;
  note: Note;
  kind: "drag" | "nudge";
  before: Change[];
  after: Change[];
}

// ---- What a hand is doing ----

export interface Hit {
  instance: number;
  point: number;
}

export interface Selection {
  instance: number | null;
  point: number | null;
}

export interface SelectedPoint {
  instance: Instance;
  k: number;
  point: Point;
}

export interface Press {
  from: [number, number];
  at: [number, number];
  travelled: boolean;
}

export interface Pan {
  type: "pan";
  click: boolean; // without travelling it is a click
}

export interface Move {
  type: "move";
  instance: number;
  indices: number[];
  note: Note;
}

export interface Pinch {
  type: "pinch";
  middle: [number, number];
  distance: number;
}

export type Gesture = (Press & Pan) | (Press & Move) | Pinch;

// ---- Elements ----

export interface Row {
  element: HTMLElement;
  state: HTMLButtonElement;
  confidence: HTMLElement;
  shown: string;
}

// ---- What is shown ----

export interface Options {
  edges: boolean;
  labels: Labelling;
  brightness: number;
  contrast: number;
  list: boolean | null; // null: as wide as the editor is
  help: boolean;
  adjust: boolean;
}
