"""When somebody is seen in clips, from the command line: by name and number, of nobody, and who is not there."""

from tests.builders.people_rows import own
from tests.builders.seen_in_clips import clip_of, faces_at


def test_clips_are_told_with_the_ranges_of_seconds(told, facet, refused, workspace, dataset, home):
    clip = clip_of(workspace, dataset, "a.mp4", 12)
    ada = own(workspace, dataset, faces_at(workspace, clip, [0, 1, 8]), "Ada")
    own(workspace, dataset, [], "Zoë")
    expected = (0, {"clips": [{"video": "a.mp4", "ranges": [[0.0, 0.25], [2.0, 2.0]], "frames": 3}]})
    for person in ("Ada", str(ada)):
        assert told("appearances", "--dataset", "faces", "--person", person) == expected
    said = facet("appearances", "--dataset", "faces", "--person", "Ada")[1]
    assert said == "a.mp4: 0.00-0.25 s, 2.00-2.00 s (3 frames)\n"
    assert told("appearances", "--dataset", "faces", "--person", "Zoë") == (0, {"clips": []})
    assert "nobody here is called Bo" in refused("appearances", "--dataset", "faces", "--person", "Bo")
