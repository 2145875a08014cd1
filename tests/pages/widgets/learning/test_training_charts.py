"""Charts of a training, from epochs and rounds written by hand."""

from pages.widgets.learning.training_charts import loss_chart, nme_chart, rounds_chart


def rounds(*nmes):
    return [{"round": i, "validation_nme": nme} for i, nme in enumerate(nmes)]


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


def test_a_loss_of_one_part_is_one_line_on_a_logarithmic_axis():
    figure = loss_chart([{"epoch": 1, "train_loss": 2.0, "parts": {"a": 2.0}}])
    assert [(trace.name, trace.x, trace.y) for trace in figure.data] == [("loss", (1,), (2.0,))]
    assert (figure.layout.yaxis.type, figure.layout.xaxis.dtick) == ("log", 1)


def test_a_training_that_has_just_begun_has_empty_charts():
    assert [trace.y for trace in (*loss_chart([]).data, *nme_chart([]).data)] == [(), ()]


def test_rounds_that_are_undefined_are_gaps():
    (line,) = rounds_chart({"plain": rounds(0.1, float("nan"), 0.05)}).data
    assert (line.x, line.y) == ((0, 1, 2), (0.1, None, 0.05))
