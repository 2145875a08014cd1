"""Reads about datasets, pictures and clips."""

import pytest
from sqlalchemy import event
from sqlmodel import select

from core.library.exclusions import exclude
from db.engine import reading
from db.queries.library import (
    ClipEntry,
    ImageFilter,
    count_entries,
    count_exclusions,
    count_filtered,
    count_without_face,
    dataset_by_name,
    datasets,
    exclusions_page,
    fits,
    page_of_entries,
    page_of_images,
    picture_paths,
    pictures_set_aside,
)
from db.queries.points import pictures_in_order
from db.tables import Frame, Image, ImagePath, ImageState, Run, Video
from db.writing import writing
from tests.builders.learning_rows import Shelf


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


@pytest.fixture
def images(workspace, shelf):
    """Pictures b, a, 50%.png and c, of which a is accepted."""
    made = {name: shelf.image(name) for name in ("x/b.png", "x/a.png", "50%.png", "y/c.png")}
    with writing(workspace.engine) as session:
        session.get(Image, made["x/a.png"]).state = ImageState.ACCEPTED
    return made


@pytest.mark.parametrize(
    ("chosen", "paths"),
    [
        (ImageFilter(), ["50%.png", "x/a.png", "x/b.png", "y/c.png"]),
        (ImageFilter(path_contains="x/"), ["x/a.png", "x/b.png"]),
        (ImageFilter(path_contains="%"), ["50%.png"]),
        (ImageFilter(state=ImageState.ACCEPTED), ["x/a.png"]),
        (ImageFilter(person_id=9), []),
    ],
)
def test_a_filter_gives_the_same_pictures_to_the_list_the_count_and_the_editor(
    workspace, dataset, images, chosen, paths
):
    with reading(workspace.engine) as session:
        page = page_of_images(dataset, chosen, offset=0, limit=10, session=session)
        assert [image.path for image in page] == paths
        assert count_filtered(dataset, chosen, session=session) == len(paths)
        ordered = pictures_in_order(dataset, chosen, session=session)
        assert ordered == [(image.id, image.state) for image in page]
        every = page_of_images(dataset, ImageFilter(), offset=0, limit=10, session=session)
        assert [image.path for image in every if fits(image, chosen, session=session)] == paths


@pytest.mark.parametrize(
    ("runs", "pictures", "there"),
    [
        ([], 0, True),
        (["queued"], 0, True),
        (["failed"], 0, False),
        (["failed", "cancelled"], 0, False),
        (["failed", "running"], 0, True),
        (["done"], 0, True),
        (["failed"], 1, True),
    ],
)
def test_a_dataset_into_which_nothing_came_is_none(workspace, dataset, author, runs, pictures, there):
    for number in range(pictures):
        Shelf(workspace, dataset, author).image(f"{number}.png")
    with writing(workspace.engine) as session:
        session.add_all(Run(kind="import", dataset_id=dataset, author_id=author, state=state) for state in runs)
    with reading(workspace.engine) as session:
        assert [row.id for row in datasets(session=session)] == ([dataset] if there else [])
        assert [row.id for row in datasets(also=dataset, session=session)] == [dataset]
        found = dataset_by_name("faces", session=session)
    assert (found.id if found else None) == (dataset if there else None)


def test_a_picture_is_known_by_every_path_that_it_came_under(workspace, dataset, images):
    with writing(workspace.engine) as session:
        session.add(ImagePath(image_id=images["x/a.png"], path="copy/a.png"))
    with reading(workspace.engine) as session:
        paths = {path for number, path in picture_paths(dataset, session=session) if number == images["x/a.png"]}
    assert paths == {"x/a.png", "copy/a.png"}


def test_the_names_that_are_left_out_come_page_by_page_or_by_a_part_of_the_name(workspace, dataset, author):
    exclude(workspace, dataset, [f"p{number:02d}_%.png" for number in range(30)], author_id=author, reason="blurred")
    with reading(workspace.engine) as session:
        assert count_exclusions(dataset, session=session) == 30
        page = exclusions_page(dataset, offset=20, limit=20, session=session)
        assert [row.name for row in page] == [f"p{number}_%.png" for number in range(20, 30)]
        assert count_exclusions(dataset, name_contains="9_%", session=session) == 3
        assert count_exclusions(dataset, name_contains="_._", session=session) == 0


@pytest.fixture
def clip(workspace, dataset, shelf, images):
    """A clip x/a.mp4 of five frames beside the pictures; the last two are accepted, the second is removed."""
    numbers = [shelf.image(f"x/a.mp4/{number:06d}.jpg") for number in range(5)]
    with writing(workspace.engine) as session:
        video = Video(dataset_id=dataset, path="x/a.mp4", sha256="f" * 64, width=9, height=9, frames=5)
        video.frames_per_second, video.original = 25, "originals/x.mp4"
        session.add(video)
        session.flush()
        for index, number in enumerate(numbers):
            image = session.get(Image, number)
            image.sequence = "x/a.mp4"
            image.state = ImageState.ACCEPTED if index > 2 else ImageState.NEW
            session.add(Frame(video_id=video.id, index=index, seconds=index / 25, image_id=number))
    with writing(workspace.engine) as session:
        session.exec(select(Frame).where(Frame.index == 1)).one().image_id = None
        session.flush()
        session.delete(session.get(Image, numbers[1]))
    return numbers


@pytest.mark.parametrize(
    ("chosen", "paths", "first", "states"),
    [
        (ImageFilter(), ["50%.png", "x/a.mp4", "x/a.png", "x/b.png", "y/c.png"], 0, {"new": 2, "accepted": 2}),
        (ImageFilter(path_contains="x/a"), ["x/a.mp4", "x/a.png"], 0, {"new": 2, "accepted": 2}),
        (ImageFilter(path_contains="000002"), ["x/a.mp4"], 2, {"new": 1}),
        (ImageFilter(state=ImageState.ACCEPTED), ["x/a.mp4", "x/a.png"], 3, {"accepted": 2}),
        (ImageFilter(state=ImageState.FAILED), [], None, None),
    ],
)
def test_a_clip_is_one_entry_of_a_list_with_what_the_filter_leaves_of_it(
    workspace, dataset, clip, chosen, paths, first, states
):
    with reading(workspace.engine) as session:
        entries = page_of_entries(dataset, chosen, offset=0, limit=10, session=session)
        assert count_entries(dataset, chosen, session=session) == len(entries)
        pages = [page_of_entries(dataset, chosen, offset=i, limit=1, session=session) for i in range(len(entries))]
    named = [entry.video.path if isinstance(entry, ClipEntry) else entry.path for entry in entries]
    assert named == paths
    assert [type(entry) for (entry,) in pages] == [type(entry) for entry in entries]
    of_clips = [(entry.first.id, entry.states, entry.frames) for entry in entries if isinstance(entry, ClipEntry)]
    assert of_clips == ([] if first is None else [(clip[first], states, sum(states.values()))])


def test_pictures_of_an_action_that_is_no_clip_are_entries_of_their_own(workspace, dataset, images):
    with writing(workspace.engine) as session:
        session.get(Image, images["x/a.png"]).sequence = "squat-03"
    with reading(workspace.engine) as session:
        entries = page_of_entries(dataset, ImageFilter(), offset=0, limit=10, session=session)
    assert [entry.path for entry in entries] == ["50%.png", "x/a.png", "x/b.png", "y/c.png"]


@pytest.mark.parametrize(
    ("read", "index"), [(count_without_face, "ix_image_without_face"), (pictures_set_aside, "ix_image_with_reason")]
)
def test_few_pictures_of_many_are_found_by_an_index_of_theirs_alone(workspace, dataset, images, read, index):
    asked = []
    event.listen(workspace.engine, "before_cursor_execute", lambda *arguments: asked.append(arguments[2:4]))
    with reading(workspace.engine) as session:
        read(dataset, session=session)
        statement, values = asked[-1]
        plan = session.connection().exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", values).all()
    assert index in plan[0][3]
    assert not any("TEMP B-TREE" in step[3] for step in plan)
