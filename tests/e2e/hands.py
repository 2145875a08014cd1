"""What a hand does in the keypoint editor: where a point lies on the screen, and moving it."""

import json
import re
import time

from playwright.sync_api import TimeoutError as TooLate
from playwright.sync_api import expect

# What a tab says of edits that had to wait; it counts what the tabs before have not heard the end of, too.
SAVED = re.compile(r"^(The edit|All \d+ edits) that waited (is|are) saved\.$")

_METADATA = """() => new Promise((resolve, reject) => {
    const video = document.querySelector('video');
    const tell = () => resolve({width: video.videoWidth, height: video.videoHeight, duration: video.duration});
    if (video.readyState >= 2) tell();
    video.addEventListener('loadeddata', tell);
    video.addEventListener('error', () => reject(new Error(video.error.message)));
    video.preload = 'auto';
})"""


# It rests once its script has not run, nor been asked to, for a while: a click asks for a run at once.
_RESTS = """() => {
    const app = document.querySelector("[data-testid=stApp]"), now = performance.now();
    if (app?.dataset.testScriptState !== "notRunning") window.lastWork = now;
    return now - window.lastWork > 400;
}"""


def settle(page):
    """Wait until the page has run anew and rests: fields of another recipe take the place of those that are there."""
    page.evaluate("() => { window.lastWork = performance.now(); }")
    page.wait_for_function(_RESTS, timeout=60_000)


def pick(page, field, choice):
    """Choose in a field; a page that runs anew meanwhile closes its list, which is then opened again."""
    option = page.get_by_role("option", name=choice, exact=True)
    for _ in range(5):
        page.get_by_role("combobox", name=field).first.click()
        try:
            option.click(timeout=5000)
            break
        except TooLate:
            continue
    else:
        raise AssertionError(f"{field} does not offer {choice}")
    settle(page)


def view(page):
    text = page.locator("canvas[data-view]").first.get_attribute("data-view")
    return json.loads(text) if text else None


def wait_for(condition, seconds=60):
    """Wait until the condition holds; gives what it gave then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def comes_to(read, expected, seconds=60):
    """Wait until what `read` gives is as expected: a page that runs anew changes its parts one after another."""
    end = time.monotonic() + seconds
    while (found := read()) != expected and time.monotonic() < end:
        time.sleep(0.05)
    assert found == expected


def accept(page):
    """Say that all points of the picture are right."""
    page.get_by_role("button", name="All points are right").click()


def at_place(page, number, count, **patience):
    """The editor says that this is the picture of that number of so many."""
    expect(page.locator(".keypoint-editor .count")).to_have_text(f"/ {count}", **patience)
    expect(page.get_by_label("Number of the picture")).to_have_value(str(number), **patience)


def unfold(page, title):
    """Open what is folded away under a title, where it is folded."""
    folded = page.locator("details").filter(has=page.locator("summary").filter(has_text=title)).first
    if folded.get_attribute("open") is None:
        folded.locator("summary").click()


def on_screen(page, x, y):
    """Where a point of the picture lies in the window."""
    x, y = float(x), float(y)
    look = "canvas => [JSON.parse(canvas.dataset.view), canvas.getBoundingClientRect()]"  # both at one moment
    shown, box = page.locator("canvas[data-view]").first.evaluate(look)
    return box["x"] + shown["x"] + (x + 0.5) * shown["scale"], box["y"] + shown["y"] + (y + 0.5) * shown["scale"]


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=3)
    page.mouse.move(*end, steps=3)
    page.mouse.up()


def fingers(page):
    """What puts fingers down on a page (``touchStart``), slides them (``touchMove``) and lifts them (``touchEnd``), at
    places of the window."""
    client = page.context.new_cdp_session(page)

    def put(kind, *places):
        points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(places)]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    return put


def video_metadata(page):
    """Width and height in pixels and the seconds that the browser has decoded of the page's video."""
    return page.evaluate(_METADATA)
