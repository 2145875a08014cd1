"""What the Training page says: rounds, plans beside one another, sheets, charts."""

import itertools
from pathlib import Path

import pytest

from core.learning import training_verdict
from core.learning.labels import SPLIT_BY, Labels
from pages.widgets.learning.training_charts import loss_chart, nme_chart, rounds_chart
from pages.widgets.learning.training_form import KEPT_TOGETHER
from pages.widgets.learning.training_live import _warns, sheet_name
from pages.widgets.learning.training_rounds import against, percent, plan_of, round_rows, same_data


def rounds(*nmes, tasks=("cls3", "cls2", "std"), pseudo=12):
    changes = [0.0, *(after - before for before, after in itertools.pairwise(nmes))]
    return [
        {
            "round": i,
            "task": "" if i == 0 else tasks[i - 1],
            "pseudo_labels": 0 if i == 0 else pseudo,
            "validation_nme": nme,
            "change": changes[i],
            "seconds": 61.0,
        }
        for i, nme in enumerate(nmes)
    ]


def row(name, found, run, **more):
    return {"name": name, "rounds": found, "run": run, "labels_sha256": "a", "settings": {"epochs": 2}} | more


def test_a_training_that_came_to_nothing_warns(monkeypatch):
    monkeypatch.setattr(training_verdict, "samples", lambda *_: [])
    monkeypatch.setattr(training_verdict, "mean_shape_nme", lambda *_: 0.05)
    labels = Labels("face68", [], [], [], [], 0)
    (line,) = training_verdict.warnings_about(None, labels, [], {"validation_nme": 0.4}, 1e-3)
    assert _warns(line)
    assert not _warns("the batch was halved to 4")


def test_every_split_says_what_stays_together_and_what_may_part():
    assert list(KEPT_TOGETHER) == list(SPLIT_BY)
    assert all("part" in said or "stands for itself" in said for said in KEPT_TOGETHER.values())


def test_a_round_says_what_it_asked_and_what_it_bought():
    first, second = round_rows(rounds(0.05, 0.045))
    assert first["Asked of a pseudo-label"] == "human labels only"
    assert (first["Change"], first["Took"]) == ("", "1 min 1 s")
    assert second["Asked of a pseudo-label"].startswith("its cell among the coarse ones")
    assert (second["Pseudo-labels"], second["Validation NME"], second["Change"]) == ("12", "4.50%", "−0.50 pp")


def test_a_plan_is_told_by_its_tasks():
    assert plan_of(rounds(0.1, 0.1)) == "curriculum"
    assert plan_of(rounds(0.1, 0.1, tasks=("std",))) == "plain"


def test_only_another_plan_on_the_same_labels_pictures_and_recipe_stands_beside():
    plain = rounds(0.05, 0.04, tasks=("std",))
    rows = [
        row("mine", rounds(0.05, 0.04), 1),
        row("beside", plain, 2),
        row("other labels", plain, 3, labels_sha256="b"),
        row("other recipe", plain, 4, settings={"epochs": 3}),
        row("other pictures", rounds(0.05, 0.04, tasks=("std",), pseudo=3), 5),
        row("same plan", rounds(0.05, 0.03), 6),
        row("no rounds", [], 7),
    ]
    assert list(same_data(rows, 1)) == ["plain (beside)"]
    assert list(same_data(rows, 2)) == ["curriculum (mine)", "curriculum (same plan)"]
    assert same_data(rows, 7) == {}


def test_two_plans_are_compared_in_words():
    told = against(rounds(0.05, 0.04), "plain (x-2)", rounds(0.05, 0.045, tasks=("std",)))
    assert "**Curriculum** ended at 4.00% after 1 round" in told
    assert told.endswith("at 4.50% after 1 round: 0.50 pp better.")
    assert "undefined" in against(rounds(float("nan")), "plain", rounds(0.05))
    assert against(rounds(0.05), "plain", rounds(0.05)).endswith(": the same.")


def test_names_in_words_are_no_markdown():
    assert r"\*x\*" in against(rounds(0.05), "*x*", rounds(0.05))


def test_what_is_no_number_is_undefined():
    assert (percent(None), percent(float("nan")), percent(0.0312)) == ("undefined", "undefined", "3.12%")


@pytest.mark.parametrize(
    ("name", "said"), [("epoch-0003-heatmaps.png", "epoch 3"), ("round-2-examples.png", "round 2")]
)
def test_a_sheet_is_called_by_its_epoch_or_round(name, said):
    assert sheet_name(Path(name)) == said


def test_the_best_epoch_is_marked_and_undefined_ones_are_gaps():
    epochs = [
        {"epoch": i + 1, "train_loss": loss, "parts": {"a": 1.0, "b": 2.0}, "validation_nme": nme}
        for i, (loss, nme) in enumerate([(3.0, float("nan")), (2.0, 0.04), (float("nan"), 0.05)])
    ]
    validation, best = nme_chart(epochs).data
    assert (list(validation.y), list(best.x), list(best.y)) == ([None, 0.04, 0.05], [2], [0.04])
    assert [trace.name for trace in loss_chart(epochs).data] == ["loss", "a", "b"]
    assert list(loss_chart(epochs).data[0].y) == [3.0, 2.0, None]


def test_charts_of_nothing_finite_are_empty_and_rounds_are_set_apart():
    assert len(nme_chart([{"epoch": 1, "validation_nme": None}]).data) == 1
    epochs = [{"epoch": i + 1, "train_loss": 1.0, "validation_nme": 0.1, "round": i // 2} for i in range(4)]
    (line,) = nme_chart(epochs).layout.shapes
    assert line.x0 == 2.5
    assert [trace.name for trace in rounds_chart({"plain": rounds(0.1), "x": rounds(0.2)}).data] == ["plain", "x"]
