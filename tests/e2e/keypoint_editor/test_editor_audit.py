"""Every control of the editor has a name, a role and enough contrast, in its wide and in its narrow form."""

import pytest

from tests.e2e.audit import faults

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(("width", "pressed"), [(1400, ""), (1400, "?"), (420, "")])
def test_nothing_of_the_editor_is_hidden_from_a_screen_reader(open_editor, width, pressed):
    editor = open_editor()
    editor.page.set_viewport_size({"width": width, "height": 900})
    editor.canvas.focus()
    for key in pressed:
        editor.page.keyboard.press(key)
    editor.settle()
    assert faults(editor.page) == []
