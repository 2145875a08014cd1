"""Every way of grouping over a dataset: figures by hand, either truth, nobody known, and what could not be done."""

from dataclasses import replace

import numpy as np
import pytest

from core.clustering.methods import METHODS, Method
from core.foundation.errors import BadInput, Cancelled, NotFound
from core.foundation.progress import Progress
from core.people import comparing
from core.people.comparing import best_thresholds, compare_groupings
from core.people.deciding import move_faces
from core.people.encoders import encoder_of
from tests.builders.poor_faces import judge
from tests.builders.saved_thresholds import save
from tests.builders.staged_people import add_faces, noisy_faces, owners, vector


@pytest.fixture
def faces(workspace, dataset):
    """Four photos: Ada three times, once beside Bo, who is seen once more; nobody has decided anything."""
    rows = [("a/1.jpg", vector(0, 0)), ("a/2.jpg", vector(0, 1)), ("a/2.jpg", vector(1, 2))]
    return add_faces(workspace, dataset, [*rows, ("b/3.jpg", vector(1, 3)), ("top.jpg", vector(0, 4))])


def only(monkeypatch, **methods):
    monkeypatch.setattr(comparing, "METHODS", {"average-linkage": METHODS["average-linkage"], **methods})


def rows_of(workspace, dataset, **options):
    """Those but of average linkage, gated or not."""
    found = compare_groupings(workspace, dataset_id=dataset, **options)
    return [row for row in found["rows"] if not row["method"].startswith("average-linkage")]


def free(labels):
    return Method(lambda faces, threshold, limits=None: np.array(labels[: len(faces)]), lambda own: own, False)


def test_the_figures_of_one_way_worked_out_by_hand(workspace, dataset, faces, author, monkeypatch):
    move_faces(workspace, [faces[0], faces[1], faces[4]], name="Ada", author_id=author)
    move_faces(workspace, [faces[2], faces[3]], name="Bo", author_id=author)
    only(monkeypatch, odd=free([0, 0, 0, -1, 1]))
    found = compare_groupings(workspace, dataset_id=dataset)
    row = found["rows"][-1]
    # Pairs: three found, one of them right of four. Faces: 2/3 2/3 1/3 1 1 of clusters, 2/3 2/3 1/2 1/2 1/3 of people.
    assert (row["precision"], row["recall"], row["f"]) == pytest.approx((1 / 3, 1 / 4, 2 / 7))
    assert (row["bcubed_precision"], row["bcubed_recall"]) == pytest.approx((11 / 15, 8 / 15))
    assert (row["purity"], row["groups"], row["unknown"]) == (0, 1, 1)
    assert (row["clicks_50"], row["clicks_80"], row["clicks_95"]) == (2, 3, 4)
    assert (row["method"], row["threshold"], row["chosen_on"]) == ("odd", 0.92, "encoder")
    assert (found["faces"], found["labelled"], found["encoder"]) == (5, 5, "dlib-resnet")


def test_churn_is_what_the_newest_photos_change(workspace, dataset, monkeypatch):
    rows = [(f"{photo}.jpg", vector(photo % 3, photo)) for photo in range(20)]
    add_faces(workspace, dataset, rows)
    flips = Method(
        lambda faces, threshold, limits=None: np.arange(len(faces)) % (3 if len(faces) == 20 else 2), float, False
    )
    only(monkeypatch, flips=flips)
    steady, _, changed = compare_groupings(workspace, dataset_id=dataset)["rows"]
    assert (steady["churn"], changed["churn"]) == (0, 1)


def test_two_of_a_photo_are_apart_where_a_way_keeps_to_photos(workspace, dataset, monkeypatch):
    add_faces(workspace, dataset, [("1.jpg", vector(0, 0)), ("1.jpg", vector(0, 1)), ("2.jpg", vector(0, 2))])
    rows = {row["method"]: row for row in compare_groupings(workspace, dataset_id=dataset)["rows"]}
    assert rows["average-linkage"]["purity"] == rows["components"]["purity"] == 1
    assert rows["chinese-whispers"]["purity"] == rows["finch"]["purity"] == 0


def test_decisions_are_the_truth_and_never_the_limits(workspace, dataset, faces, author):
    move_faces(workspace, [faces[0], faces[3]], name="One in name alone", author_id=author)
    before = owners(workspace, dataset)
    row = compare_groupings(workspace, dataset_id=dataset)["rows"][0]
    assert row["recall"] == 0
    assert owners(workspace, dataset) == before


def test_a_folder_is_the_person_of_the_face_in_the_middle(workspace, dataset, faces):
    found = compare_groupings(workspace, dataset_id=dataset, truth="folders")
    assert found["labelled"] == 3, "the one at the top lies in no folder, and Bo is beside Ada"
    assert found["rows"][0]["recall"] == 1
    add_faces(workspace, dataset, [("x/4.jpg", vector(0, 5))], identity="a")
    again = compare_groupings(workspace, dataset_id=dataset, truth="folders")
    assert again["labelled"] == 4


def test_where_nobody_is_known_purity_and_churn_are_told_all_the_same(workspace, dataset, faces):
    found = compare_groupings(workspace, dataset_id=dataset, best=True)
    assert (found["labelled"], len(found["rows"])) == (0, len(METHODS) + 1)
    assert all(row["f"] is row["bcubed_f"] is row["clicks_50"] is None for row in found["rows"])
    assert found["rows"][0]["purity"] == 1


def test_the_best_on_the_truth_is_a_row_of_its_own_and_never_worse(workspace, dataset, author):
    noisy_faces(workspace, dataset, author)
    rows = compare_groupings(workspace, dataset_id=dataset, best=True)["rows"]
    assert [row["chosen_on"] for row in rows] == ["encoder", "truth", "others", "others"] * (len(METHODS) + 1)
    assert all(best["bcubed_f"] >= own["bcubed_f"] - 1e-9 for own, best in zip(rows[::4], rows[1::4], strict=True))


def test_a_threshold_of_other_people_is_chosen_on_every_second_and_judged_on_the_rest(
    workspace, dataset, faces, author, monkeypatch
):
    move_faces(workspace, [faces[0], faces[1], faces[4]], name="Ada", author_id=author)
    move_faces(workspace, [faces[2], faces[3]], name="Bo", author_id=author)
    # Strict: Ada is whole and Bo in pieces. Loose: the other way round.
    odd = Method(
        lambda faces, at, *_: np.array([0, 0, 1, 2, 0] if at > 0.9 else [0, 3, 1, 1, 2])[: len(faces)], float, False
    )
    only(monkeypatch, odd=odd)
    rows = rows_of(workspace, dataset, best=True)
    assert rows[2]["threshold"] > 0.9, "of Ada"
    assert (rows[2]["recall"], rows[2]["bcubed_recall"], rows[2]["clicks_95"]) == (0, 0.5, 2)
    assert (rows[3]["threshold"] < 0.9, rows[3]["recall"], rows[3]["bcubed_recall"]) == (True, 0, pytest.approx(1 / 3))
    assert rows[1]["bcubed_recall"] == pytest.approx(4 / 5)


def test_the_thresholds_that_are_nearly_the_best_rise_and_are_of_the_faces_that_count():
    truth = np.array([0, 0, 1, 1])
    tried = {
        0.9: np.array([0, 1, 2, 3]),  # F 2/3: all precise, half recalled
        0.3: np.array([0, 0, 0, 0]),  # F 2/3
        0.7: np.array([0, 0, 1, 2]),  # F 6/7: precision 1, recall 3/4
        0.5: np.array([0, 0, 1, 1]),
    }
    assert best_thresholds(truth, tried, None, 1e-9) == [0.5]
    assert best_thresholds(truth, tried, None, 1 / 7 + 1e-9) == [0.5, 0.7]
    assert best_thresholds(truth, tried, None, 0.34) == [0.3, 0.5, 0.7, 0.9]
    assert best_thresholds(truth, tried, truth == 0, 1e-9) == [0.5, 0.7]


def test_what_cannot_be_done_is_named_with_its_reason_and_the_others_are_done(workspace, dataset, faces, monkeypatch):
    def fails(error):
        def grouped(*_):
            raise error

        return replace(METHODS["dbscan"], group=grouped)

    few = fails(BadInput("clustering.too_many_links", most=5, threshold=0.5))
    only(monkeypatch, few=few, small=fails(MemoryError()), done=METHODS["finch"])
    found = compare_groupings(workspace, dataset_id=dataset)
    assert [row["method"] for row in found["rows"]] == ["average-linkage-gated", "average-linkage", "done"]
    assert [(item["method"], item["reason"]["code"]) for item in found["not_done"]] == [
        ("few", "clustering.too_many_links"),
        ("small", "people.no_memory_to_group"),
    ]


def test_it_stops_between_two_ways_and_refuses_what_is_not_there(workspace, dataset, faces):
    class Stopped(Progress):
        def advance(self, done):
            if done == 2:
                raise Cancelled("runs.this_cancelled")

    with pytest.raises(Cancelled):
        compare_groupings(workspace, dataset_id=dataset, progress=Stopped())
    with pytest.raises(BadInput, match="'album' is no truth"):
        compare_groupings(workspace, dataset_id=dataset, truth="album")
    with pytest.raises(NotFound):
        compare_groupings(workspace, dataset_id=dataset, encoder="facenet-casia")


def test_poor_faces_have_no_say_where_they_have_none_in_a_grouping_whatever_was_decided(workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{n}.jpg", vector(0, n)) for n in range(3)])
    judge(workspace, faces, poor=faces)
    move_faces(workspace, faces, name="Ada", author_id=author)
    gated, plain = compare_groupings(workspace, dataset_id=dataset)["rows"][:2]
    assert (gated["recall"], plain["recall"]) == (0, 1)


def test_a_threshold_that_somebody_has_saved_is_the_one_in_force(workspace, dataset, faces, author):
    save(workspace, dataset, encoder_of(workspace, dataset).id, faces[:3], 0.61, author_id=author)
    found = compare_groupings(workspace, dataset_id=dataset)
    assert (found["threshold"], found["rows"][0]["threshold"], found["rows"][0]["chosen_on"]) == (0.61, 0.61, "saved")
