// What the editor's files hand to one another. What the page gives is described in __init__.py.

import type { Change, Edit, GivenInstance, Note, Visibility } from "../../shared/outbox/types.js";
import type { Editor } from "./editor.js";
import type { ICONS } from "./panel.js";

export type Box = [left: number, top: number, right: number, bottom: number];
export type Destination = "next" | "previous" | "next_unreviewed";
export type Labelling = "some" | "all" | "none"; // which names are drawn
export type Side = "left" | "right" | "middle"; // of a face or body
export type Command = (editor: Editor) => unknown;
export type IconName = keyof typeof ICONS;

export type { Change, Edit, GivenInstance, Note, Visibility };

// ---- From the server ----

export interface Skeleton {
  names: string[];
  edges: [number, number][];
  flip_pairs: [number, number][];
  regions: Record<string, number[]>;
}

export interface EditorData {
  height: number;
  image: { id: number; url: string; width: number; height: number; name: string };
  prefetch?: string[];
  skeletons: Record<string, Skeleton>;
  instances: GivenInstance[];
  focus: number | null;
  store: string; // the id of the store that the points are from
  author: string; // who edits
  window: string; // the id of this window
  read_only: boolean;
  position?: { index: number; count: number };
  went: string | null; // the nonce of the last wish to go that the page has dealt with
  notice: string | null;
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

export interface Instance extends Omit<GivenInstance, "skeleton" | "points"> {
  number: number; // among those of its kind in the picture, from 1
  skeleton: Skeleton;
  points: Point[];
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
