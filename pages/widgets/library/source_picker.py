"""Where files to import come from: this computer or the server."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from core.foundation.errors import FacetError
from core.library.uploading import keep_upload, server_source
from pages.widgets.shared.resources import workspace
from pages.widgets.shared.text import sentence

FILES, FOLDER, SERVER = "files", "folder", "server"  # where they may come from


@dataclass(frozen=True)
class SourcePicker:
    """What a form of imports asks for its files.

    Attributes
    ----------
    name
        Tells the state of one form from another's.
    question
        Asks where the files are; `server` says the answer that they are there.
    files, folder, path
        What the field is called that takes files, a folder, or a path on the server.
    """

    name: str
    question: str
    server: str
    files: str
    folder: str
    path: str

    @property
    def uses(self) -> int:
        """How many imports were started; each starts with an empty uploader and a folded form."""
        return int(st.session_state.get(f"{self.name}_uploads", 0))

    def origin(self) -> str:
        """Ask where the files are; above that, what was wrong with the last answer."""
        if problem := st.session_state.pop(f"{self.name}_problem", None):
            st.error(sentence(problem))
        answers = {FILES: "Files or a zip", FOLDER: "A folder of this computer", SERVER: self.server}
        return st.segmented_control(
            self.question,
            list(answers),
            format_func=answers.__getitem__,
            default=FILES,
            required=True,
            key=f"{self.name}_origin",
        )

    def ask(self, origin: str, *, placeholder: str, server_help: str, upload_help: str | None = None) -> None:
        """The field for the files, or for a path on the server."""
        if origin == SERVER:
            st.text_input(self.path, placeholder=placeholder, key=f"{self.name}_source", help=server_help)
            return
        many: Any = True if origin == FILES else "directory"
        st.file_uploader(
            self.files if origin == FILES else self.folder,
            accept_multiple_files=many,
            key=self._uploader(origin),
            help=upload_help,
        )

    def typed(self) -> str:
        """The path on the server."""
        return str(st.session_state.get(f"{self.name}_source", "")).strip()

    def chosen(self, origin: str) -> Sequence[Any]:
        """What was chosen on this computer."""
        return st.session_state.get(self._uploader(origin)) or []

    def sources(self, origin: str) -> list[Path]:
        """What to import; uploads are copied first. Raises FacetError where nothing usable was chosen."""
        if origin == SERVER:
            return [server_source(self.typed())]
        return keep_upload(workspace(), [(file.name, file) for file in self.chosen(origin)])

    def attempt(self, begin: Callable[[], None]) -> None:
        """Begin imports: the form starts anew, or shows above it why they cannot be."""
        try:
            begin()
        except FacetError as error:
            st.session_state[f"{self.name}_problem"] = str(error)
        else:
            st.session_state[f"{self.name}_uploads"] = self.uses + 1

    def _uploader(self, origin: str) -> str:
        return f"{self.name}-upload-{origin}-{self.uses}"
