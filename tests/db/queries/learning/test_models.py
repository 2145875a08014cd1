"""Trained models, what is predicted and what is not, and which version pre-labels a dataset."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from core.foundation.arrays import Keypoints, Uncertainty
from db.engine import reading
from db.queries.learning.models import (
    StoredPrediction,
    box_areas,
    count_predictions,
    instances_to_predict,
    model_heads,
    model_versions,
    newest_untrained,
    predictions,
    predictions_of,
    promotion,
    promotions,
    standing_promotions,
    trained_by_name,
    trained_in_run,
    trained_models,
)
from db.tables import Image, Instance, Promotion, Review, Run, Source, TrainedModel
from db.writes.models import ensure_model_version
from db.writes.points import append_revision
from db.writing import writing
from tests.builders.learning_rows import Shelf, face
from tests.builders.people_rows import remove


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


@pytest.fixture
def looked_at(shelf):
    """Faces 0 to 3 in pictures b, a, a and the smaller c, a figure, and two models: one has predicted 0 and 1."""
    made = SimpleNamespace(net=shelf.model("net"), other=shelf.model("other"))
    images = [shelf.image(name) for name in ("b.png", "a.png", "c.png")]
    made.faces = [shelf.instance(images[number]) for number in (0, 1, 1, 2)]
    made.figure = shelf.instance(images[0], kind="person")
    with writing(shelf.workspace.engine) as session:
        session.get(Image, images[2]).width = 100
    for instance in made.faces[:2]:
        shelf.predict(instance, made.net, face(float(instance)))
    return made


def _read(shelf, query, *arguments, **values):
    with reading(shelf.workspace.engine) as session:
        return query(*arguments, session=session, **values)


def _stored(shift):
    return StoredPrediction("face68", Keypoints.of(face(shift)).to_bytes(), Uncertainty.unknown(68).to_bytes())


def test_what_a_version_has_not_looked_at_comes_with_pictures_of_one_size_together(shelf, looked_at):
    first, second, third, last = looked_at.faces

    def waiting(kind, version):
        rows = _read(shelf, instances_to_predict, shelf.dataset, kind, version)
        assert all(image.id == instance.image_id for instance, image in rows)
        return [instance.id for instance, _ in rows]

    assert waiting("face", looked_at.net) == [last, third]
    assert waiting("face", looked_at.other) == [last, first, second, third]
    assert waiting("person", looked_at.net) == [looked_at.figure]
    remove(shelf.workspace, last)
    assert waiting("face", looked_at.net) == [third]


def test_predictions_are_those_of_instances_that_are_there(shelf, looked_at):
    first, second, *_ = looked_at.faces
    said = {first: _stored(float(first)), second: _stored(float(second))}
    assert _read(shelf, predictions, shelf.dataset, looked_at.net) == said
    assert _read(shelf, predictions, shelf.dataset, looked_at.other) == {}
    assert _read(shelf, predictions, shelf.dataset + 1, looked_at.net) == {}
    remove(shelf.workspace, first)
    assert _read(shelf, predictions, shelf.dataset, looked_at.net) == {second: said[second]}
    assert _read(shelf, count_predictions, shelf.dataset, looked_at.net) == 1
    assert _read(shelf, count_predictions, shelf.dataset, looked_at.other) == 0


def test_of_several_versions_the_first_that_has_predicted_an_instance_is_asked(shelf, looked_at):
    first, second, third, _ = looked_at.faces
    for instance in (second, third):
        shelf.predict(instance, looked_at.other, face(50.0))
    net, other = looked_at.net, looked_at.other
    asked = [first, second, third]
    mine = {number: (net, _stored(float(number))) for number in (first, second)}
    theirs = (other, _stored(50.0))
    assert _read(shelf, predictions_of, asked, [net, other]) == mine | {third: theirs}
    assert _read(shelf, predictions_of, asked, [other, net]) == {first: mine[first], second: theirs, third: theirs}
    assert _read(shelf, predictions_of, [], [net]) == {}


def test_areas_of_boxes_come_with_their_pictures(shelf, looked_at):
    first, second, third, last = looked_at.faces
    with writing(shelf.workspace.engine) as session:
        session.get(Instance, last).left = 20
    remove(shelf.workspace, third)
    with reading(shelf.workspace.engine) as session:
        pictures = {one: session.get(Instance, one).image_id for one in (first, second, last)}
    areas = [(one, pictures[one], area) for one, area in ((first, 10800.0), (second, 10800.0), (last, 9000.0))]
    assert _read(shelf, box_areas, shelf.dataset, "face") == sorted(areas)
    assert _read(shelf, box_areas, shelf.dataset + 1, "face") == []


def test_trained_models_come_newest_first_with_author_and_parent(shelf, looked_at):
    child = shelf.model("child")
    with writing(shelf.workspace.engine) as session:
        session.get(TrainedModel, child).parent_id = looked_at.net
    rows = _read(shelf, trained_models, shelf.dataset)
    assert [(row.version.name, row.author, row.parent) for row in rows] == [
        ("child", "ada", "net"),
        ("other", "ada", None),
        ("net", "ada", None),
    ]
    assert [row.model.model_version_id for row in rows] == [child, looked_at.other, looked_at.net]
    assert _read(shelf, trained_models, shelf.dataset + 1) == []
    assert len(_read(shelf, trained_models)) == 3


def test_a_trained_model_is_found_by_name_and_by_run(shelf, looked_at):
    with writing(shelf.workspace.engine) as session:
        run = Run(kind="train", dataset_id=shelf.dataset, author_id=shelf.author)
        session.add(run)
        session.flush()
        session.get(TrainedModel, looked_at.other).run_id = run.id
    shelf.model("built-in", trained=False)
    assert _read(shelf, trained_by_name, "net").model_version_id == looked_at.net
    assert _read(shelf, trained_by_name, "built-in") is None
    assert _read(shelf, trained_in_run, run.id).model_version_id == looked_at.other
    assert _read(shelf, trained_in_run, run.id + 1) is None


def test_versions_of_a_name_come_newest_first(shelf, looked_at):
    with writing(shelf.workspace.engine) as session:
        flipped = ensure_model_version("net", "landmarks", "n" * 64, {"flip_test": True}, session=session)
    assert [row.id for row in _read(shelf, model_versions, "net")] == [flipped, looked_at.net]
    assert _read(shelf, model_versions, "unheard of") == []


@pytest.fixture
def promoted(shelf, looked_at):
    """Ids of four promotions: net, other, the taking back of that, and one of another skeleton."""
    made = []
    rows = [("face68", looked_at.net), ("face68", looked_at.other), ("face68", looked_at.net), ("body24", None)]
    for number, (skeleton, version) in enumerate(rows):
        with writing(shelf.workspace.engine) as session:
            row = Promotion(
                dataset_id=shelf.dataset,
                skeleton=skeleton,
                model_version_id=version,
                author_id=shelf.author,
                rolls_back_id=made[1] if number == 2 else None,
            )
            session.add(row)
            session.flush()
            made.append(row.id)
    return made


def test_the_newest_promotion_of_a_skeleton_is_in_force(shelf, promoted):
    assert _read(shelf, promotion, shelf.dataset, "face68").id == promoted[2]
    assert _read(shelf, promotion, shelf.dataset, "body24").model_version_id is None
    assert _read(shelf, promotion, shelf.dataset + 1, "face68") is None


def test_promotions_that_were_taken_back_stand_no_more(shelf, promoted):
    assert [row.id for row in _read(shelf, standing_promotions, shelf.dataset, "face68")] == promoted[:1]
    assert _read(shelf, standing_promotions, shelf.dataset, "face98") == []


def test_the_history_of_promotions_is_newest_first_and_says_which_took_one_back(shelf, looked_at, promoted):
    rows = _read(shelf, promotions, shelf.dataset)
    assert [(row["skeleton"], row["model"], row["rolled_back"]) for row in rows] == [
        ("body24", None, False),
        ("face68", "net", True),
        ("face68", "other", False),
        ("face68", "net", False),
    ]
    assert {row["author"] for row in rows} == {"ada"}
    assert rows[1]["version_id"] == looked_at.net
    assert _read(shelf, promotions, shelf.dataset + 1) == []


def test_what_a_model_may_label_anew_is_what_no_human_has_set(shelf):
    image = shelf.image("a.png")
    none, modelled, _by_human = (
        shelf.instance(image),
        shelf.instance(image, face(), human=False),
        shelf.instance(image, face()),
    )
    rows = _read(shelf, model_heads, shelf.dataset, "face")
    assert [(instance.id, revision and revision.source) for instance, revision in rows] == [
        (none, None),
        (modelled, Source.MODEL),
    ]
    assert _read(shelf, model_heads, shelf.dataset, "person") == []


def test_the_newest_points_of_a_built_in_model_are_found_under_those_of_trained_ones(shelf):
    built_in, trained = shelf.model("built-in", trained=False), shelf.model("net")
    with writing(shelf.workspace.engine) as session:  # a trained model in another use is still a trained one
        flipped = ensure_model_version("net", "landmarks", "n" * 64, {"flip_test": True}, session=session)
    image = shelf.image("a.png")
    instance = shelf.instance(image, face(), human=False, version=built_in)
    only_trained = shelf.instance(image, face(), human=False, version=trained)
    with writing(shelf.workspace.engine) as session:
        row = session.get(Instance, instance)
        again = append_revision(row, "face68", b"again", Review.OPEN, model_version_id=built_in, session=session)
        for version in (trained, flipped):
            append_revision(row, "face68", b"later", Review.OPEN, model_version_id=version, session=session)
        append_revision(row, "face68", b"human", Review.ACCEPTED, author_id=shelf.author, session=session)
    found = _read(shelf, newest_untrained, [instance, only_trained], "face68")
    assert {number: revision.id for number, revision in found.items()} == {instance: again.id}
    assert _read(shelf, newest_untrained, [instance], "face98") == {}
