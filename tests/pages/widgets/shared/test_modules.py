"""Scripts of several files reach the browser as one module."""

from pages.widgets.shared.modules import one_module


def test_files_lose_what_ties_them_together_and_nothing_else(tmp_path):
    first, second = tmp_path / "a.js", tmp_path / "b.js"
    first.write_text("export const A = 1;\nexport class B {}\n")
    second.write_text(
        'import {\n  A, B,\n} from "./a.js";\n\nexport default function show() {\n  return new B(A);\n}\n'
    )
    shown = "\nexport default function show() {\n  return new B(A);\n}\n"
    assert one_module(first, second) == f"const A = 1;\nclass B {{}}\n\n{shown}"
