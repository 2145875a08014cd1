// What the editor's files hand to one another. What the page gives is described in __init__.py.

import type { Asked, BoxAct, BoxRow, Change, Deed, DeedAnswer, Edit, GivenInstance, Note } from "../../shared/outbox/types.js";
import type { VerdictKind, Visibility } from "../../shared/outbox/types.js";
import type { Clip } from "./clips.js";
import type { Editor } from "./editor.js";
import type { Order } from "./frames.js";
import type { ICONS } from "./elements.js";

export type Box = [left: number, top: number, right: number, bottom: number];
export type Labelling = "some" | "all" | "none"; // which names are drawn
export type Side = "left" | "right" | "middle"; // of a face or body
export type Holding = "locked" | "hidden";
export type Scope = "point" | "region" | "whole"; // of a face or body
export type Guide = "off" | "next" | "same" | "frames"; // what follows a click that places a point
export type Place = [x: number, y: number];
export type Corners = [Place, Place, Place, Place];
export type ShapeKind = "turn" | "scale";
export type Command = (editor: Editor, event?: Event) => unknown;
export type IconName = keyof typeof ICONS;

export type { Asked, BoxRow, Change, Deed, DeedAnswer, Edit, GivenInstance, Note, VerdictKind, Visibility };

// ---- From the server ----

export interface Skeleton {
  names: string[];
  edges: [number, number][];
  flip_pairs: [number, number][];
  regions: Record<string, number[]>;
  normaliser: [number, number] | null; // two points whose distance an error is divided by, and
  unit: string; // what that distance is called
}

export interface EditorData {
  open: { image: number; focus: number | null }; // what the page asks for,
  turn: number; // whenever this is another number than before
  order: string; // the query of the order, for /api/order
  states: string[]; // names of the states that the order gives as numbers
  to_review: string[];
  nothing: Record<string, string>; // what to say of a picture without instances, by its state
  changed: number; // another number: points may have changed
  skeletons: Record<string, Skeleton>;
  store: string; // the id of the store that the points are from
  author: string; // who edits
  window: string; // the id of this window
  read_only: boolean;
}

export interface Component {
  data: EditorData;
  parentElement: HTMLElement;
  setStateValue: (name: string, value: unknown) => void;
}

// A picture as /api/frames gives it.
export interface Frame {
  id: number;
  version: string;
  width: number;
  height: number;
  name: string;
  state: string;
  clip: { video: number; frame: number; seconds: number; scene: number } | null;
  instances: GivenInstance[];
}

export interface Loaded {
  bitmap: ImageBitmap | null;
  reason: string; // why there is none
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
  title?: string; // what its track is called
  colour?: string; // of its track
}

// What can be undone: an edit of points, or that the points of a picture are right.
export interface PointStep {
  edit: string;
  image: number;
  instance: number;
  before: Change[];
  after: Change[];
  note: Note;
}

export interface VerdictStep {
  edit: string;
  image: number;
  verdict: VerdictKind;
}

// What was done to a box: `from` and `to` are its corners before and after.
export interface BoxStep {
  edit: string;
  image: number;
  box: { act: BoxAct; kind?: "face" | "person"; instance?: number; from?: Box; to?: Box };
}

// What was done to many frames of a clip.
export interface DeedStep {
  edit: string;
  image: number; // where the hand was
  deed: true;
  kind?: string; // what was asked for at first
  what?: string; // was done, in words
  correction?: PointStep; // what is left of a ripple that cannot be done
}

export type Step = PointStep | VerdictStep | BoxStep | DeedStep;

export interface Draft {
  instance: number;
  note: Note;
  kind: "drag" | "nudge";
  before: Change[];
  after: Change[];
}

// ---- Clips ----

// A track as /api/clip/tracks gives it.
export interface ClipTrack {
  id: number;
  number: number;
  kind: string;
  name: string | null;
  first: number;
  last: number;
  frames: number;
  human: number;
  truth: number;
  title: string; // its name, else its kind and its number among those of its kind
}

export interface Course {
  video: number;
  track: number;
  deviations: Float32Array; // percent, for each frame of the clip
  kinds: Uint8Array; // 0 nothing, 1 a model's points, 2 a human's, 3 accepted or imported
  top: number; // the deviation that the curve reaches its top with
}

// Numbers of frames, both included.
export interface Range {
  first: number;
  last: number;
}

// The places of the order that the timeline covers, up to before the end.
export interface Span {
  start: number;
  end: number;
  order: Order | null;
  clip: Clip | null;
  video: number; // of the picture that it was laid around
  places: Int32Array; // in the clip; -1 where one is of another
  numbers: Int32Array; // of their frames; -1 likewise
  times: Float64Array; // seconds
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

export interface BoxDrag {
  type: "box";
  instance: number | null; // null: a new one
  from: Box;
  to: Box;
  held: boolean[]; // which of its sides (left, top, right, bottom) follow the pointer
  pressed: [number, number];
}

export interface Shape {
  type: "shape";
  kind: ShapeKind;
  instance: number;
  indices: number[];
  note: Note;
  centre: Place; // in the picture, as the corners of the frame at the start are
  corners: Corners | null; // null: by a modifier, without a frame
  angle: number; // radians so far
  factor: number;
}

export interface Pinch {
  type: "pinch";
  middle: [number, number];
  distance: number;
}

export type BoxGesture = Omit<Press, "from"> & BoxDrag;
export type Gesture = (Press & Pan) | (Press & Move) | (Press & Shape) | BoxGesture | Pinch;

// ---- Elements ----

export interface Row {
  element: HTMLElement;
  state: HTMLButtonElement;
  locked: HTMLButtonElement;
  hidden: HTMLButtonElement;
  confidence: HTMLElement;
  shown: string;
}

// ---- What is shown ----

export interface Tone {
  brightness: number;
  contrast: number;
  gamma: number;
}

export interface Options {
  edges: boolean;
  labels: Labelling;
  tone: Tone;
  list: boolean | null; // null: as wide as the editor is
  help: boolean;
  adjust: boolean;
  tools: boolean; // all of them are shown where there is little room
  whole: boolean; // the editor fills the window
  boxes: "face" | "person" | null; // boxes of that kind are drawn
  sureness: boolean; // points of a model have the colour of their confidence
  ghost: boolean; // what a model said lies under what a human made of it
  shape: "off" | "region" | "whole"; // what has a frame around it
  guide: Guide;
  loupe: boolean;
}
