import pytest

from core.formats import READERS, WRITERS
from core.foundation.errors import UnreadableLabels
from tests.builders.labelled_examples import rehash


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "identities.csv",
            b",20.0,20.0,",
            b",20.0,21.0,",
            r"identities\.csv says \('one\.png', \(20\.0, 21\.0.* but annotations",
        ),
        (
            "identities.csv",
            b"human",
            b"automatic",
            r"identities\.csv says .*'automatic'\), but annotations\.json says .*'human'\)",
        ),
        ("identities.csv", b"Ann,", b"Bob,", r"identities\.csv calls person-0001 'Bob', unlike annotations\.json"),
        ("identities.csv", b"person-0001", b"person-0002", r"identities\.csv calls person-0002 'Ann', unlike"),
        (
            "images.csv",
            b"one.png,100",
            b"one.png,99",
            r"images\.csv says \('one\.png', 99, .* but annotations\.json says",
        ),
        (
            "images.csv",
            b"two.png,60,50,,new,\r\n",
            b"",
            r"images\.csv says None, but annotations\.json says \('two\.png'",
        ),
    ],
)
def test_halves_that_contradict_each_other_are_refused(small_dataset, tmp_path, file, old, new, message):
    WRITERS["facet"](small_dataset, tmp_path / "out", exported_at="now")
    place = tmp_path / "out" / file
    assert old in place.read_bytes()
    place.write_bytes(place.read_bytes().replace(old, new, 1))
    rehash(tmp_path / "out", file)
    with pytest.raises(UnreadableLabels, match=message):
        READERS["facet"](tmp_path / "out")
