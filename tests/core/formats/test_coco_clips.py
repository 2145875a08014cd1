"""Clips, the split and what is excluded leave and come back; what an export says wrongly about them is named."""

import json

import pytest

from core.formats import READERS, WRITERS
from core.foundation.errors import UnreadableLabels
from tests.builders.labelled_examples import rehash


def test_clips_are_written_where_video_tools_look_for_them(clipped, tmp_path):
    WRITERS["coco"](clipped, tmp_path / "out", exported_at="now")
    content = json.loads((tmp_path / "out" / "annotations.json").read_text())
    assert content["videos"] == [
        {
            "id": 1,
            "name": "day/ada.mp4",
            "sha256": "a" * 64,
            "width": 100,
            "height": 80,
            "nframes": 5,
            "fps": 25.0,
            "frames": [[0, 0.0, 1, 0], [1, 0.04, None, 0], [2, 0.08, 1, 1]],
        }
    ]
    assert content["tracks"] == [
        {"id": 1, "video_id": 1, "kind": "face", "name": None},
        {"id": 2, "video_id": 1, "kind": "person", "name": "=Eve"},
    ]
    assert [one.get("track_id") for one in content["annotations"] if one["image_id"] == 1] == [1, 2]
    of_clip = [{key: image.get(key) for key in ("video", "video_id", "frame_id")} for image in content["images"]]
    assert of_clip == [
        {"video": "day/ada.mp4", "video_id": 1, "frame_id": 0},
        {"video": "squat", "video_id": None, "frame_id": None},
    ]
    assert content["split"] == [
        {"group": "clip", "name": "day/ada.mp4", "part": "test"},
        {"group": "person-id", "name": "person-0001", "part": "train"},
    ]
    assert content["excluded"] == [{"name": "two.png", "reason": "blurred"}]


@pytest.mark.parametrize("name", ["coco", "facet"])
def test_clips_split_and_exclusions_come_back(clipped, tmp_path, name):
    WRITERS[name](clipped, tmp_path / "out", exported_at="now")
    back = READERS[name](tmp_path / "out")
    assert (back.clips, back.split, back.excluded) == (clipped.clips, clipped.split, clipped.excluded)
    assert back.tracks == clipped.tracks
    assert [one.track for one in back.images[0].instances] == [1, 2]
    assert [image.sequence for image in back.images] == ["day/ada.mp4", "squat"]


@pytest.mark.parametrize("name", ["coco", "facet"])
def test_an_export_from_before_there_were_clips_still_reads(clipped, tmp_path, name):
    WRITERS[name](clipped, tmp_path / "out", exported_at="now")
    file = tmp_path / "out" / "annotations.json"
    content = json.loads(file.read_text())
    for key in ("videos", "split", "excluded", "tracks"):
        del content[key]
    for annotation in content["annotations"]:
        annotation.pop("track_id", None)
    for image in content["images"]:
        for key in ("video", "video_id", "frame_id"):
            image.pop(key, None)
    file.write_text(json.dumps(content))
    rehash(tmp_path / "out", "annotations.json")
    back = READERS[name](tmp_path / "out")
    assert (back.clips, back.split, back.excluded) == ((), (), ())
    assert [image.sequence for image in back.images] == [None, None]


T, A = r"annotations\.json: tracks\[0\]", r"annotations\.json"
V = r"annotations\.json: videos\[0\]"
WRONG = [
    (lambda c: c["tracks"][0].update(video_id=2), rf"{T}: video_id 2 is not among the videos"),
    (lambda c: c["tracks"][0].update(kind="hand"), rf"{T}: kind should be one of face, person, not 'hand'"),
    (lambda c: c["tracks"][0].update(id=2), r"annotations\.json: tracks\[1\]: "),
    (lambda c: c["tracks"].pop(0), rf"{A}: one\.png: there is no track of a face with the number 1"),
    (lambda c: c["tracks"][0].update(kind="person"), rf"{A}: one\.png: there is no track of a face with the number 1"),
    (
        lambda c: c["annotations"].append(c["annotations"][0] | {"id": 9}),
        rf"{A}: one\.png: two of its instances are of the track with the number 1, which is one face",
    ),
    (
        lambda c: c["annotations"][0].update(image_id=2),
        rf"{A}: two\.png: it is no frame of day/ada\.mp4, which the track with the number 1 is of",
    ),
    (lambda c: c["annotations"][0].update(track_id="1"), r"track_id should be a whole number"),
    (lambda c: c["videos"][0].pop("sha256"), rf"{V}: the key 'sha256' is missing"),
    (lambda c: c["videos"][0].update(sha256="../../x"), rf"{V}: the SHA-256 of the clip 'day/ada.mp4' should be 64"),
    (lambda c: c["videos"][0].update(name=""), rf"{V}: a clip's name should not be empty"),
    (lambda c: c["videos"][0].update(width=0), rf"{V}: width should be a whole number of at least 1, not 0"),
    (lambda c: c["videos"][0].update(fps=-1), rf"{V}: the clip 'day/ada.mp4' cannot have -1.0 frames a second"),
    (lambda c: c["videos"][0].update(fps="25"), rf"{V}: fps should be a finite number, not '25'"),
    (lambda c: c["videos"][0].update(nframes=2), rf"{V}: the clip 'day/ada.mp4' has 2 frames, but one is number 2"),
    (lambda c: c["videos"][0].update(frames=[[0, 0.0]]), rf"{V}: frames\[0\] should be a list of number, sec"),
    (lambda c: c["videos"][0].update(frames=["abc"]), rf"{V}: frames\[0\] should be a list of number, sec"),
    (lambda c: c["videos"][0].update(frames=[[0, 0.0, 9]]), rf"{V}: frames\[0\]: image 9 is not among"),
    (lambda c: c["videos"][0].update(frames=[[-1, 0.0, 1]]), rf"{V}: frames\[0\]: number should be a whole num"),
    (lambda c: c["videos"][0].update(frames=[[0, None, 1]]), rf"{V}: frames\[0\]: seconds should be a finite"),
    (lambda c: c["videos"][0]["frames"].reverse(), rf"{V}: frame 1, scene 0 of the clip .* comes after 2, 1"),
    (lambda c: c["videos"][0].update(frames=[[0, 0.0, 1, 0.5]]), rf"{V}: frames\[0\]: scene should be a whole num"),
    (lambda c: c["videos"][0]["frames"][0].__setitem__(3, 2), rf"{V}: frame 1, scene 0 of .* comes after 0, 2"),
    (lambda c: c["videos"].append(c["videos"][0]), r"annotations\.json: videos\[1\]: the id 1 occurs twice"),
    (lambda c: c["videos"].append({**c["videos"][0], "id": 2}), r"json: the clip 'day/ada.mp4' occurs twice"),
    (lambda c: c["images"][0].update(video_id=9), r"images\[0\]: video_id 9 is not among the videos"),
    (lambda c: c["images"][0].update(frame_id=1), r"images\[0\]: frame_id is 1, but videos has another image there"),
    (lambda c: c["images"][0].update(video=7), r"images\[0\]: video should be a text, not 7"),
    (lambda c: c["split"][0].update(group="age"), r"split\[0\]: group should be one of clip, sequence, .*, not 'age'"),
    (lambda c: c["split"][0].update(part="exam"), r"split\[0\]: part should be one of train, validation, test"),
    (lambda c: c["split"][0].update(name="x.mp4"), r"json: split: the clip 'x.mp4' is not in this dataset"),
    (lambda c: c["split"][1].update(name="nobody"), r"annotations\.json: split: the person 'nobody' is not in this"),
    (lambda c: c["split"].append({**c["split"][0], "part": "train"}), r"a part for the group 'clip day/ada.mp4' oc"),
    (lambda c: c["excluded"][0].pop("reason"), r"excluded\[0\]: the key 'reason' is missing"),
]


@pytest.mark.parametrize(("change", "message"), WRONG, ids=[message for _, message in WRONG])
def test_what_is_wrong_about_clips_is_named_with_its_place(clipped, tmp_path, change, message):
    WRITERS["coco"](clipped, tmp_path / "out", exported_at="now")
    file = tmp_path / "out" / "annotations.json"
    content = json.loads(file.read_text())
    change(content)
    file.write_text(json.dumps(content))
    rehash(tmp_path / "out", "annotations.json")
    with pytest.raises(UnreadableLabels, match=message):
        READERS["coco"](tmp_path / "out")
