"""Encoders beside one another on the Verification page."""

from __future__ import annotations

import numpy as np
import pytest
from sqlmodel import select

from core.verification import side_by_side
from db.tables import Embedding
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.staged_people import noisy_faces

TOGGLE = "Compare encoders"


@pytest.fixture
def two(workspace, dataset, author):
    """Twelve people of four faces, and another encoder that sees nothing but noise."""
    noisy_faces(workspace, dataset, author, counts=(4,) * 12)
    rng = np.random.default_rng(1)
    with writing(workspace.engine) as session:
        other = ensure_model_version("facenet-casia", "encoder", "2" * 64, {}, session=session)
        for row in session.exec(select(Embedding)).all():
            vector = rng.normal(size=len(row.vector) // 4)
            made = (vector / np.linalg.norm(vector)).astype("<f4").tobytes()
            session.add(Embedding(instance_id=row.instance_id, model_version_id=other, vector=made))


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
