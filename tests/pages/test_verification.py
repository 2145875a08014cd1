"""The Verification page: grouping again is offered for the encoder's own newest threshold."""

from __future__ import annotations

from sqlmodel import select

from core.foundation.messages import message
from core.people.deciding import name_person
from core.people.encoders import encoder_of
from db.tables import Instance, Threshold
from db.writes.models import ensure_model_version
from db.writing import writing
from pages.widgets.verification import workplace
from tests.builders.staged_people import add_faces, group, noisy_faces, owners, vector


def test_grouping_again_is_offered_however_many_thresholds_of_other_encoders_came_since(
    opened, workspace, dataset, author
):
    noisy_faces(workspace, dataset, author)
    version = encoder_of(workspace, dataset, None)
    common = {"dataset_id": dataset, "chosen": message("thresholds.by_hand").to_json(), "author_id": author}
    with writing(workspace.engine) as session:
        session.add(Threshold(model_version_id=version.id, value=0.61, **common))
        session.flush()
        other = ensure_model_version("facenet-vggface2", "encoder", "1" * 64, {}, session=session)
        session.add_all(Threshold(model_version_id=other, value=0.5, **common) for _ in range(30))
    page = opened("verification.py")
    assert "Group again at 0.6100" in [button.label for button in page.button]


def test_a_face_that_is_taken_out_without_a_decision_about_people_leaves_the_figures_at_once(
    opened, workspace, dataset, author
):
    noisy_faces(workspace, dataset, author)
    page = opened("verification.py")
    assert "**14 confirmed faces**" in " ".join(text.value for text in page.markdown)
    with writing(workspace.engine) as session:
        face = session.exec(select(Instance).where(Instance.dataset_id == dataset).limit(1)).one()
        face.removed = True
    page.run()
    assert "**13 confirmed faces**" in " ".join(text.value for text in page.markdown)


def test_another_mixture_has_its_own_figures_though_the_pairs_are_as_many(
    opened, workspace, dataset, author, monkeypatch
):
    plots = []
    monkeypatch.setattr(workplace, "threshold_plot", lambda *given, **_: plots.append(given))
    noisy_faces(workspace, dataset, author)
    page = opened("verification.py")
    mixtures = set()
    for name in ("equal", "ten", "as_they_occur"):
        next(box for box in page.selectbox if box.label == "Mixture of pairs").set_value(name).run()
        _, grid, value = plots[-1]
        mixtures.add(grid.different_per_same)
        assert grid.at(value)[1] == 1
    assert len(mixtures) == 3


def test_all_faces_of_everybody_who_has_a_name_are_confirmed_at_once_and_the_way_back_is_there(
    opened, workspace, dataset, author
):
    faces = add_faces(workspace, dataset, [(f"{p}/{v}.jpg", vector(p, v)) for p in range(3) for v in range(3)])
    group(workspace, dataset)
    whose = owners(workspace, dataset)
    for face, name in ((faces[0], "Ada"), (faces[3], "Bea")):
        name_person(workspace, whose[face][0], name, author_id=author)
    page = opened("verification.py")
    button = next(button for button in page.button if button.label == "Confirm 6 faces of 2 named people")
    button.click().run()
    assert "**6 confirmed faces** of **2 people**" in " ".join(text.value for text in page.markdown)
    assert [human for _, human in owners(workspace, dataset).values()].count(True) == 6
    next(button for button in page.button if button.label == "Undo").click().run()
    assert not [human for _, human in owners(workspace, dataset).values() if human]
