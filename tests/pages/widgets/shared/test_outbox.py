"""The outbox as a page sees it: one script, which knows the store that answers. What it does is in tests/e2e."""

import re

from db.engine import reading
from db.queries.store import store_id
from pages.widgets.shared import outbox
from pages.widgets.shared.modules import one_module


def shows():
    from pages.widgets.shared.outbox import tab_outbox

    tab_outbox()


def test_the_tab_is_told_which_store_answers(shown, workspace, monkeypatch):
    told = []
    monkeypatch.setattr(outbox, "_mount", lambda **options: told.append(options["data"]))
    shown(shows)
    with reading(workspace.engine) as session:
        assert told == [{"store": store_id(session=session)}]


def test_its_script_declares_each_name_once():
    script = one_module(*outbox.SCRIPTS, outbox._HERE / "notice.js")
    assert re.findall(r"^(?:import|export)\b.*", script, re.MULTILINE) == [
        "export default function tabNotice({ data, parentElement }) {"
    ]
    names = re.findall(r"^(?:async )?(?:const|let|class|function) (\w+)", script, re.MULTILINE)
    assert "Outbox" in names
    assert sorted(names) == sorted(set(names))
