"""Reads about datasets, pictures and clips."""

import pytest

from core.library.exclusions import exclude
from db.engine import reading
from db.queries.library import (
    ImageFilter,
    count_exclusions,
    count_filtered,
    dataset_by_name,
    datasets,
    exclusions_page,
    fits,
    page_of_images,
    picture_paths,
    position_of_image,
)
from db.tables import Image, ImagePath, ImageState, Run
from db.writing import writing
from tests.builders.learning_rows import Shelf


@pytest.fixture
def images(workspace, dataset, author):
    """Pictures b, a, 50%.png and c, of which a is accepted."""
    shelf = Shelf(workspace, dataset, author)
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
def test_a_filter_gives_the_same_pictures_to_the_list_the_count_and_the_place(
    workspace, dataset, images, chosen, paths
):
    with reading(workspace.engine) as session:
        page = page_of_images(dataset, chosen, offset=0, limit=10, session=session)
        assert [image.path for image in page] == paths
        assert count_filtered(dataset, chosen, session=session) == len(paths)
        assert [position_of_image(dataset, chosen, image, session=session) for image in page] == [*range(len(paths))]
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
