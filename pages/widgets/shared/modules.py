"""Scripts of several files as the one module that Streamlit takes."""

import re
from pathlib import Path
from typing import Final

_BETWEEN_FILES: Final = re.compile(r"^import [^;]*;\n|^export (?!default )", re.MULTILINE)


def one_module(*files: Path) -> str:
    """Files as one module, without their imports of one another.

    In this order: while it is loaded, each file uses only names of the files before it.
    """
    return _BETWEEN_FILES.sub("", "\n".join(file.read_text(encoding="utf-8") for file in files))
