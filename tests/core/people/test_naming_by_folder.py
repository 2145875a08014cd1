"""Pictures whose folder names the person: one face of each is confirmed, and people who were renamed stay one."""

from __future__ import annotations

import pytest
from sqlmodel import select

from core.jobs.runs import submit
from core.people import deciding as people
from core.people import naming_by_folder
from core.people.naming_by_folder import confirm_identities
from db.engine import reading
from db.queries.people.listing import people_page
from db.tables import Image
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.staged_people import add_faces, group, owners, vector


def named(workspace, dataset):
    with reading(workspace.engine) as session:
        return {row.name: (row.id, row.confirmed) for row in people_page(dataset, session=session) if row.name}


def test_folders_confirm_the_face_in_the_middle_until_a_human_says_otherwise(workspace, dataset, author):
    photos = [("Ada/1.jpg", vector(0, 0)), ("Ada/1.jpg", vector(1, 0)), ("Ada/2.jpg", vector(0, 1))]
    faces = add_faces(workspace, dataset, photos, identity="Ada")
    group(workspace, dataset)
    whose = owners(workspace, dataset)
    with reading(workspace.engine) as session:
        (ada,) = [row for row in people_page(dataset, session=session) if row.name == "Ada"]
    confirmed = [face for face in faces if whose[face] == (ada.id, True)]
    assert len(confirmed) == 2  # one of each photo
    assert faces[2] in confirmed
    people.release_faces(workspace, [faces[2]], author_id=author)
    group(workspace, dataset)
    assert owners(workspace, dataset)[faces[2]][0] != ada.id


def test_folders_confirm_in_parts_and_count_them_all(workspace, dataset, monkeypatch):
    monkeypatch.setattr(naming_by_folder, "_AT_ONCE", 2)
    faces = add_faces(workspace, dataset, [(f"Ada/{v}.jpg", vector(0, v)) for v in range(5)], identity="Ada")
    run = _any_run(workspace, dataset)
    assert confirm_identities(workspace, dataset_id=dataset, run_id=run) == 5
    assert all(human for _, human in owners(workspace, dataset).values())
    assert len(owners(workspace, dataset)) == len(faces)
    assert confirm_identities(workspace, dataset_id=dataset, run_id=run) == 0


def _any_run(workspace, dataset):
    return submit(workspace, "people", dataset_id=dataset, author_id=1, parameters={})


def test_a_photo_named_by_a_folder_keeps_its_word_after_a_merge(workspace, dataset, author):
    ada = add_faces(workspace, dataset, [("Ada/1.jpg", vector(0))], identity="Ada")
    bea = add_faces(workspace, dataset, [("Bea/1.jpg", vector(0, 1))], identity="Bea")
    group(workspace, dataset)
    one, other = (owners(workspace, dataset)[face][0] for face in ada + bea)
    people.merge_people(workspace, one, [other], author_id=author)
    group(workspace, dataset)
    assert owners(workspace, dataset) == dict.fromkeys(ada + bea, (one, True))
    with reading(workspace.engine) as session:
        assert session.exec(select(Image.identity)).all() == ["Ada", "Bea"]


@pytest.fixture
def ada_and_bea(workspace, dataset):
    """Two folders of one picture each, confirmed; the faces resemble one another."""
    (ada,) = add_faces(workspace, dataset, [("Ada/1.jpg", vector(0))], identity="Ada")
    (bea,) = add_faces(workspace, dataset, [("Bea/1.jpg", vector(0, 1))], identity="Bea")
    group(workspace, dataset)
    return tuple(owners(workspace, dataset)[face][0] for face in (ada, bea))


def test_a_new_picture_of_a_merged_folder_belongs_to_the_person_merged_into(workspace, dataset, author, ada_and_bea):
    ada, bea = ada_and_bea
    merged = people.merge_people(workspace, bea, [ada], author_id=author)
    (new,) = add_faces(workspace, dataset, [("Ada/2.jpg", vector(0, 2))], identity="Ada")
    group(workspace, dataset)
    assert owners(workspace, dataset)[new] == (bea, True)
    assert named(workspace, dataset) == {"Bea": (bea, 3)}
    people.undo(workspace, merged, author_id=author)
    (newer,) = add_faces(workspace, dataset, [("Ada/3.jpg", vector(0, 3))], identity="Ada")
    group(workspace, dataset)
    assert owners(workspace, dataset)[newer] == (ada, True)


def test_a_new_picture_of_a_renamed_folder_belongs_to_the_renamed_person(workspace, dataset, author, ada_and_bea):
    ada, bea = ada_and_bea
    # a second face in the picture, beside the middle, is somebody else's and says nothing about the folder
    bystanders = add_faces(workspace, dataset, [(f"Ada/{n}.jpg", vector(9, n)) for n in (5, 5)], identity="Ada")
    group(workspace, dataset)
    loose = [face for face in bystanders if not owners(workspace, dataset)[face][1]]
    people.move_faces(workspace, loose, person_id=bea, author_id=author)
    people.name_person(workspace, ada, "Ada Lovelace", author_id=author)
    (new,) = add_faces(workspace, dataset, [("Ada/2.jpg", vector(0, 2))], identity="Ada")
    group(workspace, dataset)
    assert owners(workspace, dataset)[new] == (ada, True)
    assert set(named(workspace, dataset)) == {"Ada Lovelace", "Bea"}


def test_a_folder_of_another_dataset_names_somebody_else(workspace, dataset, author, ada_and_bea, other_dataset):
    ada, bea = ada_and_bea
    people.merge_people(workspace, bea, [ada], author_id=author)
    add_faces(workspace, other_dataset, [("Ada/1.jpg", vector(0))], identity="Ada")
    group(workspace, other_dataset)
    assert set(named(workspace, other_dataset)) == {"Ada"}


@pytest.fixture
def other_dataset(workspace, author):
    with writing(workspace.engine) as session:
        return ensure_dataset("other", author, session=session)
