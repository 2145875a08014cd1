"""The People page in a real browser, on stored faces with made-up embeddings."""

import re

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from core.foundation.settings import Settings
from core.foundation.workspace import Workspace
from core.library.names_in_store import annotator_id
from core.people.deciding import move_faces
from db.engine import reading
from db.queries.people.listing import people_page
from db.tables import Instance, Run
from db.writes.library import ensure_dataset
from db.writing import writing
from tests.builders.people_rows import own
from tests.builders.seen_in_clips import clip_of, faces_at
from tests.builders.staged_people import add_faces, group, owners, vector
from tests.e2e.audit import faults
from tests.e2e.hands import comes_to, drag, fingers, settle, wait_for

pytestmark = pytest.mark.e2e

SLOW = 30_000
NASTY = "**<img src=x onerror=\"document.title='pwned'\">** :red[$x$]"


@pytest.fixture(scope="module")
def workbench(shared_workbench):
    return shared_workbench


@pytest.fixture(scope="module")
def store(workbench):
    opened = Workspace.open(Settings(home=workbench.home))
    yield opened
    opened.engine.dispose()


@pytest.fixture
def people(store, workbench, page, request):
    """A dataset of its own for each test: four, three and two faces of three people, and one face alone."""
    author = annotator_id(store, "Mina")
    with writing(store.engine) as session:
        dataset = ensure_dataset(request.node.name[:60], author, session=session)
    rows = [(f"{person}/{n}.png", vector(person, n)) for person, count in enumerate((4, 3, 2, 1)) for n in range(count)]
    faces = add_faces(store, dataset, rows)
    group(store, dataset)
    page.goto(f"{workbench.address}/people?dataset={request.node.name[:60]}&name=Mina")
    expect(page.get_by_text("People (3)")).to_be_visible(timeout=SLOW)
    return dataset, faces


def person_of(store, dataset, face):
    return owners(store, dataset)[face][0]


def listed(store, dataset):
    with reading(store.engine) as session:
        return [(row.name, row.faces, row.confirmed) for row in people_page(dataset, session=session)]


def says(page, text):
    expect(page.get_by_text(text).first).to_be_visible(timeout=SLOW)
    settle(page)  # what is typed or clicked while the page still runs may be lost


def name(page, person, text):
    field = page.get_by_label(f"Name of person {person}", exact=True)
    field.fill(text)
    field.press("Enter")


def has_name(page, person, text):
    """The old field may still be on its way out."""
    page.wait_for_function(
        """([label, text]) => {
            const within = (root) => [...root.querySelectorAll(`input[aria-label="${label}"]`)];
            const shadows = [...document.querySelectorAll("*")].map((each) => each.shadowRoot).filter(Boolean);
            const fields = [document, ...shadows].flatMap(within);
            return fields.length === 1 && fields[0].value === text;
        }""",
        arg=[f"Name of person {person}", text],
        timeout=SLOW,
    )


def card(page, person):
    return page.locator(f".card[data-id='{person}'] .frame")


def open_person(page, person):
    card(page, person).dblclick()
    expect(page.get_by_role("button", name="Confirm selected")).to_be_visible(timeout=SLOW)


def test_nothing_of_the_wall_and_of_a_person_is_hidden_from_a_screen_reader(page, store, people):
    dataset, faces = people
    settle(page)
    assert faults(page) == []
    open_person(page, person_of(store, dataset, faces[0]))
    settle(page)
    assert faults(page) == []


def test_a_typed_name_is_kept_however_quickly_the_page_is_left(page, store, people):
    dataset, faces = people
    settle(page)
    page.get_by_label(f"Name of person {person_of(store, dataset, faces[0])}", exact=True).fill("Ada")
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Dashboard").click()
    wait_for(lambda: "Ada" in [name for name, *_ in listed(store, dataset)])
    assert page.get_by_test_id("stException").count() == 0


def test_a_name_is_saved_shown_as_text_and_undone(page, people, store):
    dataset, faces = people
    person = person_of(store, dataset, faces[4])
    name(page, person, NASTY)
    says(page, f"Named unnamed person {person}")
    shown = page.locator(".st-key-decision-bar").inner_text().replace("\u2060", "")
    assert f"Named unnamed person {person} {NASTY}" in shown
    has_name(page, person, NASTY)
    expect(page).not_to_have_title("pwned")
    assert listed(store, dataset)[0] == (NASTY, 3, 3), "a name says that the faces are that person's"
    page.get_by_role("button", name="Undo", exact=True).click()
    says(page, "Undid: Named unnamed person")
    has_name(page, person, "")
    page.get_by_role("button", name="Do it again").click()
    expect(page.get_by_role("button", name="Undo", exact=True)).to_be_visible(timeout=SLOW)
    has_name(page, person, NASTY)


@pytest.mark.nightly
def test_a_taken_name_offers_the_merge_and_says_what_will_happen(page, people, store):
    dataset, faces = people
    one, other = person_of(store, dataset, faces[0]), person_of(store, dataset, faces[4])
    name(page, one, "Ada")
    says(page, f"Named unnamed person {one} Ada")
    name(page, other, " Ada ")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Somebody here has that name already", timeout=SLOW)
    expect(dialog).to_contain_text("All 7 faces become one person, and are confirmed as that person")
    dialog.get_by_role("button", name="Merge into one person").click()
    says(page, f"Merged unnamed person {other} into Ada (7 faces)")
    expect(dialog).to_have_count(0, timeout=SLOW)
    assert listed(store, dataset)[0] == ("Ada", 7, 7)
    page.get_by_role("button", name="Undo", exact=True).click()
    says(page, "Undid: Merged")
    assert listed(store, dataset)[0] == ("Ada", 4, 4)


@pytest.mark.nightly
def test_a_row_that_is_named_stays_where_it_is_and_its_name_is_offered_to_others(page, people, store):
    dataset, faces = people
    rows = page.get_by_label(re.compile("^Name of person"))
    order = [f"Name of person {person_of(store, dataset, faces[at])}" for at in (0, 4, 7)]
    last = person_of(store, dataset, faces[7])
    name(page, last, "Ada")
    says(page, f"Named unnamed person {last} Ada")
    has_name(page, last, "Ada")
    assert rows.evaluate_all("all => all.map((field) => field.ariaLabel)") == order
    offered = (
        "(field) => [...field.getRootNode().getElementById(field.getAttribute('list')).options].map((o) => o.value)"
    )
    comes_to(lambda: rows.first.evaluate(offered), ["Ada"])
    page.reload()
    expect(rows.first).to_have_value("Ada", timeout=SLOW)  # who has a name stands first when the list is opened


@pytest.mark.nightly
def test_a_name_typed_into_a_stale_window_is_told_and_both_windows_see_the_same(page, visitor, people, store):
    dataset, faces = people
    person = person_of(store, dataset, faces[0])
    other = visitor.new_page()
    other.goto(page.url.replace("name=Mina", "name=Bert"))
    expect(other.get_by_label(f"Name of person {person}", exact=True)).to_be_visible(timeout=SLOW)
    settle(other)
    name(page, person, "Anna")
    says(page, f"Named unnamed person {person} Anna")
    name(other, person, "Berta")
    says(other, f"Unnamed person {person} is called Anna by now, by Mina; nothing was changed")
    has_name(other, person, "Anna")
    settle(other)
    name(other, person, "Berta")
    says(other, "Named Anna Berta")
    says(page, "Decided elsewhere since this page was drawn: Bert: Named Anna Berta")
    assert page.get_by_label(f"Name of person {person}", exact=True).input_value() == "Anna"
    page.get_by_role("button", name="Show", exact=True).click()
    has_name(page, person, "Berta")
    other.close()


def test_people_are_chosen_and_confirmed_or_hidden_by_keys(page, people, store):
    dataset, faces = people
    one, other = person_of(store, dataset, faces[0]), person_of(store, dataset, faces[4])
    settle(page)
    card(page, one).click()
    page.keyboard.press("Shift+ArrowRight")
    says(page, "2 selected")
    page.keyboard.press("c")
    says(page, "Confirmed 7 faces")
    assert sum(human for _, human in owners(store, dataset).values()) == 7
    page.get_by_role("button", name="Undo", exact=True).click()
    says(page, "Undid: Confirmed 7 faces")
    card(page, one).click()
    page.keyboard.press("h")
    says(page, f"Hid unnamed person {one}")
    expect(card(page, one)).to_have_count(0)
    page.keyboard.press("h")  # the next card has the focus
    says(page, f"Hid unnamed person {other}")
    page.get_by_role("radio", name="Hidden (2)").click()
    card(page, one).click()
    page.get_by_role("button", name="Bring back").click()
    says(page, f"Brought unnamed person {one} back into sight")


def test_everything_above_a_bar_is_confirmed_at_once(page, people, store):
    dataset, _ = people
    settle(page)
    page.get_by_role("button", name="Confirm above a bar").click()
    says(page, "9 faces of 3 people above it, of 9 that wait")
    says(page, "nobody can say here")
    page.get_by_role("button", name="Confirm 9 faces").click()
    says(page, "Confirmed 9 faces")
    assert sum(human for _, human in owners(store, dataset).values()) == 9


def test_of_two_annotators_who_merge_overlapping_people_at_once_the_second_changes_nothing(
    page, visitor, people, store
):
    dataset, faces = people
    one, other, third = (person_of(store, dataset, faces[at]) for at in (0, 4, 7))
    bert = visitor.new_page()
    bert.goto(page.url.replace("name=Mina", "name=Bert"))
    expect(card(bert, one)).to_be_visible(timeout=SLOW)
    for window, pair in ((page, (one, other)), (bert, (other, third))):
        settle(window)
        for person in pair:
            card(window, person).click()
        window.keyboard.press("m")
        expect(window.get_by_role("dialog")).to_contain_text("All", timeout=SLOW)
        settle(window)
    page.get_by_role("dialog").get_by_role("button", name="Merge into one person").click()
    says(page, f"Merged unnamed person {other} into unnamed person {one} (7 faces)")
    bert.get_by_role("dialog").get_by_role("button", name="Merge into one person").click()
    expect(bert.get_by_role("dialog").get_by_role("alert")).to_be_visible(timeout=SLOW)
    assert [person_of(store, dataset, faces[at]) for at in (0, 4, 7)] == [one, one, third]
    assert len(owners(store, dataset)) == len(faces)
    bert.close()
    page.get_by_role("button", name="Undo", exact=True).click()
    says(page, "Undid: Merged")
    assert [person_of(store, dataset, faces[at]) for at in (0, 4, 7)] == [one, other, third]


def test_names_are_typed_one_after_another_with_the_keyboard_alone(page, people, store):
    dataset, faces = people
    one, other = person_of(store, dataset, faces[0]), person_of(store, dataset, faces[4])
    settle(page)
    card(page, one).click()
    page.keyboard.press("n")
    page.keyboard.type("Ada")
    page.keyboard.press("Enter")
    page.keyboard.type("Bea")
    page.keyboard.press("Enter")
    wait_for(lambda: {"Ada", "Bea"} <= {name for name, *_ in listed(store, dataset)})
    assert (person_of(store, dataset, faces[0]), person_of(store, dataset, faces[4])) == (one, other)
    has_name(page, other, "Bea")


def test_one_person_dragged_upon_another_is_merged_after_a_question(page, people, store):
    dataset, faces = people
    one, other = person_of(store, dataset, faces[0]), person_of(store, dataset, faces[4])
    settle(page)
    card(page, one).drag_to(card(page, other))
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The two of their faces that are least alike", timeout=SLOW)
    dialog.get_by_role("button", name="Cancel").click()
    expect(dialog).to_have_count(0, timeout=SLOW)
    assert len(listed(store, dataset)) == 4
    card(page, other).click()
    card(page, one).click()
    page.keyboard.press("m")
    dialog.get_by_role("button", name="Merge into one person").click(timeout=SLOW)
    says(page, f"Merged unnamed person {other} into unnamed person {one} (7 faces)")
    assert listed(store, dataset)[0] == (None, 7, 7)


def test_a_finger_that_rests_takes_a_person_along_and_a_rectangle_chooses_several(page, people, store):
    dataset, faces = people
    one, other = (card(page, person_of(store, dataset, faces[at])) for at in (0, 4))
    settle(page)
    here, there = (middle_of(each.bounding_box()) for each in (one, other))
    drag(page, (there[0] + 400, here[1] + 5), (there[0], here[1]))
    says(page, "2 selected")
    page.keyboard.press("Escape")
    one.evaluate(SWIPE, [*here, *there])
    expect(page.get_by_role("dialog")).to_have_count(0)
    touch = fingers(page)
    touch("touchStart", here)
    expect(page.locator(".card.held")).to_have_count(1)
    touch("touchMove", there)
    touch("touchEnd")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("The two of their faces that are least alike", timeout=SLOW)
    dialog.get_by_role("button", name="Merge into one person").click()
    says(page, "(7 faces)")
    assert len(listed(store, dataset)) == 3


# In one turn of the page: a finger that the machine is too busy to move at once has rested.
SWIPE = """(node, [x, y, toX, toY]) => {
    const at = (clientX, clientY) => new Touch({ identifier: 1, target: node, clientX, clientY });
    const send = (type, touch, touches = [touch]) => node.dispatchEvent(new TouchEvent(type, {
        touches, changedTouches: [touch], bubbles: true, composed: true, cancelable: true,
    }));
    send("touchstart", at(x, y));
    send("touchmove", at(toX, toY));
    send("touchend", at(toX, toY), []);
}"""


def middle_of(box):
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_faces_move_out_to_a_new_person_and_back_with_undo(page, people, store):
    dataset, faces = people
    person = person_of(store, dataset, faces[0])
    open_person(page, person)
    page.get_by_role("option").nth(0).click()
    page.get_by_role("option").nth(1).click(modifiers=["Shift"])
    expect(page.get_by_text("2 selected")).to_be_visible()
    page.get_by_role("button", name="Move to…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Move", exact=True)).to_be_disabled(timeout=SLOW)
    dialog.get_by_role("combobox").fill("Zoe")
    dialog.get_by_role("combobox").press("Enter")
    dialog.get_by_role("button", name="Move to the new person Zoe").click()
    says(page, "Moved 2 faces to Zoe")
    expect(page.get_by_role("option")).to_have_count(2)
    assert ("Zoe", 2, 2) in listed(store, dataset)
    group(store, dataset, regroup=True)
    assert ("Zoe", 2, 2) in listed(store, dataset)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_role("option")).to_have_count(4, timeout=SLOW)
    assert "Zoe" not in [row[0] for row in listed(store, dataset)]


def test_a_person_is_cut_in_two_as_proposed_and_broken_up_with_undo(page, people, store):
    dataset, faces = people
    person = person_of(store, dataset, faces[0])
    move_faces(store, faces[7:9], person_id=person, author_id=annotator_id(store, "Mina"))
    open_person(page, person)
    page.get_by_role("button", name="Split…").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Become somebody new", timeout=SLOW)
    dialog.get_by_role("button", name="Two people: split 4 faces off").click()
    says(page, "Moved 4 faces to unnamed person")
    expect(page.get_by_role("option")).to_have_count(2, timeout=SLOW)
    assert person_of(store, dataset, faces[7]) == person != person_of(store, dataset, faces[0])
    page.get_by_role("button", name="Break up").click()
    says(page, "2 faces with nobody until the next grouping")
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_role("option")).to_have_count(2, timeout=SLOW)


def test_a_face_taken_out_does_not_come_back_with_the_next_grouping(page, people, store):
    dataset, faces = people
    person = person_of(store, dataset, faces[0])
    open_person(page, person)
    page.get_by_role("option").nth(0).click()
    page.get_by_role("button", name="Not this person").click()
    says(page, "Took 1 face out: not this person")
    expect(page.get_by_role("option")).to_have_count(3)
    for regroup in (False, True):
        group(store, dataset, regroup=regroup)
        assert person_of(store, dataset, faces[0]) != person
        assert person_of(store, dataset, faces[1]) == person


def test_all_faces_are_confirmed_at_once_and_one_is_no_face(page, people, store):
    dataset, faces = people
    person = person_of(store, dataset, faces[0])
    open_person(page, person)
    page.get_by_role("option").nth(3).click()
    page.get_by_role("button", name="Not a face").click()
    says(page, "Removed 1 face: not a face")
    page.get_by_role("button", name="Confirm all 3").click()
    says(page, "Confirmed 3 faces")
    says(page, "3 faces · all confirmed")
    expect(page.get_by_role("button", name="Confirm all 3")).to_be_disabled()
    expect(page.get_by_text("confirmed", exact=True)).to_have_count(3)


@pytest.mark.nightly
def test_a_face_opens_its_picture_in_the_editor(page, people, store):
    dataset, faces = people
    open_person(page, person_of(store, dataset, faces[0]))
    page.get_by_role("option").nth(1).dblclick()
    expect(page).to_have_url(re.compile("/keypoints"), timeout=SLOW)


def test_questions_are_answered_by_keys_taken_back_and_come_to_an_end(page, people, store):
    dataset, faces = people
    author = annotator_id(store, "Mina")
    alike = add_faces(store, dataset, [(f"late/{k}.png", vector(k, 9)) for k in range(2)])
    for face in alike:
        move_faces(store, [face], author_id=author)
    page.get_by_role("radio", name="Same person?").click()
    says(page, "2 left")
    deck = page.get_by_role("group", name="Are these the same person?")
    expect(deck).to_be_focused()
    assert faults(page) == []
    page.keyboard.press("d")
    page.keyboard.press("s")  # the next question is there at once
    says(page, "Nothing left worth asking")
    expect(page.get_by_text("Merged")).to_be_visible()
    assert sorted(faces for _, faces, _ in listed(store, dataset)) in ([1, 1, 2, 3, 5], [1, 1, 2, 4, 4])
    page.keyboard.press("u")
    says(page, "1 left")
    page.keyboard.press("Control+z")
    says(page, "2 left")
    assert {person_of(store, dataset, face) for face in alike}.isdisjoint(
        {person_of(store, dataset, face) for face in faces}
    )
    page.keyboard.press("ArrowRight")
    page.keyboard.press("n")
    says(page, "Not sure about")
    says(page, "1 left")
    page.get_by_role("radio", name="History").click()
    says(page, "Undid: ")


@pytest.mark.nightly
def test_the_history_says_why_a_decision_cannot_be_undone(page, people, store):
    dataset, faces = people
    person = person_of(store, dataset, faces[0])
    name(page, person, "Ada")
    says(page, f"Named unnamed person {person} Ada")
    name(page, person, "Bea")
    says(page, "Named Ada Bea")
    page.get_by_role("radio", name="History").click()
    expect(page.get_by_role("button", name="Undo", exact=True)).to_have_count(3, timeout=SLOW)
    page.get_by_role("button", name="Undo", exact=True).last.click()
    says(page, "“Named Ada Bea” (by Mina) came later and touches the same people; undo that first")


@pytest.mark.nightly
def test_people_seen_once_are_folded_away_until_they_belong_to_somebody(page, people, store):
    page.get_by_text("Seen once (1)").click()
    expect(page.get_by_text("Nobody is near (1)")).to_be_visible(timeout=SLOW)
    expect(page.get_by_role("option")).to_have_count(1, timeout=SLOW)
    page.get_by_role("option").click()
    page.get_by_role("button", name="Move to…").click()
    page.get_by_role("dialog").get_by_role("button", name="They are somebody new, without a name").click()
    says(page, "Moved 1 face to unnamed person")


@pytest.mark.nightly
def test_names_are_searched_for(page, people, store):
    _, faces = people
    move_faces(store, faces[:4], name="Ada_1", author_id=annotator_id(store, "Mina"))
    page.get_by_label("Find a name").fill("a_")
    page.get_by_label("Find a name").press("Enter")
    expect(page.get_by_label(re.compile("^Name of person"))).to_have_count(1, timeout=SLOW)
    page.get_by_label("Find a name").fill("%")
    page.get_by_label("Find a name").press("Enter")
    says(page, "Nobody here has such a name.")


def previews(store, dataset):
    with reading(store.engine) as session:
        return session.exec(select(Run.id).where(Run.dataset_id == dataset, Run.kind == "preview")).all()


def test_grouping_again_is_looked_at_before_done_and_undone(page, people, store):
    dataset, _ = people
    group(store, dataset, threshold=-1.0, regroup=True, decision=False)
    page.reload()
    expect(page.get_by_text("People (1)")).to_be_visible(timeout=SLOW)
    page.get_by_role("button", name="Group again").click()
    says(page, "the own threshold of dlib-resnet")
    page.get_by_text("Start afresh where only a machine has decided").click()
    settle(page)
    page.get_by_role("button", name="See what that would change").click()
    wait_for(lambda: previews(store, dataset))
    expect(page.get_by_text("1 person would be split, 0 groups of several people")).to_be_visible(timeout=60_000)
    assert len(listed(store, dataset)) == 1, "nothing is changed yet"
    slider = page.get_by_role("slider", name="Least average similarity")
    slider.press("ArrowRight")
    says(page, "At 0.925: 4 people. 0 would be made of several who are there, 1 who are there would be taken apart")
    slider.press("ArrowLeft")
    expect(page.get_by_text("1 person would be split, 0 groups of several people")).to_be_visible(timeout=60_000)
    page.get_by_role("button", name="Group now").click()
    expect(page.get_by_text(re.compile("10 faces of 4 people in 10 pictures"))).to_be_visible(timeout=60_000)
    split = owners(store, dataset)
    page.get_by_role("radio", name="History").click()
    says(page, "Grouped again at 0.920: another place for")
    page.get_by_role("button", name="Undo", exact=True).first.click()
    says(page, "Undid: Grouped again at 0.920")
    assert listed(store, dataset) == [(None, 10, 0)]
    page.get_by_role("button", name="Do it again").first.click()
    says(page, "Did again: Grouped again at 0.920")
    assert owners(store, dataset) == split


@pytest.mark.nightly
def test_a_click_in_the_timeline_of_a_person_opens_the_clip_at_that_time(page, people, store, workbench):
    dataset, _ = people
    clip = clip_of(store, dataset, "street.mp4", 40)
    seen = faces_at(store, clip, [*range(4, 21), *range(30, 36)])
    person = own(store, dataset, seen, "Ada")
    page.goto(f"{workbench.address}/people?dataset={page.url.split('dataset=')[1].split('&')[0]}&person={person}")
    bars = page.get_by_role("group", name="When this person is seen in clips").get_by_role("button")
    expect(bars).to_have_count(2, timeout=SLOW)
    expect(bars.nth(1)).to_have_attribute("title", "0:07.5 – 0:08.8")
    box = bars.first.bounding_box()
    bars.first.click(position={"x": box["width"] / 2, "y": box["height"] / 2})
    page.wait_for_url(re.compile(r"/keypoints\?.*part=street.mp4"), timeout=SLOW)
    with reading(store.engine) as session:
        middle = session.get(Instance, seen[8])
    expect(page).to_have_url(re.compile(rf"picture={middle.image_id}\b"), timeout=SLOW)
