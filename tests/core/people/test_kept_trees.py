"""Trees that are kept: told at once from the next threshold on, and never of another state or store."""

import io

import numpy as np
import pytest

from core.clustering.linkage import merge_tree
from core.foundation.errors import BadInput
from core.foundation.workspace import Workspace
from core.people import deciding as people
from core.people import grouping, kept_trees
from core.people.encoders import encoder_of
from tests.builders.poor_faces import judge
from tests.builders.staged_people import SAME, add_faces, group, vector


def tree(workspace, dataset, least=0.5):
    return kept_trees.people_tree(workspace, dataset, encoder_of(workspace, dataset), least=least, regroup=True)


@pytest.fixture
def faces(workspace, dataset):
    """Three of one person and two of another, grouped."""
    views = [(f"{p}/{v}.jpg", vector(p, v)) for p, n in ((0, 3), (1, 2)) for v in range(n)]
    added = add_faces(workspace, dataset, views)
    group(workspace, dataset)
    return added


def test_the_next_threshold_joins_nothing_anew_until_somebody_decides(workspace, dataset, faces, author, monkeypatch):
    made = []

    def noted(*arguments):
        made.append(arguments[1])
        return merge_tree(*arguments)

    monkeypatch.setattr(kept_trees, "merge_tree", noted)
    first = tree(workspace, dataset, least=0.5)
    again = tree(workspace, dataset, least=0.6)
    assert len(made) == 1
    for name in ("instances", "people", "known"):
        np.testing.assert_array_equal(getattr(again, name), getattr(first, name))
    assert again.preview(0.9) == first.preview(0.9)
    tree(workspace, dataset, least=-0.9)
    assert made[1] == -0.9, "looser than what is kept"
    people.move_faces(workspace, faces[:1], name="Ada", author_id=author)
    tree(workspace, dataset, least=0.5)
    assert len(made) == 3


def test_a_tree_is_of_the_settings_of_the_gate_and_keeps_who_has_no_say(workspace, dataset, faces):
    judge(workspace, faces, poor=faces[:1])
    made, again = tree(workspace, dataset), tree(workspace, dataset)
    assert again.tree.gate.silent.tolist() == made.tree.gate.silent.tolist() == [True, False, False, False, False]
    assert again.preview(0.5) == made.preview(0.5)
    for name, array in vars(made.tree.reach).items():
        np.testing.assert_array_equal(getattr(again.tree.reach, name), array)
    stricter = Workspace(workspace.settings.model_copy(update={"least_sharpness": 900.0}))
    assert tree(stricter, dataset).tree.gate.silent.all()


def other_format():
    file = io.BytesIO()
    np.savez(file, floor=0.1)
    return file.getvalue()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"no archive", other_format()])
def test_a_kept_tree_that_is_damaged_or_of_another_version_is_made_anew(workspace, dataset, faces, content):
    whole = tree(workspace, dataset).what_if(0.9)
    (file,) = (workspace.home / "trees").iterdir()
    file.write_bytes(content)
    assert tree(workspace, dataset).what_if(0.9) == whole
    assert file.stat().st_size > len(content)


@pytest.mark.parametrize("least", [1.2, -5.0, float("nan")])
def test_a_threshold_outside_of_all_is_refused_before_anything_is_joined(workspace, dataset, faces, monkeypatch, least):
    monkeypatch.setattr(kept_trees, "merge_tree", None)
    with pytest.raises(BadInput, match="between -1 and 1, not "):
        tree(workspace, dataset, least=least)


def test_a_tree_of_another_store_is_not_taken_for_ones_own(workspace, dataset, faces, monkeypatch):
    tree(workspace, dataset)
    version = encoder_of(workspace, dataset)
    assert kept_trees.kept_tree(workspace, dataset, version.id, least=0.5, regroup=True) is not None
    monkeypatch.setattr(kept_trees, "store_id", lambda session: "another")
    assert kept_trees.kept_tree(workspace, dataset, version.id, least=0.5, regroup=True) is None


def test_where_nothing_can_be_kept_the_answer_is_there_all_the_same(workspace, dataset, faces, caplog):
    whole = tree(workspace, dataset).what_if(0.9)
    (file,) = (workspace.home / "trees").iterdir()
    file.unlink()
    file.parent.rmdir()
    file.parent.write_text("in the way")
    assert tree(workspace, dataset).what_if(0.9) == whole
    assert "is not kept" in caplog.text


def test_a_grouping_is_the_cut_that_was_looked_at(workspace, dataset, faces, monkeypatch):
    then = tree(workspace, dataset).what_if(SAME + 1e-3)
    monkeypatch.setattr(grouping, "group", None)
    assert group(workspace, dataset, threshold=SAME + 1e-3, regroup=True)["people"] == then.people == 5


def test_a_tree_of_fewer_faces_is_not_cut(workspace, dataset, faces, monkeypatch):
    old = tree(workspace, dataset)
    add_faces(workspace, dataset, [("new.jpg", vector(7))])
    monkeypatch.setattr(grouping, "kept_tree", lambda *_, **__: old)
    assert group(workspace, dataset, threshold=0.5, regroup=True)["faces"] == 6
