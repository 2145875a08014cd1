"""The figures of the Verification page at a threshold, and what is kept of them."""

import math

import pytest
from sqlmodel import select

from core.people.encoders import encoder_of, threshold_of
from core.verification import RateInterval, confirmed_pairs, evaluate_pairs, figures_at
from db.engine import reading
from db.tables import Threshold
from pages.widgets.verification import workplace as parts
from pages.widgets.verification import wrong_pairs
from tests.builders.hand_scored_faces import hand_scored
from tests.builders.people_rows import own
from tests.builders.saved_thresholds import save
from tests.builders.staged_people import add_faces, noisy_faces, vector


@pytest.mark.parametrize(
    ("low", "high", "independent", "two_sided", "seen", "said"),
    [
        (0.005, 0.0213, 30, True, True, "95 %: 0.50% to 2.13%"),
        (0.0, 0.1, 28, False, False, "none seen: below 10.00%"),
        (0.0, 0.1, 28, False, True, "95 %: below 10.00%"),
        (0.9, 1.0, 28, False, True, "95 %: above 90.00%"),
        (math.nan, math.nan, 1, False, False, "too few people to say"),
    ],
)
def test_a_rate_has_its_interval_by_people_or_a_bound_or_says_that_they_are_too_few(
    low, high, independent, two_sided, seen, said
):
    assert parts.interval_text(RateInterval(low, high, independent, two_sided), seen=seen) == said


def card(pairs, report):
    from pages.widgets.verification.workplace import data_card, held_out_card

    data_card(pairs)
    held_out_card(report)


def test_what_was_measured_on_is_counted(shown):
    pairs = hand_scored()
    page = shown(card, pairs=pairs, report=evaluate_pairs(pairs))
    assert r"**12 confirmed faces** of **9 people**, seen by **dlib\-resnet**" in page.markdown[0].value
    assert "all 3 pairs of one person, and 3 of 63 pairs of different people, drawn evenly" in page.markdown[0].value
    assert page.caption[0].value.startswith("No held-out accuracy: ")
    assert page.caption[1].value.startswith("Every person counts the same, however many faces they have")


def test_held_out_rates_of_both_kinds_stand_beside_the_accuracy(shown, workspace, dataset, author):
    noisy_faces(workspace, dataset, author, counts=(3,) * 9)
    pairs = confirmed_pairs(workspace, dataset)
    report = evaluate_pairs(pairs)
    told = shown(card, pairs=pairs, report=report).markdown[1].value
    for value in (f"{report.held_out.mean:.1%}", f"FMR **{report.held_out.fmr:.2%}**", f"{report.held_out.fnmr:.2%}"):
        assert value in told
    assert "all pairs of people inside it, 27 of one person and 144 of different people" in told  # 9 x (4 x 3 / 2 + 10)


@pytest.fixture
def staged(workspace, dataset):
    """Six pairs of faces that lie in the store, scored by hand."""
    faces = add_faces(workspace, dataset, [(f"{k}.jpg", vector(k)) for k in range(12)])
    for face in faces:
        own(workspace, dataset, [face], confirmed=[face])
    return hand_scored(dataset, encoder_of(workspace, dataset, None).id)


def place(pairs, report, in_force):
    from pages.widgets.verification.workplace import workplace

    workplace(pairs, report, in_force)


@pytest.fixture
def plots(monkeypatch):
    """What the plot was given at each run; the grids of wrong pairs draw nothing."""
    drawn = []
    monkeypatch.setattr(wrong_pairs, "picture_grid", lambda tiles, **_: [])
    monkeypatch.setattr(parts, "threshold_plot", lambda *given, **named: drawn.append((given, named)))
    return drawn


@pytest.fixture
def page(shown, staged, plots):
    """The workplace with 0.5 in force."""
    return shown(place, pairs=staged, report=evaluate_pairs(staged), in_force=0.5)


def choose(page, staged, value):
    """What a hand on the plot comes to."""
    page.session_state[parts.threshold_key(staged.dataset_id, staged.encoder_id)] = value
    return page.run()


def button(page, label):
    return next(button for button in page.button if button.label == label)


def test_the_plot_stands_on_the_threshold_in_force_with_what_is_sure_of_it(page, plots):
    (_, grid, value), named = plots[-1]
    assert value == 0.5
    assert grid.at(value) == (pytest.approx(1 / 3), 0, 3, 1)
    assert named["named"]["in_force"] == ("In force", 0.5)
    assert set(named["figures"]) == {"accuracy", "precision", "recall", "f1", "fmr", "fnmr"}
    assert set(named["intervals"]) == {"accuracy", "fmr", "fnmr"}


def test_operating_points_that_six_pairs_cannot_show_are_grey_and_not_offered(page, plots):
    rows = page.table[0].value.set_index("Operating point")["Threshold"].to_dict()
    assert rows[":gray[FMR 1.00%]"] == ":gray[too few people]"
    assert set(plots[-1][1]["named"]) == {"best_accuracy", "eer", "in_force"}


def test_every_figure_is_told_where_it_is_asked_for(page):
    assert len(page.table) == 1
    next(toggle for toggle in page.toggle if toggle.label == "Every figure").set_value(True).run()
    told = page.table[-1].value.set_index("Figure")["Value"].to_dict()
    assert (told["AUC"], told["EER"]) == ("0.8889", "33.33%")
    assert told["FNMR without a false match (ZeroFMR)"] == "33.33%"
    assert "Cllr on people held out" not in told, "nobody can be held out"


def test_each_curve_is_drawn_where_it_is_chosen(page):
    for curve in ("det", "rates", "roc"):
        choice = next(group for group in page.get("button_group") if "DET" in str(group.proto))
        choice.set_value(curve).run()
        assert not page.exception


def test_the_wrong_pairs_are_those_that_the_threshold_gets_wrong(page, staged):
    assert page.caption[-1].value == "similarity 0.7000"
    choose(page, staged, 0.75)
    assert page.caption[-1].value == "None at this threshold."
    page.get("button_group")[-1].set_value("false_non_matches").run()
    assert page.caption[-1].value == "similarity 0.6000"


def test_pairs_that_are_wrong_too_stand_on_the_next_pages(page, staged, monkeypatch):
    monkeypatch.setattr(wrong_pairs, "_PAGE", 2)
    choose(page, staged, -1.0)
    first = [caption.value for caption in page.caption if caption.value.startswith("similarity ")]
    page.session_state["wrong-page-false_matches"] = 2
    page.run()
    rest = [caption.value for caption in page.caption if caption.value.startswith("similarity ")]
    assert (len(first), len(rest)) == (2, 1), "three pairs of different people"
    assert rest[0] < first[-1]


def test_an_operating_point_is_saved_with_its_figures(page, staged, workspace):
    best = evaluate_pairs(staged).best.threshold
    choose(page, staged, best)
    button(page, f"Save {best:.4f} as the threshold").click().run()
    assert not page.exception
    with reading(workspace.engine) as session:
        saved = session.exec(select(Threshold)).one()
    assert saved.value == pytest.approx(best)
    assert saved.metrics["accuracy"] == figures_at(staged, best)["accuracy"]


def saved(dataset_id, encoder_id, busy=False):
    from pages.widgets.verification.workplace import saved_thresholds

    saved_thresholds(dataset_id, encoder_id, busy=busy)


def test_before_anybody_saves_a_threshold_the_encoders_own_is_in_force(shown, dataset):
    page = shown(saved, dataset_id=dataset, encoder_id=1)
    assert page.caption[0].value == "None yet: the encoder's own threshold is in force."
    assert not page.table


def listed(page):
    return [text.value for text in page.markdown if text.value.startswith("**")]


def test_every_saved_threshold_is_on_some_page(shown, workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{k}.jpg", vector(k)) for k in range(3)])
    encoder = encoder_of(workspace, dataset, None).id
    for number in range(21):
        save(workspace, dataset, encoder, faces, number / 100, author_id=author)
    pages = [
        listed(shown(saved, {f"thresholds-page-{dataset}": number}, dataset_id=dataset, encoder_id=encoder))
        for number in (1, 2)
    ]
    assert [len(page) for page in pages] == [20, 1]
    assert pages[1][0].startswith("**0.0000** · by hand")


def test_saved_thresholds_are_listed_and_the_newest_groups_again(shown, started, workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{k}.jpg", vector(k)) for k in range(3)])
    encoder = encoder_of(workspace, dataset, None).id
    for value in (0.5, 0.61):
        save(workspace, dataset, encoder, faces, value, author_id=author)
    page = shown(saved, dataset_id=dataset, encoder_id=encoder)
    assert listed(page)[0] == "**0.6100** · by hand · accuracy 100.00% · FMR 0.00% · FNMR 0.00%"
    assert len(listed(page)) == 2
    button(page, "Group again at 0.6100").click().run()
    assert [kind for kind, _ in started()] == ["people"]
    assert shown(saved, dataset_id=dataset, encoder_id=encoder, busy=True).button[0].disabled


def test_an_earlier_threshold_and_the_encoders_own_are_one_click_away(shown, workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{k}.jpg", vector(k)) for k in range(3)])
    version = encoder_of(workspace, dataset, None)
    own = threshold_of(workspace, dataset, version)
    for value in (0.5, 0.61):
        save(workspace, dataset, version.id, faces, value, author_id=author)
    page = shown(saved, dataset_id=dataset, encoder_id=version.id)
    button(page, "Use again").click().run()
    assert threshold_of(workspace, dataset, version) == 0.5
    assert "by hand\\, as ada saved it on" in listed(page)[0]
    button(page, "Use the encoder's own again").click().run()
    assert threshold_of(workspace, dataset, version) == own
    assert button(page, "Use the encoder's own again").disabled
    assert page.session_state[f"threshold-{dataset}-{version.id}"] == own
    assert len(listed(page)) == 4


def test_a_threshold_of_another_encoder_is_listed_but_not_used_here(shown, workspace, dataset, author):
    faces = add_faces(workspace, dataset, [(f"{k}.jpg", vector(k)) for k in range(3)])
    save(workspace, dataset, encoder_of(workspace, dataset, None).id, faces, 0.5, author_id=author)
    page = shown(saved, dataset_id=dataset, encoder_id=999)
    assert len(listed(page)) == 1
    assert not page.button


def test_the_answer_to_saving_stands_beside_the_button(shown, staged, plots):
    state = {"verification.saved": (staged.dataset_id, 0.5)}
    page = shown(place, state, pairs=staged, report=evaluate_pairs(staged), in_force=0.5)
    assert page.success[0].value.startswith("0.5000 is in force now")
    assert button(page, "Save 0.5000 as the threshold").disabled
