"""The Verification page: grouping again is offered for the encoder's own newest threshold."""

from __future__ import annotations

from core.foundation.messages import message
from core.people.encoders import encoder_of
from db.tables import Threshold
from db.writes.models import ensure_model_version
from db.writing import writing
from tests.builders.staged_people import noisy_faces


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
