"""Where everything of one installation lies: its settings, its store, its folders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from core.foundation.errors import FacetError, StoreBusy, StoreFull
from core.foundation.settings import Settings, settings
from db.engine import open_engine
from db.migrate import UnknownRevision, upgrade


@dataclass(frozen=True)
class Workspace:
    """One home folder and the store behind it. Services take it as their first argument."""

    settings: Settings

    @classmethod
    def open(cls, chosen: Settings | None = None) -> Workspace:
        """Make the folders and bring the store up to date (with a backup first where a migration is pending).

        Raises
        ------
        FacetError
            If the home folder or the store cannot be used.
        """
        workspace = cls(chosen or settings())
        try:
            for folder in (workspace.home, workspace.originals, workspace.weights, workspace.uploads):
                folder.mkdir(parents=True, exist_ok=True)
            upgrade(workspace.engine, workspace.backups)
        except OSError as error:
            reason = error.strerror or error
            raise FacetError("store.home_unusable", folder=workspace.home, reason=reason) from error
        except DBAPIError as error:
            raise FacetError("store.unusable", url=workspace.engine.url, reason=error.orig) from error
        except UnknownRevision as error:
            raise FacetError("store.newer", url=workspace.engine.url, revision=error) from error
        return workspace

    @cached_property
    def engine(self) -> Engine:
        """The store's engine; one for each process."""
        return open_engine(self.settings.store, busy=StoreBusy, full=StoreFull)

    @property
    def home(self) -> Path:
        """The data folder, absolute."""
        return self.settings.home.resolve()

    @property
    def originals(self) -> Path:
        """Pictures as they came, named by their content."""
        return self.home / "originals"

    @property
    def uploads(self) -> Path:
        """What a browser sent, until it is imported."""
        return self.home / "uploads"

    @property
    def weights(self) -> Path:
        """Model files that were fetched or put here by hand."""
        return self.home / "weights"

    @property
    def exports(self) -> Path:
        """Data sets that were written from the page."""
        return self.home / "exports"

    @property
    def backups(self) -> Path:
        """Copies of the store, made before it is brought up to date or when somebody asks."""
        return self.home / "backups"

    @property
    def samples(self) -> Path:
        """The photos of the drawn sample."""
        return self.home / "sample"

    @property
    def sample_clips(self) -> Path:
        """The clips of the drawn sample."""
        return self.home / "sample-clips"

    @property
    def trained_models(self) -> Path:
        """The weights of models that were trained here, named by their content."""
        return self.home / "models"

    @property
    def vectors(self) -> Path:
        """Embeddings as matrices on disk; safe to delete."""
        return self.home / "vectors"

    @property
    def overlays(self) -> Path:
        """Clips with points drawn in."""
        return self.home / "overlays"

    @property
    def queue(self) -> Path:
        """The file of the queue, where no other queue is set."""
        return self.home / "queue.db"

    @property
    def heartbeat(self) -> Path:
        """What a worker touches as long as it lives."""
        return self.home / "worker.alive"

    def training_folder(self, run_id: int) -> Path:
        """Where a training keeps its state, until it has ended."""
        return self.home / "training" / str(run_id)

    def derived(self, kind: str, sha256: str, suffix: str = "") -> Path:
        """Where a picture made from an original is kept (``thumbnails``, ``display``, ``crops``); safe to delete."""
        return self.home / kind / sha256[:2] / f"{sha256}{suffix}.jpg"

    @staticmethod
    def original_name(sha256: str, ending: str) -> str:
        """What `Image.original` or `Video.original` says of content that is kept here, with its ending (``.jpg``)."""
        return f"originals/{sha256[:2]}/{sha256}{ending}"

    def original(self, stored: str) -> Path:
        """The file of `Image.original`: relative to the home folder, or absolute where the import only refers to it."""
        return self.home / stored
