// What the page tells of its address.

export interface Told {
  session: string; // the server's, and
  turn: number; // how often it has told before
  at: string; // where in the page it tells
  page: string; // the last part of the page's path
  query: string; // what the address says after the question mark
  steps: string[]; // words of it that are places of their own on this page
  moves: number; // how many steps of Back and Forward on a page it has heard of
}

export interface AddressComponent {
  data: Told;
  setStateValue: (name: "moved", value: { count: number; query: string }) => void;
}
