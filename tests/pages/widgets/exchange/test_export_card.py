"""What the export page says of each format."""

from core.exchange.exporting import FORMATS
from pages.widgets.exchange.export_card import ABOUT


def test_every_format_has_words():
    assert set(ABOUT) == set(FORMATS)
