"""A promoted model gives the first points of what no human touched, and nothing else; rolling back undoes it."""

import numpy as np
import pytest
from sqlmodel import col, select

from core.foundation.arrays import ABSENT, VISIBLE, Keypoints
from core.foundation.errors import BadInput, NotFound
from core.foundation.progress import Progress
from core.jobs.results import pre_labelled
from core.learning.promoting import in_force, pre_label, promote, roll_back, steps_back
from db.engine import reading
from db.queries.learning.models import promotions
from db.tables import Instance, KeypointRevision, Review, Source, TrainedModel
from db.writes.models import ensure_model_version
from db.writes.points import append_revision
from db.writing import writing
from tests.builders.learning_rows import Shelf, face


@pytest.fixture
def shelf(workspace, dataset, author):
    return Shelf(workspace, dataset, author)


def _head(shelf, instance):
    with reading(shelf.workspace.engine) as session:
        one = session.get(Instance, instance)
        revision = session.get(KeypointRevision, one.revision_id)
        return revision.source, revision.model_version_id, Keypoints.from_bytes(revision.points).points[0].tolist()


def _revisions(shelf, instance):
    with reading(shelf.workspace.engine) as session:
        mine = select(KeypointRevision.id).where(KeypointRevision.instance_id == instance)
        return list(session.exec(mine.order_by(col(KeypointRevision.id))))


def _pre_label(shelf):
    counts = pre_label(shelf.workspace, dataset_id=shelf.dataset, skeleton_name="face68")
    return {name: counts[name] for name in ("prelabelled", "kept")}


def test_a_promoted_model_gives_its_points_to_what_no_human_touched(shelf):
    built_in = shelf.model("dlib-68", trained=False)
    guessed = shelf.instance(shelf.image("a.png"), face(), human=False, version=built_in)
    bare = shelf.instance(shelf.image("b.png"))
    better = shelf.model("better")
    for instance in (guessed, bare):
        shelf.predict(instance, better, face(3.0))
    assert in_force(shelf.workspace, shelf.dataset, "face68") is None
    assert promote(shelf.workspace, shelf.dataset, "better", author_id=shelf.author) == "face68"
    assert in_force(shelf.workspace, shelf.dataset, "face68") == "better"
    assert _pre_label(shelf) == {"prelabelled": 2, "kept": 0}
    assert _head(shelf, guessed) == (Source.MODEL, better, [3.0, 3.0])
    assert _head(shelf, bare) == (Source.MODEL, better, [3.0, 3.0])
    assert len(_revisions(shelf, guessed)) == 2  # the first guess stays in the history


def test_points_of_a_human_never_change(shelf):
    corrected = shelf.instance(shelf.image("a.png"), face())
    better = shelf.model("better")
    shelf.predict(corrected, better, face(3.0))
    promote(shelf.workspace, shelf.dataset, "better", author_id=shelf.author)
    assert _pre_label(shelf) == {"prelabelled": 0, "kept": 0}
    assert _head(shelf, corrected) == (Source.HUMAN, None, [0.0, 0.0])
    assert len(_revisions(shelf, corrected)) == 1


def test_pre_labelling_says_what_stayed_as_it_was_and_whose_points_they_are(shelf):
    for number in range(3):
        shelf.instance(shelf.image(f"{number}.png"), face())
    bare = shelf.instance(shelf.image("bare.png"))
    shelf.instance(shelf.image("body.png"), np.full((24, 2), 5.0), kind="person", skeleton="body24")
    shelf.predict(bare, shelf.model("better"), face(3.0))
    pre = {"dataset_id": shelf.dataset, "skeleton_name": "face68"}
    assert pre_label(shelf.workspace, **pre) == {
        "model": "dlib-68",
        "prelabelled": 0,
        "kept": 1,
        "human": 3,
        "untaught": [],
    }
    promote(shelf.workspace, shelf.dataset, "better", author_id=shelf.author)
    counts = pre_label(shelf.workspace, **pre)
    assert counts == {"model": "better", "prelabelled": 1, "kept": 0, "human": 3, "untaught": []}
    assert pre_labelled(counts).text() == (
        "1 instance got other first points, 0 stay as they are; 3 that humans set are left alone"
    )
    assert pre_labelled({"prelabelled": 2, "kept": 1}).text() == (
        "2 instances got other first points, 1 stays as it is"
    ), "of a run before the count was kept"


def test_pre_labelling_twice_adds_nothing(shelf):
    bare = shelf.instance(shelf.image("a.png"))
    shelf.predict(bare, shelf.model("better"), face())
    promote(shelf.workspace, shelf.dataset, "better", author_id=shelf.author)
    assert _pre_label(shelf) == {"prelabelled": 1, "kept": 0}
    assert _pre_label(shelf) == {"prelabelled": 0, "kept": 1}


def test_what_the_model_did_not_predict_keeps_its_points(shelf):
    built_in = shelf.model("dlib-68", trained=False)
    guessed = shelf.instance(shelf.image("a.png"), face(), human=False, version=built_in)
    shelf.model("better")
    promote(shelf.workspace, shelf.dataset, "better", author_id=shelf.author)
    assert _pre_label(shelf) == {"prelabelled": 0, "kept": 1}
    assert _head(shelf, guessed)[1] == built_in


def test_rolling_back_brings_back_what_was_before(shelf):
    built_in = shelf.model("dlib-68", trained=False)
    guessed = shelf.instance(shelf.image("a.png"), face(), human=False, version=built_in)
    first, second = shelf.model("first"), shelf.model("second")
    shelf.predict(guessed, first, face(1.0))
    shelf.predict(guessed, second, face(2.0))
    for name in ("first", "second"):
        promote(shelf.workspace, shelf.dataset, name, author_id=shelf.author)
        _pre_label(shelf)
    assert roll_back(shelf.workspace, shelf.dataset, "face68", author_id=shelf.author) == "first"
    _pre_label(shelf)
    assert _head(shelf, guessed) == (Source.MODEL, first, [1.0, 1.0])
    promote(shelf.workspace, shelf.dataset, "dlib-68", author_id=shelf.author)
    assert in_force(shelf.workspace, shelf.dataset, "face68") is None
    _pre_label(shelf)
    assert _head(shelf, guessed) == (Source.MODEL, built_in, [0.0, 0.0])


def test_a_built_in_model_that_gives_no_first_points_is_not_promoted(shelf):
    for name in ("face-mesh", "blazepose-17", "face-mesh-468"):
        with pytest.raises(BadInput, match=f"{name} is built in and only predicts"):
            promote(shelf.workspace, shelf.dataset, name, author_id=shelf.author)


def test_rolling_back_to_nothing_takes_the_points_of_the_withdrawn_model_away(shelf):
    bare, other = (shelf.instance(shelf.image(name)) for name in ("a.png", "b.png"))
    corrected = shelf.instance(shelf.image("c.png"), face())
    worse = shelf.model("worse")
    for instance in (bare, corrected):
        shelf.predict(instance, worse, face(9.0))
    promote(shelf.workspace, shelf.dataset, "worse", author_id=shelf.author)
    _pre_label(shelf)
    assert roll_back(shelf.workspace, shelf.dataset, "face68", author_id=shelf.author) is None
    assert _pre_label(shelf) == {"prelabelled": 1, "kept": 1}
    with reading(shelf.workspace.engine) as session:
        assert [session.get(Instance, one).revision_id for one in (bare, other)] == [None, None]
    assert len(_revisions(shelf, bare)) == 1  # what it said stays in the history
    assert _head(shelf, corrected) == (Source.HUMAN, None, [0.0, 0.0])
    promote(shelf.workspace, shelf.dataset, "worse", author_id=shelf.author)
    assert _pre_label(shelf) == {"prelabelled": 1, "kept": 1}
    assert _head(shelf, bare) == (Source.MODEL, worse, [9.0, 9.0])


JAW = np.arange(68) < 17


def _points(shelf, instance):
    with reading(shelf.workspace.engine) as session:
        number = session.get(Instance, instance).revision_id
        return Keypoints.from_bytes(session.get(KeypointRevision, number).points)


def _teach_all_but_the_jaw(shelf, version):
    with writing(shelf.workspace.engine) as session:
        session.get(TrainedModel, version).data = {"taught": list(range(17, 68))}


def test_points_that_no_label_taught_stay_as_the_built_in_model_found_them_or_absent(shelf):
    built_in = shelf.model("dlib-68", trained=False)
    guessed = shelf.instance(shelf.image("a.png"), face(), human=False, version=built_in)
    bare = shelf.instance(shelf.image("b.png"))
    inner = shelf.model("inner")
    _teach_all_but_the_jaw(shelf, inner)
    for instance in (guessed, bare):
        shelf.predict(instance, inner, face(3.0))  # as predictions of before were stored: with a jaw
    promote(shelf.workspace, shelf.dataset, "inner", author_id=shelf.author)
    report = pre_label(shelf.workspace, dataset_id=shelf.dataset, skeleton_name="face68")
    assert (report["prelabelled"], report["kept"], report["untaught"]) == (2, 0, ["jaw"])
    for instance in (guessed, bare):
        np.testing.assert_array_equal(_points(shelf, instance).points[~JAW], face(3.0)[~JAW])
    np.testing.assert_array_equal(_points(shelf, guessed).points[JAW], face()[JAW])
    assert (_points(shelf, guessed).visibility == VISIBLE).all()
    assert (_points(shelf, bare).visibility == np.where(JAW, ABSENT, VISIBLE)).all()
    assert _pre_label(shelf) == {"prelabelled": 0, "kept": 2}


def test_points_that_no_label_taught_stay_as_a_promoted_model_before_gave_them(shelf):
    bare = shelf.instance(shelf.image("a.png"))
    whole, inner = shelf.model("whole"), shelf.model("inner")
    _teach_all_but_the_jaw(shelf, inner)
    for number, (name, version) in enumerate((("whole", whole), ("inner", inner)), start=1):
        shelf.predict(bare, version, face(float(number)))
        promote(shelf.workspace, shelf.dataset, name, author_id=shelf.author)
        _pre_label(shelf)
    np.testing.assert_array_equal(_points(shelf, bare).points, np.where(JAW[:, None], face(1.0), face(2.0)))
    assert _pre_label(shelf)["prelabelled"] == 0


class HumanMeanwhile(Progress):
    """Somebody corrects the instances after the run has read whose points are a model's."""

    def __init__(self, shelf, *instances):
        self.shelf, self.instances = shelf, instances

    def begin(self, total, done=0, message=None):
        with writing(self.shelf.workspace.engine) as session:
            for number in self.instances:
                points, author = Keypoints.of(face(7.0)).to_bytes(), self.shelf.author
                instance = session.get(Instance, number)
                append_revision(instance, "face68", points, Review.IN_PROGRESS, author_id=author, session=session)


def test_whoever_corrects_while_pre_labels_are_given_keeps_the_own_points(shelf):
    bare = shelf.instance(shelf.image("a.png"))
    shelf.predict(bare, shelf.model("better"), face(3.0))
    promote(shelf.workspace, shelf.dataset, "better", author_id=shelf.author)
    meanwhile = HumanMeanwhile(shelf, bare)
    report = pre_label(shelf.workspace, dataset_id=shelf.dataset, skeleton_name="face68", progress=meanwhile)
    assert (report["prelabelled"], report["kept"]) == (0, 1)
    assert _head(shelf, bare) == (Source.HUMAN, None, [7.0, 7.0])


def test_whoever_corrects_while_points_are_withdrawn_keeps_the_own_points(shelf):
    bare = shelf.instance(shelf.image("a.png"))
    shelf.predict(bare, shelf.model("worse"), face(9.0))
    promote(shelf.workspace, shelf.dataset, "worse", author_id=shelf.author)
    _pre_label(shelf)
    _back(shelf)
    meanwhile = HumanMeanwhile(shelf, bare)
    report = pre_label(shelf.workspace, dataset_id=shelf.dataset, skeleton_name="face68", progress=meanwhile)
    assert (report["prelabelled"], report["kept"]) == (0, 1)
    assert _head(shelf, bare) == (Source.HUMAN, None, [7.0, 7.0])


def test_only_points_of_the_skeleton_that_a_promoted_model_gave_are_withdrawn(shelf):
    other = shelf.model("other", "coco17")
    body = shelf.instance(
        shelf.image("a.png"), face()[:17], human=False, kind="person", skeleton="coco17", version=other
    )
    imported = shelf.instance(shelf.image("b.png"), face(), human=False)
    assert pre_label(shelf.workspace, dataset_id=shelf.dataset, skeleton_name="body24")["prelabelled"] == 0
    assert _pre_label(shelf)["prelabelled"] == 0
    assert _head(shelf, body)[:2] == (Source.MODEL, other)
    assert _head(shelf, imported)[:2] == (Source.MODEL, None)


def _back(shelf):
    return roll_back(shelf.workspace, shelf.dataset, "face68", author_id=shelf.author)


def _steps(shelf):
    return steps_back(shelf.workspace, shelf.dataset, "face68")


def test_rolling_back_again_goes_further_down_until_nothing_is_left(shelf):
    for name in "abc":
        shelf.model(name)
        promote(shelf.workspace, shelf.dataset, name, author_id=shelf.author)
    assert _steps(shelf) == ["b", "a", None]
    assert [_back(shelf), _back(shelf), _back(shelf)] == ["b", "a", None]
    assert (in_force(shelf.workspace, shelf.dataset, "face68"), _steps(shelf)) == (None, [])
    with pytest.raises(BadInput, match="every promotion for face68 is rolled back already, so nothing is left"):
        _back(shelf)


def test_a_promotion_after_a_roll_back_goes_back_to_where_it_began(shelf):
    for name in "abc":
        shelf.model(name)
        promote(shelf.workspace, shelf.dataset, name, author_id=shelf.author)
    assert _back(shelf) == "b"
    promote(shelf.workspace, shelf.dataset, "c", author_id=shelf.author)
    promote(shelf.workspace, shelf.dataset, "a", author_id=shelf.author)
    assert _steps(shelf) == ["c", "b", "a", None]
    assert [_back(shelf), _back(shelf), _back(shelf), _back(shelf)] == ["c", "b", "a", None]
    with reading(shelf.workspace.engine) as session:
        history = promotions(shelf.dataset, session=session)
    assert [(row["model"], row["rolled_back"]) for row in reversed(history)] == [
        ("a", False),
        ("b", False),
        ("c", False),
        ("b", True),
        ("c", False),
        ("a", False),
        ("c", True),
        ("b", True),
        ("a", True),
        (None, True),
    ]


def test_the_built_in_model_that_was_promoted_is_rolled_back_like_any_other(shelf):
    shelf.model("a")
    for name in ("a", "dlib-68"):
        promote(shelf.workspace, shelf.dataset, name, author_id=shelf.author)
    assert [_back(shelf), _back(shelf)] == ["a", None]


def test_there_is_nothing_to_roll_back_before_a_promotion(shelf):
    assert _steps(shelf) == []
    with pytest.raises(BadInput, match="nothing was promoted for face68, so there is nothing to go back from"):
        _back(shelf)


def test_promoting_what_pre_labels_already_or_does_not_exist_is_refused(shelf):
    shelf.model("better")
    promote(shelf.workspace, shelf.dataset, "better", author_id=shelf.author)
    with pytest.raises(BadInput, match="pre-labels this dataset already"):
        promote(shelf.workspace, shelf.dataset, "better", author_id=shelf.author)
    with pytest.raises(NotFound, match="there are dlib-68, better"):
        promote(shelf.workspace, shelf.dataset, "nobody", author_id=shelf.author)


def test_datasets_promote_apart_from_one_another(shelf, workspace, author):
    from db.writes.library import ensure_dataset
    from db.writing import writing

    with writing(workspace.engine) as session:
        other = ensure_dataset("other", author, session=session)
    shelf.model("better")
    promote(workspace, shelf.dataset, "better", author_id=author)
    assert in_force(workspace, other, "face68") is None


def test_what_a_gpu_has_not_looked_at_is_taken_from_the_processors_version(shelf):
    """The same weights in another precision are another version; the promoted one may be of a machine that is gone."""
    seen, missed = (shelf.instance(shelf.image(f"{name}.png")) for name in "ab")
    promoted = shelf.model("better")
    with writing(shelf.workspace.engine) as session:
        settings = {"flip_test": False, "precision": "float32"}
        other = ensure_model_version("better", "landmarks", "b" * 64, settings, session=session)
        flipped = ensure_model_version("better", "landmarks", "b" * 64, {"flip_test": True}, session=session)
    shelf.predict(seen, promoted, face(3.0))
    for instance in (seen, missed):
        shelf.predict(instance, other, face(4.0))
        shelf.predict(instance, flipped, face(5.0))
    promote(shelf.workspace, shelf.dataset, "better", author_id=shelf.author)
    assert _pre_label(shelf)["prelabelled"] == 2
    assert _head(shelf, seen) == (Source.MODEL, promoted, [3.0, 3.0])
    assert _head(shelf, missed) == (Source.MODEL, other, [4.0, 4.0])
    assert _pre_label(shelf) == {"prelabelled": 0, "kept": 2}
    roll_back(shelf.workspace, shelf.dataset, "face68", author_id=shelf.author)
    assert _pre_label(shelf) == {"prelabelled": 2, "kept": 0}  # neither counts as a built-in model's: both are gone
    assert _pre_label(shelf) == {"prelabelled": 0, "kept": 2}


def test_a_way_of_using_a_model_is_not_promoted_as_if_it_were_the_model(shelf):
    shelf.model("better")
    for title in ("better+flip", "better+one-euro"):
        with pytest.raises(BadInput, match="promote better itself"):
            promote(shelf.workspace, shelf.dataset, title, author_id=shelf.author)
    assert in_force(shelf.workspace, shelf.dataset, "face68") is None
