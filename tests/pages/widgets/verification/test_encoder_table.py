"""Encoders beside one another on the Verification page."""

from __future__ import annotations

import pytest

from core.verification import side_by_side
from tests.builders.staged_people import noisy_faces
from tests.builders.two_encoders import two_encoders


@pytest.fixture
def two(workspace, dataset, author):
    two_encoders(workspace, dataset, author)


def place(dataset_id, encoders):
    from pages.widgets.verification.encoder_table import encoder_table

    encoder_table(dataset_id, encoders, 1)


def test_the_better_one_is_first_with_its_intervals(shown, workspace, dataset, two):
    names = ["facenet-casia", "dlib-resnet"]
    page = shown(place, dataset_id=dataset, encoders=names)
    assert not page.table
    page.toggle[0].set_value(True).run()
    rows = page.table[0].value.set_index("Encoder")
    first, second = side_by_side(workspace, dataset, names)
    assert (
        [name.replace("\\", "") for name in rows.index]
        == ["dlib-resnet", "facenet-casia"]
        == [first.encoder, second.encoder]
    )
    told = first.judgement.plain()
    assert rows["Accuracy"].iloc[0].startswith(f"{told['accuracy']:.2%} (")
    assert rows["AUC"].iloc[0] == f"{told['auc']:.4f}"
    assert rows["Accuracy behind the first"].iloc[0] == "first"
    assert rows["Accuracy behind the first"].iloc[1].startswith(f"{-second.behind['accuracy'].difference.value:.2%} (")


def test_one_encoder_has_nothing_beside_it(shown, dataset):
    assert not shown(place, dataset_id=dataset, encoders=["dlib-resnet"]).toggle


def test_too_few_confirmed_faces_are_a_sentence(shown, workspace, dataset, author):
    noisy_faces(workspace, dataset, author, counts=(1,))
    page = shown(place, dataset_id=dataset, encoders=["dlib-resnet", "dlib-resnet"])
    page.toggle[0].set_value(True).run()
    assert page.info[0].value.startswith("A threshold needs confirmed faces")
