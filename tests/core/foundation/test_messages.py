import json
import random
from pathlib import Path

import numpy as np
import pytest

from core.foundation import messages
from core.foundation.errors import BadInput
from core.foundation.messages import Message, message

ROOT = Path(__file__).parents[3]


@pytest.fixture
def catalogues(tmp_path, monkeypatch):
    """An English and a German catalogue of few sentences."""
    (tmp_path / "en.toml").write_text(
        """[clips]
empty = "the clip is empty"
long = "{count:,picture|pictures} in {seconds:.1f} s, by {names:and}; {name!r} is one of {names}"
[labels]
line = "{reason} (line {line})"
frames = "frames {first:nth} to {last:nth}"
""",
        encoding="utf-8",
    )
    (tmp_path / "de.toml").write_text('[clips]\nempty = "der Film ist leer"\n', encoding="utf-8")
    monkeypatch.setattr(messages, "SENTENCES", tmp_path)
    return tmp_path


def test_an_error_is_a_code_and_fields_and_english_where_it_is_printed(catalogues):
    error = BadInput("clips.long", of="a.mp4", count=1200, seconds=2.25, names=["ada", "bo"], name="ada")
    reason = "1,200 pictures in 2.2 s, by ada and bo; 'ada' is one of ada, bo"
    assert (error.code, error.of, error.fields["count"]) == ("clips.long", "a.mp4", 1200)
    assert (error.reason, str(error)) == (reason, f"a.mp4: {reason}")


def test_one_picture_is_not_pictures(catalogues):
    assert message("clips.long", count=1, seconds=1.0, names=["ada"], name="ada").text().startswith("1 picture in")


def test_frames_are_counted_from_one_where_people_read_of_them(catalogues):
    kept = message("labels.frames", first=0, last=1233)
    assert kept.text() == "frames 1 to 1,234"
    assert kept.fields["first"] == 0


def test_another_language_is_a_second_catalogue_and_falls_back_to_english(catalogues):
    outer = message("labels.line", of="a.csv", reason=message("clips.empty"), line=3)
    assert outer.text() == "a.csv: the clip is empty (line 3)"
    assert outer.text("de") == "a.csv: der Film ist leer (line 3)"


def test_a_code_that_english_lacks_is_refused(catalogues):
    with pytest.raises(KeyError, match=r"clips\.none"):
        message("clips.none").text("de")


@pytest.mark.parametrize("template", ["{name.real}", "{name[0]}", "{}", "{0}"])
def test_a_template_cannot_look_into_a_field(catalogues, template):
    (catalogues / "fr.toml").write_text(f'[clips]\nempty = "{template}"\n', encoding="utf-8")
    with pytest.raises(ValueError, match="plainly"):
        message("clips.empty", name=1).text("fr")


def test_fields_are_plain_whatever_was_given(tmp_path):
    inner = BadInput("clips.empty", of="a.mp4")
    given = message("x.y", path=tmp_path, count=np.int64(3), shape=(3, 2), error=inner, other=OSError("gone"), yes=True)
    assert given.fields == {
        "path": str(tmp_path),
        "count": 3,
        "shape": "(3, 2)",
        "error": Message("clips.empty", {}, "a.mp4"),
        "other": "gone",
        "yes": True,
    }
    assert type(given.fields["count"]) is int


def _any_field(chance: random.Random, depth: int):
    kinds = 7 if depth else 5
    kind = chance.randrange(kinds)
    if kind == 5:
        return [_any_field(chance, depth - 1) for _ in range(chance.randrange(4))]
    if kind == 6:
        return _any_message(chance, depth - 1)
    text = "".join(
        chr(chance.choice([10, 34, 92, 123, 0x2028, 0x1F600, chance.randrange(32, 0xD7FF)])) for _ in range(4)
    )
    return [text, chance.randrange(-(2**70), 2**70), chance.choice([0.1, -1e308, float("inf")]), kind == 3, None][kind]


def _any_message(chance: random.Random, depth: int = 3) -> Message:
    fields = {f"field{i}": _any_field(chance, depth) for i in range(chance.randrange(4))}
    return Message("some.code", fields, chance.choice([None, "", "a b.csv: line 3"]))


@pytest.mark.parametrize("seed", range(200))
def test_a_message_comes_back_from_json_as_it_was(seed):
    told = _any_message(random.Random(seed))
    assert Message.from_json(json.loads(json.dumps(told.to_json(), allow_nan=False))) == told
