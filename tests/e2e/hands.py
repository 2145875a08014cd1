"""What a hand does in the keypoint editor: where a point lies on the screen, and moving it."""

import json
import time


def view(page):
    text = page.locator("canvas[data-view]").first.get_attribute("data-view")
    return json.loads(text) if text else None


def wait_for(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen in time")


def on_screen(page, x, y):
    """Where a point of the picture lies in the window."""
    x, y = float(x), float(y)
    shown, box = view(page), page.locator("canvas[data-view]").first.bounding_box()
    return box["x"] + shown["x"] + (x + 0.5) * shown["scale"], box["y"] + shown["y"] + (y + 0.5) * shown["scale"]


def drag(page, start, end):
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2, steps=3)
    page.mouse.move(*end, steps=3)
    page.mouse.up()
