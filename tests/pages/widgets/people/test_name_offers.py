"""Names that exist are offered while one is typed."""

from pages.widgets.people import name_offers


def test_the_browser_is_told_the_fields_and_the_names(monkeypatch):
    told = []
    monkeypatch.setattr(name_offers, "_mount", lambda **options: told.append(options["data"]))
    name_offers.offer_names("Name of person", ("Ada", "<b>Bob</b>"))
    assert told == [{"label": "Name of person", "names": ["Ada", "<b>Bob</b>"]}]
