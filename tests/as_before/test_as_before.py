"""Exports, the command line and addresses are what they were before the rooms of the house were moved.

The records under ``tests/data/as_before`` were taken at the revision before the move (see `recorded`) and stay.
"""

from __future__ import annotations

import pytest

from tests.as_before import addresses, calls, command_line, exports, house, recorded

COMMANDS, CALLS = recorded.read("command_line"), recorded.read("calls")
ASKED_FOR = {  # what differs because somebody asked for it
    "import HERE/set --dataset later": [  # the label files in the folder come in too
        "/exit was 1 and is 0",
        '/json/skipped: nothing is as {"path": "string", "reason": "string"} among []',
    ],
    "search --dataset people --photo HERE/nowhere.jpg": [  # of several photos the one in question is named
        "/stderr was \"[Errno 2] No such file or directory: 'HERE/nowhere.jpg'\" "
        "and is 'HERE/nowhere.jpg: No such file or directory'"
    ],
}
for one in COMMANDS["search"]:  # several photos of one person, and people instead of a photo, were asked for
    if one["written"] == "--photo":
        one |= {"type": "list[pathlib.Path]", "required": False, "several": True}
for one in COMMANDS["verify"]:  # scores without a dataset were asked for
    if one["written"] == "--dataset":
        one |= {"required": False}
EXPORTS, ADDRESSES = recorded.read("exports"), recorded.read("addresses")
EXPORTS["identities"][
    "members"
] |= {  # names as XMP regions beside the pictures were asked for; the manifest lists them
    "images/=SUM(A1).bmp.xmp": "bbfefbe4d5cfa78e107a6d9ef7d49454d6629405751a238dc6f29e05d20baa45",
    "images/Ada, L./1.bmp.xmp": "89d521f7f6970e668f1a333f64131d0ed5748e0ea689b87eacfeff349a1cfe88",
    "manifest.json": "e85348f366677227b9368112b2095187e15e1faf3109da39e2c285d4e9ea5ba7",
}
# People can be put in an order: that was asked for.
ADDRESSES["what opens"]["people.py?dataset=As+%22before%22%2C+once"]["Order"] = "Named, then most faces"
# No browser keeps an export: that was asked for.
ADDRESSES["answers"]["/api/export/1"] = "200 application/zip with cache-control, content-disposition"
del ADDRESSES["environment"]["FACET_USER"]  # was "annotator", which two people could be at once; now each is asked
ADDRESSES["environment"]["FACET_LANDMARKER"] = "auto"  # was "dlib-68"; a face mesh where it is here was asked for
del ADDRESSES["environment"]["FACET_MAX_CLIP_FRAMES"]  # was 50,000, and an hour has more


@pytest.fixture(scope="module")
def commands():
    return recorded.through_json(command_line.told())


@pytest.fixture(scope="module")
def called(tmp_path_factory):
    """Every call of the script, made once in its order."""
    return recorded.through_json(calls.told(tmp_path_factory.mktemp("calls")))


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A folder whose `home` has a store; the exports of its dataset go beside it."""
    folder = tmp_path_factory.mktemp("exports")
    (folder / "home").mkdir()
    return folder


@pytest.fixture(scope="module")
def written(place):
    return recorded.through_json(exports.told(place))


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_takes_what_it_took(commands, words):
    assert words in commands
    assert list(recorded.missing(COMMANDS[words], commands[words])) == []
    before = [one["written"] for one in COMMANDS[words] if not one["written"].startswith("-")]
    assert [one["written"] for one in commands[words] if not one["written"].startswith("-")] == before
    known = {one["written"] for one in COMMANDS[words]}
    assert not [one for one in commands[words] if one["required"] and one["written"] not in known]


@pytest.mark.parametrize("number", range(len(CALLS)), ids=[f"{i} {one['call']}" for i, one in enumerate(CALLS)])
def test_a_call_ends_and_tells_as_it_did(called, number):
    assert called[number]["call"] == CALLS[number]["call"]
    asked_for = ASKED_FOR.get(CALLS[number]["call"], [])
    assert list(recorded.missing(CALLS[number], called[number])) == asked_for


@pytest.mark.parametrize("name", EXPORTS)
def test_an_export_has_the_same_files_with_the_same_bytes(written, name):
    assert written[name] == EXPORTS[name]


@pytest.mark.parametrize("part", ["pages", "words in the addresses of pages", "routes", "environment", "make"])
def test_what_was_found_at_an_address_is_found_there(place, written, part):
    assert list(recorded.missing(ADDRESSES[part], recorded.through_json(addresses.told(place / "home"))[part])) == []


def test_a_route_answers_as_it_did(place, written):
    assert addresses.answers(place / "home") == ADDRESSES["answers"]


def test_an_address_opens_what_it_opened(place, written):
    assert addresses.followed(place / "home", exports.DATASET) == ADDRESSES["what opens"]


def test_the_kinds_of_stored_runs_are_still_known():
    assert set(recorded.read("run_kinds")) <= set(house.run_kinds())


def test_what_is_gone_or_another_is_told_and_what_is_new_is_not():
    before = {"a": "string", "b": {"c": ["integer", {"d": "null"}]}}
    assert list(recorded.missing(before, {**before, "new": "string"})) == []
    assert list(recorded.missing(before, {"a": "number", "b": {"c": ["integer", {"d": "null", "e": "null"}]}})) == [
        "/a was 'string' and is 'number'"
    ]
    assert list(recorded.missing(before, {"a": "string", "b": {}})) == ["/b/c is gone"]
    assert list(recorded.missing(before, {"a": "string", "b": {"c": ["integer", {}]}})) == [
        '/b/c: nothing is as {"d": "null"} among [\'integer\', {}]'
    ]
