"""What a person has chosen to see survives reload, other pages and Back, and a link shows it to somebody else."""

from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect
from sqlmodel import select

from core.library.names_in_store import annotator_id
from core.points.reviewing import accept
from db.engine import reading
from db.tables import Image
from tests.builders.staged_pictures import stage
from tests.e2e.hands import at_place, comes_to, pick, settle, view, wait_for

pytestmark = pytest.mark.e2e

HERE = {"dataset": "Drawn", "name": "zoe"}


@pytest.fixture(scope="module")
def pictures(workbench):
    """The ids of three drawn pictures by path; the second is accepted."""
    workspace = stage(workbench.home)
    with reading(workspace.engine) as session:
        ids = dict(session.exec(select(Image.path, Image.id)).all())
    accept(workspace, ids["bruno.jpg"], author_id=annotator_id(workspace, "zoe"))
    return ids


def said(page):
    """The address: the page, and what it says beside dataset and name."""
    parts = urlsplit(page.evaluate("location.href"))
    words = {word: values[0] for word, values in parse_qs(parts.query).items()}
    return parts.path.strip("/"), {word: value for word, value in words.items() if word not in HERE}


def shows(page, where, **words):
    comes_to(lambda: said(page), (where, words))


def open_page(page, workbench, where="", **words):
    asked = "&".join(f"{word}={value}" for word, value in {**HERE, **words}.items())
    page.goto(f"{workbench.address}/{where}?{asked}")
    settle(page)


def go(page, name):
    page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
    settle(page)


def fill(page, label, text):
    page.get_by_label(label, exact=True).fill(text)
    page.get_by_label(label, exact=True).press("Enter")
    settle(page)


def tiles(page):
    return page.get_by_role("group", name="Pictures").get_by_role("button")


def picture(page):
    return page.locator("canvas[data-view]").count() and (view(page) or {}).get("image")


def opens(page, number):
    wait_for(lambda: picture(page) == number)


def press(page, key):
    page.locator("canvas[data-view]").first.focus()
    page.keyboard.press(key)


def test_a_filter_survives_reload_other_pages_and_back_and_a_link_shows_it_to_somebody_else(
    page, workbench, pictures, browser
):
    open_page(page, workbench)
    fill(page, "Part of the path", "a")
    pick(page, "State", "Found, to be reviewed")
    shows(page, "", state="found", part="a")
    expect(tiles(page)).to_have_count(2)
    page.reload()
    expect(tiles(page)).to_have_count(2)
    expect(page.get_by_label("Part of the path")).to_have_value("a")
    go(page, "People")
    shows(page, "people")
    go(page, "Library")
    shows(page, "", state="found", part="a")
    expect(tiles(page)).to_have_count(2)
    for where in ("people", ""):  # one step back for each page, and none that shows nothing new
        page.go_back()
        shows(page, where, **({} if where else {"state": "found", "part": "a"}))
    expect(tiles(page)).to_have_count(2)
    elsewhere = browser.new_context(viewport={"width": 1400, "height": 900})
    other = elsewhere.new_page()
    other.goto(page.url)
    expect(tiles(other)).to_have_count(2, timeout=60_000)
    expect(other.get_by_label("Part of the path")).to_have_value("a")
    elsewhere.close()


@pytest.mark.nightly
def test_a_picture_opened_from_a_filtered_list_walks_that_list_and_back_shows_the_list_as_it_was(
    page, workbench, pictures
):
    ada, bruno, walk = (pictures[f"{name}.jpg"] for name in ("ada", "bruno", "walk"))
    open_page(page, workbench, part="a")
    expect(tiles(page)).to_have_count(2)
    tiles(page).first.click()
    opens(page, ada)
    shows(page, "keypoints", part="a", picture=str(ada))
    expect(page.get_by_label("Part of the path")).to_have_value("a")
    at_place(page, 1, 2)
    for key, number in (("n", walk), ("p", ada), ("u", walk)):
        press(page, key)
        opens(page, number)
        shows(page, "keypoints", part="a", picture=str(number))
    for number in (ada, walk, ada):
        page.go_back()
        opens(page, number)
        shows(page, "keypoints", part="a", picture=str(number))
    page.go_back()
    expect(tiles(page)).to_have_count(2)
    shows(page, "", part="a")
    page.go_forward()
    opens(page, ada)
    page.get_by_role("button", name="All 3 pictures").click()
    at_place(page, 1, 3)
    press(page, "n")
    opens(page, bruno)
    shows(page, "keypoints", picture=str(bruno))
    go(page, "Library")
    shows(page, "", part="a")
    expect(tiles(page)).to_have_count(2)


def test_quick_steps_and_quick_backs_end_where_the_last_one_led(page, workbench, pictures):
    ada, bruno, walk = (pictures[f"{name}.jpg"] for name in ("ada", "bruno", "walk"))
    open_page(page, workbench, "keypoints", picture=ada)
    opens(page, ada)
    for number in (bruno, walk):
        press(page, "n")
        opens(page, number)
        shows(page, "keypoints", picture=str(number))  # the page has heard that the hand rests there
    for _ in range(2):
        page.go_back()  # the second while the first is under way
    opens(page, ada)
    settle(page)
    shows(page, "keypoints", picture=str(ada))
    press(page, "n")
    opens(page, bruno)
    shows(page, "keypoints", picture=str(bruno))
    page.go_back()  # at once, before the page has come to its end
    opens(page, ada)
    settle(page)
    shows(page, "keypoints", picture=str(ada))


def test_a_pasted_address_opens_its_picture_and_what_is_not_there_is_said(page, workbench, pictures):
    open_page(page, workbench, "keypoints", picture=pictures["walk.jpg"])
    opens(page, pictures["walk.jpg"])
    open_page(page, workbench, "keypoints", picture=pictures["bruno.jpg"])
    opens(page, pictures["bruno.jpg"])
    page.goto(f"{workbench.address}/keypoints?dataset=Typo&name=zoe&picture=9876&state=odd")
    opens(page, pictures["ada.jpg"])
    for sentence in (
        "There is no dataset “Typo” here; this is another one.",
        "There is no picture “9876” in this dataset.",
        "The address asks for state “odd”, which is not here.",
    ):
        expect(page.get_by_text(sentence)).to_be_visible()
    press(page, "n")
    opens(page, pictures["bruno.jpg"])
    expect(page.get_by_text("There is no picture")).to_have_count(0)


@pytest.mark.nightly
def test_choices_of_other_pages_are_there_again_after_a_visit_elsewhere(page, workbench, pictures):
    open_page(page, workbench, "export")
    page.get_by_text("identities", exact=True).click()
    shows(page, "export", format="identities")
    go(page, "Dashboard")
    page.get_by_text("All datasets", exact=True).click()
    shows(page, "dashboard", scope="all")
    go(page, "Training")
    pick(page, "Recipe", "quick-hrnet")
    shows(page, "training", recipe="quick-hrnet")
    go(page, "Jobs")
    for name, where, words in (
        ("Training", "training", {"recipe": "quick-hrnet"}),
        ("Dashboard", "dashboard", {"scope": "all"}),
        ("Export", "export", {"format": "identities"}),
    ):
        go(page, name)
        shows(page, where, **words)
    page.reload()
    settle(page)
    expect(page.get_by_role("radio", name="identities")).to_be_checked()
