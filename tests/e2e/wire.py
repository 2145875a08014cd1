"""Which crops a tab shows, and which of them came over the wire rather than from what the browser keeps."""

import re
from collections import Counter

_CROP = re.compile(r"/api/crop/(\d+)")

_CROPS = """const crops = (root) => [...root.querySelectorAll("*")].flatMap((each) => [
    ...(each.localName === "img" && each.src.includes("/api/crop/") ? [each] : []),
    ...(each.shadowRoot ? crops(each.shadowRoot) : []),
]);
const inSight = () => crops(document).filter((image) => {
    const box = image.getBoundingClientRect();
    return box.width > 0 && box.bottom > 0 && box.top < innerHeight;
});
const shown = () => inSight().map((image) => image.src).sort();"""

SHOWN = f"() => {{ {_CROPS} return shown(); }}"
ARRIVED = f"""(before) => {{ {_CROPS}
    const now = shown(), there = inSight().every((image) => image.complete && image.naturalWidth > 0);
    return now.length > 0 && there && JSON.stringify(now) !== JSON.stringify(before);
}}"""


def number_of(address):
    """The instance whose crop it is."""
    return int(_CROP.search(address)[1])


def crops_in_sight(page):
    """The addresses of the crops in the window, whether they are there yet or not."""
    return page.evaluate(SHOWN)


def wait_for_crops(page, other_than=()):
    """Wait until the crops in the window are others than those, and all of them are there."""
    page.wait_for_function(ARRIVED, arg=list(other_than), polling=10)


def crops_on_the_wire(page):
    """How often the tab asks the server for each crop from now on, by instance; it rises by itself."""
    client, asked, kept, counted = page.context.new_cdp_session(page), {}, set(), Counter()

    def sent(event):
        if _CROP.search(event["request"]["url"]):
            asked[event["requestId"]] = number_of(event["request"]["url"])

    def ended(event):
        number, response = asked.pop(event["requestId"], None), event.get("response", {})
        if number is not None and event["requestId"] not in kept and not response.get("fromDiskCache"):
            counted[number] += 1

    client.on("Network.requestWillBeSent", sent)
    client.on("Network.requestServedFromCache", lambda event: kept.add(event["requestId"]))
    client.on("Network.responseReceived", ended)
    client.on("Network.loadingFailed", ended)  # whoever is not waited for was asked, too
    client.send("Network.enable")
    return counted
