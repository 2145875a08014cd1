"""Labels of other tools: one module per format, all over one in-memory `LabelFile`.

A reader gets a file's name (posix, relative to what is imported), its content and the skeleton that its points should
be of. What a file as a whole does wrong raises; what a single label does wrong is listed.
"""

from collections.abc import Callable
from typing import Final

from core.formats.labels import coco_keypoints, dlib_xml, mat_points, motion_csv, mpii, pts, tracks_npy
from core.formats.labels.other_tools import tool_of
from core.formats.labels.rows import LabelFile, is_utf16, text_of
from core.foundation.errors import UnreadableLabels
from core.foundation.messages import message
from core.foundation.skeletons import Skeleton

LABEL_READERS: Final[dict[str, Callable[[str, bytes, Skeleton], LabelFile]]] = {
    coco_keypoints.FORMAT: coco_keypoints.read,
    pts.FORMAT: pts.read,
    dlib_xml.FORMAT: dlib_xml.read,
    motion_csv.FORMAT: motion_csv.read,
    mpii.FORMAT: mpii.read,
    mat_points.FORMAT: mat_points.read,
    tracks_npy.FORMAT: tracks_npy.read,
}
NAMES: Final = {
    coco_keypoints.FORMAT: "COCO keypoints",
    pts.FORMAT: "300-W .pts",
    dlib_xml.FORMAT: "dlib XML",
    motion_csv.FORMAT: "motion CSV",
    mpii.FORMAT: "MPII JSON",
    mat_points.FORMAT: "300W-LP .mat",
    tracks_npy.FORMAT: "tracks .npy",
}
ENDINGS: Final = (".json", ".pts", ".xml", ".csv", ".npy", ".mat")
_HEAD: Final = 8192  # bytes that are enough to tell
_COCO_KEYS: Final = ('"annotations"', '"images"')


def sniff_label_file(name: str, content: bytes) -> str:
    """Say which format a file is of, a key of `LABEL_READERS`, by its ending and its first bytes.

    Raises
    ------
    UnreadableLabels
        If it is none of them; the sentence says what was looked for.
    """
    ending = name[name.rfind(".") :].lower() if "." in name else ""
    if ending == ".pts":
        return pts.FORMAT
    if ending == ".npy" and content.startswith(tracks_npy.MAGIC):
        return tracks_npy.FORMAT
    if ending == ".mat" and content.startswith(mat_points.MAGIC):
        return mat_points.FORMAT
    if ending == ".csv" and motion_csv.is_header(_first_line(name, content)):
        return motion_csv.FORMAT
    head = _head(content)
    if ending == ".xml" and "<dataset" in head:
        return dlib_xml.FORMAT
    if ending == ".json" and head.lstrip().startswith("{") and all(_has(content, key) for key in _COCO_KEYS):
        return coco_keypoints.FORMAT
    if ending == ".json" and head.lstrip().startswith("[") and all(_has(content, key) for key in mpii.KEYS):
        return mpii.FORMAT
    other = tool_of(ending, head)
    if other is not None:
        raise UnreadableLabels.saying(other.within(name))
    wanted = {
        ".npy": message("labels.an_array"),
        ".mat": message("labels.a_mat_file"),
        ".xml": message("labels.a_dataset_element"),
        ".csv": message("labels.a_table"),
        ".json": message("labels.an_object"),
    }.get(ending, message("labels.a_label_file", endings=list(ENDINGS)))
    raise UnreadableLabels("labels.other_kind", of=name, wanted=wanted)


def read_label_file(name: str, content: bytes, skeleton: Skeleton) -> LabelFile:
    """Sniff and read one file; raises as `sniff_label_file` and the reader."""
    return LABEL_READERS[sniff_label_file(name, content)](name, content, skeleton)


def _first_line(name: str, content: bytes) -> str:
    if is_utf16(content):  # two bytes a letter: the line's end is not found by its byte
        return text_of(name, content).partition("\n")[0]
    return text_of(name, content.partition(b"\n")[0])


def _head(content: bytes) -> str:
    """How a text begins, whatever else it holds."""
    return content[:_HEAD].decode("utf-16" if is_utf16(content) else "utf-8-sig", "replace")


def _has(content: bytes, key: str) -> bool:
    """Whether a key stands anywhere in a JSON text."""
    if is_utf16(content):
        return key in content.decode("utf-16", "replace")
    return key.encode() in content
