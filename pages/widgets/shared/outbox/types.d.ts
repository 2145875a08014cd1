// What the outbox keeps, sends and is told. What the server makes of it is described in core/points/sent_edits.py.

export type Visibility = 0 | 1 | 2;
export type AbsentChange = [k: number, x: null, y: null, v: 0];
export type PlacedChange = [k: number, x: number, y: number, v: 1 | 2];
export type Change = AbsentChange | PlacedChange;

// What an edit did: a code that the server knows, and the name of what it was done to, or the edit that is turned back.
export interface Note {
  code: string;
  fields: { name?: string; edit?: Note };
}

export interface Edit {
  id: string; // begins with the window's id and a point
  store: string; // the id of the store that it was made in
  author: string;
  instance: number;
  base: number | null; // the revision that was on the screen
  after: string[]; // the edits that were shown on top of it
  changes: Change[];
  note: Note;
  verdict?: undefined;
  box?: undefined;
  do?: undefined;
  at: number; // when it was made, in ms: the order of what is kept
}

// That the points of a picture are right, or that this is taken back.
export type VerdictKind = "accept" | "take_back";

export interface Verdict {
  id: string;
  store: string;
  author: string;
  verdict: VerdictKind;
  image: number;
  seen: number[]; // the revisions that were on the screen
  at: number;
  instance?: undefined;
  changes?: undefined;
  box?: undefined;
  do?: undefined;
}

// A box drawn, moved, taken away or brought back (core/jobs/sent_boxes.py).
export type BoxAct = "draw" | "move" | "remove" | "bring_back";

export interface BoxRow {
  id: string;
  store: string;
  author: string;
  box: BoxAct;
  image: number;
  kind?: "face" | "person";
  instance?: number;
  shown?: [number, number, number, number]; // the corners before
  corners?: [number, number, number, number];
  at: number;
  changes?: undefined;
  verdict?: undefined;
  do?: undefined;
}

// What is done to many frames of a clip, or to its tracks; what each takes is in core/motion/sent_clip_edits.py.
export interface Asked {
  do: string;
  edit?: Edit; // of a ripple, with the same id
  of?: string; // of an undo: the id with which what is taken back was sent
  again?: boolean; // of an undo: it takes an undo back
  kind?: string; // of an undo: what was asked for at first
  what?: string; // was done, in words
  [more: string]: unknown;
}

export interface Deed extends Asked {
  id: string;
  store: string;
  author: string;
  at: number;
  instance?: undefined;
  changes?: undefined;
  verdict?: undefined;
  box?: undefined;
}

export interface DeedAnswer {
  store: string;
  foreign?: boolean; // made in another store: nothing was done, nothing else is told
  done: {
    edit?: number | null;
    revision?: number;
    frames?: number;
    stopped_at?: number | null;
    reason?: string | null;
    instances?: number | number[];
    pictures?: number;
    left?: number;
    undone?: number;
    kept?: number;
    person?: number | null;
  };
  pictures: number[];
  states: Record<string, string>;
}

// What became of a deed: what the server answered, or why it refused, and the correction in it that goes on alone.
export type DeedDone =
  | { deed: Deed; answer: DeedAnswer; reason?: undefined; correction?: undefined }
  | { deed: Deed; answer?: undefined; reason: string; correction: Edit | null };

export type Sent = Edit | Verdict | BoxRow | Deed;

export interface Row {
  edit: Sent;
  sentence: string | null; // why the server refused it
}

export interface GivenInstance {
  id: number;
  kind: string;
  box: [left: number, top: number, right: number, bottom: number] | null;
  label: string | null;
  track: number | null; // in the clip that its picture is a frame of
  revision: number | null;
  source: "human" | "model" | null;
  review: "open" | "in_progress" | "accepted" | "imported";
  author: string | null;
  skeleton: string;
  points: [x: number | null, y: number | null, v: Visibility, c: number | null][];
  vouched: boolean[]; // for which points a human vouches
  predicted?: GivenInstance["points"] | null; // what a model said last, of points that a human has touched
}

export interface Answer {
  store: string;
  saved: Record<string, number>; // the revision of each edit; 0 for a verdict
  refused: Record<string, string>; // why not
  foreign: string[]; // made in another store
  instances: GivenInstance[]; // as they are now
  pictures: Record<string, string>; // where the pictures of these stand now
}

export interface TabComponent {
  data: { store: string };
  parentElement: HTMLElement;
}
