"""The quality of a face is written once, and in the place of an older one; the dataset has changed then."""

from db.engine import reading
from db.queries.people.quality import qualities
from db.tables import Dataset, FaceQuality
from db.writes.quality import set_quality
from db.writing import writing
from tests.builders.staged_people import add_faces, vector


def test_the_newest_measure_counts_and_the_dataset_has_changed(workspace, dataset):
    [face] = add_faces(workspace, dataset, [("a.jpg", vector(0))])
    revisions = []
    for sharpness in (1.0, 2.0):
        with writing(workspace.engine) as session:
            set_quality(FaceQuality(instance_id=face, sharpness=sharpness, size=3), session=session)
        with reading(workspace.engine) as session:
            assert qualities(dataset, session=session)[face].sharpness == sharpness
            revisions.append(session.get(Dataset, dataset).revision)
    assert revisions[0] < revisions[1]
