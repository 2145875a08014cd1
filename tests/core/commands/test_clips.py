"""`clips` on the command line: which frames have files, and that these go only where the clip shows the same."""

from __future__ import annotations

import json

from core.foundation.settings import settings
from core.foundation.workspace import Workspace
from db.engine import reading
from db.queries.library import videos
from tests.builders.odd_clips import encoded
from tests.builders.old_clips import frames_as_files


def test_frames_of_before_are_told_and_freed(facet, tmp_path):
    encoded(tmp_path / "a.mp4", 6, size=(160, 120))
    assert facet("import", tmp_path / "a.mp4", "--dataset", "Film", "--json")[0] == 0
    code, stdout, _ = facet("clips", "--dataset", "Film")
    assert (code, stdout) == (0, "a.mp4: 6 frames, 0 with files\n")
    workspace = Workspace.open(settings())
    files = frames_as_files(workspace)
    code, stdout, _ = facet("clips", "--dataset", "Film", "--json")
    told = {"clips": [{"path": "a.mp4", "frames": 6, "files": 6}], "freed": 0, "bytes_freed": 0, "kept": []}
    assert (code, json.loads(stdout)) == (0, told)
    with reading(workspace.engine) as session:
        clip = workspace.original(videos(1, session=session)[0].original)
    content = clip.read_bytes()
    clip.unlink()
    code, stdout, stderr = facet("clips", "--dataset", "Film", "--free", "--json")
    assert (code, json.loads(stdout)["freed"]) == (1, 0)
    assert "kept a.mp4: the original is gone" in stderr
    clip.write_bytes(content)
    code, stdout, _ = facet("clips", "--dataset", "Film", "--free", "--json")
    assert code == 0
    assert json.loads(stdout)["freed"] == 6
    assert json.loads(stdout)["bytes_freed"] > 0
    assert not any(workspace.original(file).exists() for file in files)
    workspace.engine.dispose()
