from pathlib import Path

import pytest

from core.foundation.errors import BadWeights
from core.models import DETECTORS, weights
from core.models.faces.mtcnn import MtcnnDetector


def test_damaged_network_file_is_said(tmp_path):
    files = [weights.locate(name, Path()) for name in DETECTORS["mtcnn"].weights]
    (tmp_path / "pnet.pt").write_bytes(b"damaged")
    with pytest.raises(BadWeights, match=r"pnet\.pt is damaged or not a network of MTCNN"):
        MtcnnDetector([tmp_path / "pnet.pt", *files[1:]], "cpu")
    with pytest.raises(BadWeights, match="not a network of MTCNN"):
        MtcnnDetector(files[::-1], "cpu")
