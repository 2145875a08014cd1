import json

import numpy as np
from PIL import Image

from core.drawn import draw_landscape
from core.drawn.body import POSES
from core.drawn.figures import draw_figure
from core.drawn.people import PEOPLE
from core.drawn.portraits import draw_portrait
from core.drawn.truth import face_instance, write_pictures
from core.foundation.arrays import ABSENT
from core.foundation.skeletons import BODY24


def test_written_sample_reads_back_with_its_truth(tmp_path):
    rng, size = np.random.default_rng(0), (200, 240)
    some = [
        draw_portrait(PEOPLE["ada"], rng, size, name="portraits/ada.jpg", person="ada"),
        draw_figure(POSES["wave"], rng, PEOPLE["ada"], size, name="figures/wave.jpg", person="ada"),
        draw_landscape(rng, size),
    ]
    truth = json.loads(write_pictures(some, tmp_path).read_text(encoding="utf-8"))
    assert [row["name"] for row in truth["pictures"]] == [picture.name for picture in some]
    for row, picture in zip(truth["pictures"], some, strict=True):
        with Image.open(tmp_path / row["name"]) as image:
            assert (image.format, image.size) == ("JPEG", (row["width"], row["height"]))
            assert not image.getexif()
            assert np.abs(np.asarray(image, int) - picture.pixels).mean() < 4
        assert len(row["instances"]) == len(picture.instances)
    wave = truth["pictures"][1]["instances"][0]
    ankle = BODY24.point_names.index("left_ankle")
    assert (wave["points"][ankle], wave["visibility"][ankle], wave["identity"]) == (None, ABSENT, "ada")
    shoulder = BODY24.point_names.index("left_shoulder")
    np.testing.assert_allclose(wave["points"][shoulder], some[1].instances[0].keypoints.points[shoulder], atol=1e-3)


def test_a_faces_box_reaches_from_the_forehead_to_the_chin_by_hand():
    landmarks = np.zeros((68, 2))
    landmarks[0], landmarks[8], landmarks[16] = (10, 40), (30, 90), (50, 42)
    landmarks[landmarks.sum(axis=1) == 0] = (30, 60)
    face = face_instance("ada", landmarks, (31, 20))
    assert (face.kind, face.identity, face.skeleton) == ("face", "ada", "face68")
    assert face.box.tolist() == [10, 20, 50, 90]
    np.testing.assert_array_equal(face.keypoints.points, landmarks)


def test_no_pictures_are_a_truth_of_none(tmp_path):
    assert json.loads(write_pictures([], tmp_path / "new").read_text()) == {"pictures": []}
