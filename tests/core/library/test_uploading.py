import io
import os
import time

import pytest

from core.foundation.errors import BadInput, FacetError
from core.library.uploading import discard_upload, is_upload, keep_upload, server_source, sweep_uploads


def sent(name, content=b"x"):
    return name, io.BytesIO(content)


def files_of(folder):
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_files_lie_together_in_a_new_folder_of_the_home(workspace):
    (source,) = keep_upload(workspace, [sent("a.jpg", b"1"), sent("b.jpg", b"2")])
    assert source.parent == workspace.uploads
    assert files_of(source) == {"a.jpg": b"1", "b.jpg": b"2"}


def test_each_zip_is_a_source_of_its_own(workspace):
    sources = keep_upload(workspace, [sent("one.zip"), sent("a.jpg"), sent("two.ZIP"), sent("b.jpg")])
    assert [source.name for source in sources[:1] + sources[2:]] == ["one.zip", "two.ZIP"]
    assert sorted(files_of(sources[1])) == ["a.jpg", "b.jpg"]
    assert len({source.relative_to(workspace.uploads).parts[0] for source in sources}) == 3


def test_files_of_one_name_are_kept_apart(workspace):
    (source,) = keep_upload(workspace, [sent("a.jpg", b"1"), sent("a.jpg", b"2"), sent("a.jpg", b"3")])
    assert files_of(source) == {"a.jpg": b"1", "a (2).jpg": b"2", "a (3).jpg": b"3"}


def test_the_folders_of_an_uploaded_folder_stay(workspace):
    (source,) = keep_upload(workspace, [sent("people/Ada/1.jpg"), sent("people/Bo/1.jpg")])
    assert sorted(files_of(source)) == ["people/Ada/1.jpg", "people/Bo/1.jpg"]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../evil.jpg", "evil.jpg"),
        ("/etc/passwd", "etc/passwd"),
        ("..\\..\\evil.jpg", "evil.jpg"),
        ("..", "file"),
        ("", "file"),
        ("a/./../b.jpg", "a/b.jpg"),
        ("nul\0byte\n.jpg", "nul_byte_.jpg"),
        ("=cmd<b>*_x_.jpg", "=cmd<b>*_x_.jpg"),
        ("ä.jpg", "ä.jpg"),
    ],
)
def test_no_name_leads_out_of_the_folder(workspace, name, kept):
    (source,) = keep_upload(workspace, [sent(name)])
    assert list(files_of(workspace.home / "uploads")) == [f"{source.name}/{kept}"]


def test_a_very_long_name_is_shortened_and_keeps_its_ending(workspace):
    (source,) = keep_upload(workspace, [sent("ü" * 300 + ".jpeg"), sent("ü" * 300 + ".jpeg")])
    names = sorted(files_of(source))
    assert len(names) == 2
    assert all(len(name.encode()) < 200 and name.endswith(".jpeg") for name in names)


def test_no_file_is_refused(workspace):
    with pytest.raises(BadInput, match="choose at least one file"):
        keep_upload(workspace, [])


def test_an_upload_that_cannot_be_kept_leaves_nothing(workspace):
    class Broken(io.BytesIO):
        def read(self, *_):
            raise OSError(28, "No space left on device")

    with pytest.raises(FacetError, match="the upload could not be kept: No space left on device"):
        keep_upload(workspace, [sent("a.jpg"), sent("b.zip"), ("c.zip", Broken())])
    assert list(workspace.uploads.iterdir()) == []


def test_only_uploads_are_discarded(workspace, tmp_path):
    mine = tmp_path / "photos"
    mine.mkdir()
    (archive,) = keep_upload(workspace, [sent("a.zip")])
    (folder,) = keep_upload(workspace, [sent("a.jpg")])
    assert [is_upload(workspace, source) for source in (archive, folder, mine, workspace.uploads)] == [
        True,
        True,
        False,
        False,
    ]
    for source in (archive, mine, workspace.uploads):
        discard_upload(workspace, source)
    assert mine.is_dir()
    assert list(workspace.uploads.iterdir()) == [folder]


def test_a_folder_of_the_server_is_given_by_its_full_path(tmp_path):
    assert server_source(f"  {tmp_path}/. ") == tmp_path.resolve()
    with pytest.raises(BadInput, match="give the full path of the folder"):
        server_source("photos")
    with pytest.raises(BadInput, match="there is no such file or folder on the server"):
        server_source(str(tmp_path / "none"))


def test_uploads_that_nobody_wants_are_swept_after_a_day(workspace, tmp_path):
    names = ("wanted.zip", "old.zip", "new.zip")
    wanted, old, new = (keep_upload(workspace, [sent(name)])[0] for name in names)
    for source in (wanted, old):
        os.utime(source.parent, (time.time() - 86_500,) * 2)
    sweep_uploads(workspace, [wanted, tmp_path / "elsewhere"])
    assert [source.exists() for source in (wanted, old, new)] == [True, False, True]
