"""What axe-core finds wrong with our own parts of a page for those who see little, or hear it instead."""

from axe_playwright_python.sync_playwright import Axe

_OURS = "stBidiComponentIsolated"  # around what our components draw; the rest of the page is Streamlit's
_RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"], "resultTypes": ["violations"]}


def faults(page):
    """Each rule of WCAG 2.2, levels A and AA, that one of our elements breaks, with the element."""
    found = Axe().run(page, options=_RULES).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:200]}"
        for rule in found
        for node in rule["nodes"]
        if any(_OURS in str(part) for part in node["target"])
    ]
