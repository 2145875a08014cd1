"""A clip of a store of long ago, whose frames are files, is gone through, corrected and freed of those files."""

import json
import re
from types import SimpleNamespace

import pytest
from alembic import command
from playwright.sync_api import expect
from sqlmodel import select

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from db.engine import reading
from db.migrate import config
from db.tables import Frame, Review
from db.writes.library import ensure_dataset, ensure_user
from db.writing import migrating, writing
from tests.builders.followed_clips import faces_in, followed_clip, put_face, truth
from tests.builders.old_clips import frames_as_files
from tests.e2e.conftest import Workbench, chromium_path
from tests.e2e.hands import comes_to, view

pytestmark = [pytest.mark.e2e, pytest.mark.nightly]

FRAMES = 10


@pytest.fixture(scope="module")
def old(tmp_path_factory):
    """A workbench on a store of the revision before frames were read from their clips, with a model's face in each."""
    chromium_path()
    bench = Workbench(tmp_path_factory.mktemp("older") / "home")
    workspace = Workspace.open(Settings(home=bench.home))
    with writing(workspace.engine) as session:
        author = ensure_user("stage", session=session)
        dataset = ensure_dataset("Film", author, session=session)
    video = followed_clip(workspace, dataset, author, bench.home.parent, frames=FRAMES)
    for frame, points in enumerate(truth(FRAMES)):
        put_face(workspace, video, frame, points)
    files = frames_as_files(workspace, known_by_content=True)
    with reading(workspace.engine) as session:
        pictures = dict(session.exec(select(Frame.index, Frame.image_id).where(Frame.video_id == video)).all())
    with migrating(workspace.engine) as connection:
        made = config()
        made.attributes["connection"] = connection
        command.downgrade(made, "0015")
    workspace.engine.dispose()
    running = bench.start()
    yield SimpleNamespace(bench=running, workspace=workspace, video=video, pictures=pictures, files=files)
    running.stop()


def test_a_clip_of_frames_in_files_is_one_tile_is_corrected_and_then_read_from_the_clip(page, old):
    page.goto(f"{old.bench.address}?name=Mina&dataset=Film")
    tiles = page.get_by_role("group", name="Pictures").get_by_role("button")
    expect(tiles).to_have_count(1, timeout=60_000)
    expect(tiles).to_contain_text(f"▶ {FRAMES} to review")
    assert tiles.locator("img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 0
    tiles.click()
    expect(page).to_have_url(re.compile("/keypoints.*part=moving.mp4%2F"), timeout=60_000)

    def shows(frame):
        comes_to(lambda: (view(page) or {}).get("image"), old.pictures[frame])

    expect(page.locator("canvas[data-view]")).to_be_visible(timeout=60_000)
    shows(0)
    face = page.get_by_role("group", name="Faces and bodies").get_by_role("button").first
    expect(face).to_have_text("face 1")  # put into tracks when the workbench started
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("n")
    shows(1)
    page.keyboard.press("a")
    comes_to(lambda: faces_in(old.workspace, old.video)[1][0][1].review, Review.ACCEPTED)
    shows(2)
    freed = json.loads(old.bench.command("clips", "--dataset", "Film", "--free", "--json").stdout)
    assert (freed["freed"], freed["kept"]) == (FRAMES, [])
    assert not any(old.workspace.original(file).exists() for file in old.files)
    page.reload()
    shows(2)
    page.locator("canvas[data-view]").focus()
    page.keyboard.press("End")
    shows(FRAMES - 1)
    expect(face).to_have_text("face 1")
