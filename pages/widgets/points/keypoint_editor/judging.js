// Judging: that the points of a picture are right, or that this is taken back.

import { moment, newId } from "../../shared/outbox/outbox.js";
import { goToUnreviewed } from "./going.js";

/** @import { Editor } from "./editor.js" */
/** @import { VerdictKind } from "./types.js" */

/**
 * Vouch for the points on screen and go on. A key that is held counts once, and what is not on screen yet is not judged.
 * @param {Editor} editor @param {Event} [event]
 */
export function accept(editor, event) {
  if (!repeats(event) && !editor.maySee()) editor.say("Not accepted: the picture is not on screen yet.");
  if (repeats(event) || !editor.maySee() || !editor.mayEdit()) return;
  editor.commitDraft();
  const bare = editor.frame?.instances.filter(({ revision }) => revision === null).length ?? 0;
  judge(editor, "accept");
  goToUnreviewed(editor);
  if (bare) editor.say(`${bare} of the last picture: no points yet, to be reviewed with them.`);
}

/**
 * A key that is held, or the later clicks of a double click: they are of the picture that the first one was made on.
 * @param {Event} [event]
 */
function repeats(event) {
  return (event instanceof KeyboardEvent && event.repeat) || (event instanceof MouseEvent && event.detail > 1);
}

/** Say that the picture is to be reviewed again. @param {Editor} editor */
export function takeBack(editor) {
  if (editor.mayEdit() && editor.frame?.state === "accepted") judge(editor, "take_back");
}

/** @param {Editor} editor @param {VerdictKind} verdict @returns {string} the id under which it is sent */
export function sendVerdict(editor, verdict) {
  const { frame, data } = editor;
  const seen = frame?.instances.flatMap(({ revision }) => (revision === null ? [] : [revision])) ?? [];
  const id = `${data.window}.${newId()}`;
  const { store, author } = data;
  editor.outbox.add({ id, store, author, verdict, image: frame?.id ?? 0, seen, at: moment() });
  editor.setState(frame?.id ?? 0, verdict === "accept" ? "accepted" : "in_progress");
  return id;
}

/** @param {Editor} editor @param {VerdictKind} verdict */
function judge(editor, verdict) {
  const edit = sendVerdict(editor, verdict);
  editor.history.push({ edit, image: editor.frame?.id ?? 0, verdict });
}
