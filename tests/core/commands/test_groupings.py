"""Ways of grouping from the command line: a table of all, with the figures that can be had."""

from core.clustering.methods import METHODS
from tests.builders.clothes_networks import publish


def test_every_way_is_a_row_and_nothing_is_changed(told, people_staged):
    before = told("people", "--dataset", "faces")
    code, result = told("compare-groupings", "--dataset", "faces")
    assert (code, result["not_done"]) == (0, [])
    assert [row["method"] for row in result["rows"]] == ["average-linkage-gated", *METHODS]
    first = result["rows"][0]
    assert {"method", "threshold", "precision", "recall", "f", "bcubed_precision", "bcubed_recall", "bcubed_f"} <= set(
        first
    )
    assert (first["method"], first["threshold"], first["f"], first["bcubed_f"]) == ("average-linkage-gated", 0.92, 1, 1)
    assert (first["purity"], first["seconds"] > 0) == (None, True), "no photo shows two"
    assert (result["faces"], result["labelled"], result["truth"], result["in_force"]) == (
        5,
        4,
        "people",
        "average-linkage-gated",
    )
    assert told("people", "--dataset", "faces") == before


def test_folders_are_a_truth_too_and_the_best_on_it_is_called_so(told, people_staged):
    code, result = told("compare-groupings", "--dataset", "faces", "--truth", "folders", "--best")
    assert (code, result["truth"], result["labelled"]) == (0, "folders", 4)
    assert [row["chosen_on"] for row in result["rows"]] == ["encoder", "truth", "others", "others"] * (len(METHODS) + 1)


def test_in_words_the_best_is_marked(facet, people_staged):
    code, stdout, _ = facet("compare-groupings", "--dataset", "faces", "--best")
    lines = stdout.splitlines()
    assert (code, lines[0]) == (0, "4 of 5 faces have a known person (people); dlib-resnet")
    assert lines[1].split() == ["at", "p", "r", "f", "b3", "p", "b3", "r", "b3", "f", "purity", "s"]
    assert lines[2].split()[:-1] == ["average-linkage-gated", "0.920", *["1.000"] * 6, "-"]
    assert [line.split()[1] for line in lines[3:5]] == ["*", "**"]


def test_what_cannot_be_compared_is_refused(refused, told, photos, people_staged):
    assert "'album' is no truth to compare with; there are people, folders" in refused(
        "compare-groupings", "--dataset", "faces", "--truth", "album"
    )
    assert "no dataset" in refused("compare-groupings", "--dataset", "elsewhere")
    told("import", photos, "--dataset", "empty")
    assert "dlib-resnet" in refused("compare-groupings", "--dataset", "empty")


def test_another_truth_is_refused_before_any_run(refused, told, people_staged):
    before = told("runs")
    assert refused("compare-groupings", "--dataset", "faces", "--truth", "x").startswith("'x' is no truth")
    assert told("runs") == before


def test_clothes_are_told_by_a_cue_whose_weights_are_here(refused, told, workspace, people_staged):
    asked = ("compare-groupings", "--dataset", "faces", "--clothes", "--cue", "imagenet-resnet18")
    before = told("runs")
    assert "weights fetch imagenet-resnet18`" in refused(*asked)
    assert told("runs") == before
    publish(workspace.weights)
    assert told(*asked)[1]["rows"][1]["method"] == "average-linkage-clothes-imagenet-resnet18"
