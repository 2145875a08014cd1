import pytest

from core.foundation.errors import BadWeights
from core.models import weights
from core.models.faces.dlib_landmarks import Dlib68Landmarker
from core.models.faces.dlib_resnet import DlibResnetEncoder


def test_dlib_files_of_another_kind_are_refused(tmp_path):
    wrong = tmp_path / "wrong.dat"
    wrong.write_bytes(weights.locate("mtcnn-onet", tmp_path).read_bytes())
    with pytest.raises(BadWeights, match="damaged or not dlib's face network"):
        DlibResnetEncoder(wrong, 0.9, "cpu")
    with pytest.raises(BadWeights, match="not a dlib shape predictor"):
        Dlib68Landmarker(wrong)
