"""What each round bought, and plans beside one another."""

import itertools

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


def test_a_card_shows_the_rounds_and_says_how_the_plan_beside_it_ended(shown):
    def draw(mine, beside):
        from pages.widgets.learning.training_rounds import rounds_card

        rounds_card(mine, key="card", beside=beside)

    page = shown(draw, mine=rounds(0.05, 0.04), beside={"plain (x)": rounds(0.05, 0.045, tasks=("std",))})
    assert page.table[0].value["Validation NME"].tolist() == ["5.00%", "4.00%"]
    assert [text.value for text in page.markdown][1].endswith("after 1 round: 0.50 pp better.")
    alone = shown(draw, mine=rounds(0.05, 0.04), beside=None)
    assert [text.value for text in alone.markdown] == ["**What each round bought**"]
