"""One table says everything about a kind of run."""

import pytest

from core.foundation.messages import message, templates
from core.foundation.progress import Progress
from core.jobs.inline import run_here
from core.jobs.kinds import RUN_KINDS, kinds_shown_on, models_of, must_wait
from db.tables import Run
from pages.widgets.shared.run_status import result_sentence, run_title
from tests.builders.places import ROOT
from tests.builders.run_kinds import run_kind


@pytest.mark.parametrize("name", RUN_KINDS)
def test_every_kind_has_a_title_words_while_it_stops_and_a_page_that_shows_its_end(name):
    kind = RUN_KINDS[name]
    assert {kind.title.code, kind.stopping.code} <= templates("en").keys()
    assert kind.shown_on
    assert kind.waits_for <= RUN_KINDS.keys()


def test_no_two_kinds_have_one_title():
    assert len({kind.title.code for kind in RUN_KINDS.values()}) == len(RUN_KINDS)


def test_a_kind_is_shown_on_pages_that_there_are():
    pages = {path.stem for path in (ROOT / "pages").glob("*.py")} | {
        "groupings",
        "overlay",
        "preview",
    }  # parts of pages
    assert {page for kind in RUN_KINDS.values() for page in kind.shown_on} <= pages


def test_one_entry_makes_a_kind_that_is_done_titled_and_told(workspace, dataset, monkeypatch):
    cleared = []
    kind = run_kind(
        lambda workspace, run, progress: {"mb": run.parameters["mb"]},
        title=message("run_kinds.weights"),
        afterwards=lambda workspace, run: cleared.append(run.kind),
        shown_on={"library"},
        waits_for={"faces"},
    )
    monkeypatch.setitem(RUN_KINDS, "dream", kind)
    run = run_here(workspace, "dream", dataset, {"mb": 3}, Progress())
    assert cleared == ["dream"]
    assert (run_title(run, None), result_sentence(run)) == ("Fetch a model file", r"3\.0 MB fetched")
    assert "dream" in kinds_shown_on("library")
    assert (must_wait("dream", {"faces", "export"}), must_wait("dream", {"export"})) == (True, False)


@pytest.mark.parametrize(
    ("parameters", "counts", "models"),
    [
        ({"model": "net-1+flip", "clip": 3}, {}, ["net-1+flip"]),
        ({"models": ["a", "b"], "video": "x.mp4"}, {}, ["a", "b"]),
        ({"recipe": "quick-pipnet"}, {"model": "quick-pipnet-2"}, ["quick-pipnet"]),
        ({"skeleton": "face68"}, {"model": "net-1"}, ["net-1"]),
        ({"skeleton": "face68"}, {"model": None}, []),
        ({"encoder": None, "source": "/photos"}, {}, []),
    ],
)
def test_a_run_says_which_model_it_is_about(parameters, counts, models):
    run = Run(kind="predict", author_id=1, parameters=parameters, counts=counts)
    assert models_of(run) == models


def test_the_title_of_a_run_names_its_models_as_plain_text():
    run = Run(kind="predict", author_id=1, parameters={"model": "net_1"})
    assert run_title(run, "_x_") == r"Predict points · net\_1 · \_x\_"


def test_a_training_stops_after_a_batch_and_everything_else_after_a_picture():
    after_a_batch = {name for name, kind in RUN_KINDS.items() if kind.stopping.code == "runs.stopping_after_batch"}
    assert after_a_batch == {"train", "selftrain"}
