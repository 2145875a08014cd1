import numpy as np
from PIL import Image

from core.drawn import draw_landscape
from core.drawn.truth import face_instance, write_picture


def test_a_picture_is_written_as_a_jpeg_of_its_name_without_metadata(tmp_path):
    picture = draw_landscape(np.random.default_rng(0), (200, 240), name="hills/one.jpg")
    write_picture(picture, tmp_path / "new")
    with Image.open(tmp_path / "new" / "hills" / "one.jpg") as image:
        assert (image.format, image.size) == ("JPEG", (200, 240))
        assert not image.getexif()
        assert np.abs(np.asarray(image, int) - picture.pixels).mean() < 4


def test_a_faces_box_reaches_from_the_forehead_to_the_chin_by_hand():
    landmarks = np.zeros((68, 2))
    landmarks[0], landmarks[8], landmarks[16] = (10, 40), (30, 90), (50, 42)
    landmarks[landmarks.sum(axis=1) == 0] = (30, 60)
    face = face_instance("ada", landmarks, (31, 20))
    assert (face.kind, face.identity, face.skeleton) == ("face", "ada", "face68")
    assert face.box.tolist() == [10, 20, 50, 90]
    np.testing.assert_array_equal(face.keypoints.points, landmarks)
