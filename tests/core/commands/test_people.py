"""People from the command line: who they are, grouped again, and what a threshold would do."""

from sqlmodel import func, select

from core.commands import people
from core.people.quality import Reason
from core.people.unknown import UnknownFace
from db.engine import reading
from db.tables import Run
from tests.builders.clothes_networks import publish


def test_people_are_listed_with_their_faces_the_largest_first(told, people_staged):
    code, result = told("people", "--dataset", "faces")
    assert code == 0
    assert [(person["name"], len(person["faces"])) for person in result["people"]] == [
        ("Ada", 2),
        ("Zoë", 2),
        (None, 1),
    ]
    first = result["people"][0]
    assert set(first) == {"id", "name", "faces"}
    assert first["faces"] == [
        {"image": "Ada/0.png", "box": [8.0, 8.0, 56.0, 56.0]},
        {"image": "Ada/1.png", "box": [8.0, 8.0, 56.0, 56.0]},
    ]


def test_people_in_words_and_of_nobody(facet, told, photos, people_staged):
    code, stdout, _ = facet("people", "--dataset", "faces")
    assert (code, stdout.splitlines()[:2]) == (0, ["Ada: 2", "Zoë: 2"])
    told("import", photos, "--dataset", "empty")
    assert told("people", "--dataset", "empty") == (0, {"people": []})


def test_regrouping_at_a_threshold_keeps_confirmed_people(told, people_staged):
    code, result = told("people", "--dataset", "faces", "--threshold", "0.5")
    assert code == 0
    assert sorted((person["name"] or "", len(person["faces"])) for person in result["people"]) == [
        ("", 1),
        ("Ada", 2),
        ("Zoë", 2),
    ]


def test_what_a_threshold_would_do_is_told_and_not_done(told, refused, facet, people_staged):
    before = told("people", "--dataset", "faces")
    code, result = told("people", "--dataset", "faces", "--what-if", "1")
    assert code == 0
    assert result.pop("seconds") > 0
    assert result == {"people": 3, "merges": 0, "splits": 0, "named_touched": 0}, "the named are confirmed and stay"
    _, loose = told("people", "--dataset", "faces", "--what-if", "-1")
    assert (loose["people"], loose["merges"], loose["named_touched"]) == (2, 1, 1)
    _, stdout, _ = facet("people", "--dataset", "faces", "--what-if", "-1")
    assert stdout.startswith("2 people: 1 of several who are there, 0 of those who are there taken apart; 1 of them")
    assert told("people", "--dataset", "faces") == before
    assert "neither --regroup nor --threshold" in refused("people", "--dataset", "faces", "--what-if", "1", "--regroup")
    assert "between -1 and 1, not 1.5" in refused("people", "--dataset", "faces", "--what-if", "1.5")


def test_who_is_unknown_is_listed_with_the_reason(told, facet, refused, people_staged):
    code, result = told("people", "--dataset", "faces", "--unknown")
    assert code == 0
    assert result == {"faces": [{"image": "stranger.png", "box": [8.0, 8.0, 56.0, 56.0], "reason": "nobody near"}]}
    told("people", "--dataset", "faces", "--regroup")
    assert told("people", "--dataset", "faces", "--unknown")[1]["faces"][0]["reason"] == "blurred", "measured by now"
    assert facet("people", "--dataset", "faces", "--unknown")[1].splitlines() == [
        "blurred: 1",
        "blurred  stranger.png  48 × 48 px at 8, 8",
    ]
    assert "neither" in refused("people", "--dataset", "faces", "--what-if", "1", "--unknown")


def test_a_face_that_is_deleted_meanwhile_is_not_listed(told, people_staged, monkeypatch):
    gone = [UnknownFace(10**6, None, Reason.ALONE, None, None, None, None)]
    monkeypatch.setattr(people, "unknown_faces", lambda *_: gone)
    assert told("people", "--dataset", "faces", "--unknown") == (0, {"faces": []})


def test_a_threshold_that_cannot_be_leaves_no_failed_run(refused, people_staged, workspace):
    with reading(workspace.engine) as session:
        before = session.exec(select(func.count(Run.id))).one()
    assert "between -1 and 1, not 7.0" in refused("people", "--dataset", "faces", "--threshold", "7")
    with reading(workspace.engine) as session:
        assert session.exec(select(func.count(Run.id))).one() == before


def test_clothes_are_asked_by_the_cue_that_is_named_and_told(told, facet, refused, workspace, people_staged):
    nothing = {"loose": 0, "linked": 0, "without_clothes": 0}
    assert told("clothes", "--dataset", "faces") == (0, nothing), "nobody else is in the stranger's folder"
    assert "no cue of clothes called 'shoes'" in refused("clothes", "--dataset", "faces", "--cue", "shoes")
    before = told("runs")
    assert "weights fetch imagenet-resnet18`" in refused("clothes", "--dataset", "faces", "--cue", "imagenet-resnet18")
    assert told("runs") == before, "before a run that could only fail"
    assert facet("clothes", "--dataset", "faces", "--least", "2")[0] == 2
    publish(workspace.weights)
    asked = ("clothes", "--dataset", "faces", "--cue", "imagenet-resnet18", "--margin", "0.1")
    assert facet(*asked)[1] == (
        "0 of 0 faces without a place went to people of the same event by their clothes; of 0 no clothes can be seen\n"
    )
    with reading(workspace.engine) as session:
        newest = session.exec(select(Run).order_by(Run.id.desc())).first()
    assert (newest.kind, newest.parameters) == ("clothes", {"cue": "imagenet-resnet18", "least": None, "margin": 0.1})
