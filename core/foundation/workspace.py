"""Where everything of one installation lies: its settings, its store, its folders."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import dropwhile
from pathlib import Path
from typing import Final

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError

from core.foundation.errors import BadInput, FacetError, StoreBusy, StoreFull
from core.foundation.messages import Message, message, some
from core.foundation.private import keep_private
from core.foundation.settings import Settings, settings
from db.engine import open_engine, store_file
from db.migrate import StoreNotCopied, UnknownRevision, is_store, own_id, upgrade

_LISTED: Final = 5  # backups that a sentence names


@lru_cache(maxsize=64)
def _is_whole(backup: Path, written: int) -> bool:  # noqa: ARG001
    """Whether a backup can be put back: read through once, not for every request that meets the damaged store."""
    return is_store(backup)


@dataclass(frozen=True)
class Workspace:
    """One home folder and the store behind it. Services take it as their first argument."""

    settings: Settings

    @classmethod
    def open(cls, chosen: Settings | None = None) -> Workspace:
        """Make the folders and bring the store up to date (with a backup first where a migration is pending).

        From then on this process writes files that only its owner may read.

        Raises
        ------
        BadInput
            If the store is none that works yet.
        FacetError
            If the home folder or the store cannot be used, or if the store is gone while pictures are still there.
        """
        workspace = cls(chosen or settings())
        if store_file(workspace.settings.store) is None:
            raise BadInput("store.not_sqlite")
        keep_private()
        try:
            workspace._refuse_lost_store()
            for folder in (workspace.home, workspace.originals, workspace.weights, workspace.uploads):
                folder.mkdir(parents=True, exist_ok=True)
            upgrade(workspace.engine, workspace.backups)
            own_id(workspace.engine)
        except OSError as error:
            reason = error.strerror or error
            raise FacetError("store.home_unusable", folder=workspace.home, reason=reason) from error
        except StoreFull as error:  # what is there may be whole: nothing to put a backup in the place of
            raise FacetError("store.shut", url=workspace.engine.url, reason=error.__cause__) from error
        except DBAPIError as error:
            raise workspace._unusable(error.orig) from error
        except StoreNotCopied as error:
            raise FacetError("store.not_copied", target=workspace.backups, reason=error) from error
        except UnknownRevision as error:
            raise FacetError("store.newer", url=workspace.engine.url, revision=error) from error
        return workspace

    def _refuse_lost_store(self) -> None:
        """An empty store beside pictures that were taken in would hide that everything about them is gone."""
        store = store_file(self.settings.store)
        lost = store is not None and not (store.is_file() and store.stat().st_size)
        if lost and self.originals.is_dir() and any(path.is_file() for path in self.originals.rglob("*")):
            raise FacetError("store.lost", store=store, folder=self.originals, way_back=self._way_back())

    def _way_back(self) -> Message:
        """What a person can do whose store is gone or damaged: the newest backup that is whole, and those before it."""
        newest = sorted(self.backups.glob("*.db"), key=lambda path: path.stat().st_mtime, reverse=True)
        whole = list(dropwhile(lambda path: not _is_whole(path, path.stat().st_mtime_ns), newest))
        if not whole:
            return message("store.no_backup", folder=self.backups)
        return message("store.backups", names=some([path.name for path in whole], _LISTED), newest=whole[0])

    def _unusable(self, reason: BaseException | None) -> FacetError:
        return FacetError("store.unusable", url=self.engine.url, reason=reason, way_back=self._way_back())

    @cached_property
    def engine(self) -> Engine:
        """The store's engine; one for each process."""
        return open_engine(
            self.settings.store, busy=lambda _: StoreBusy(), full=lambda _: StoreFull(), damaged=self._unusable
        )

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

    def in_hand(self, run_id: int) -> Path:
        """Where it is written down which pictures a run has in hand, as long as it is open."""
        return self.home / "in-hand" / f"{run_id}.json"

    def training_folder(self, run_id: int) -> Path:
        """Where a training keeps its state, until it has ended."""
        return self.home / "training" / str(run_id)

    def derived(self, kind: str, sha256: str, suffix: str = "") -> Path:
        """Where a picture made from an original is kept (``thumbnails``, ``display``, ``crops``); safe to delete."""
        return self.home / kind / sha256[:2] / f"{sha256}{suffix}.jpg"

    @property
    def cache(self) -> Path:
        """Pictures made of frames of clips, as many as ``FACET_CACHE_BYTES`` allows; safe to delete."""
        return self.home / "cache"

    def clip_index(self, clip: str) -> Path:
        """Where it is kept where a clip has its frames, by the beginning of its SHA-256; safe to delete."""
        return self.home / "clips" / f"{clip}.frames"

    @staticmethod
    def original_name(sha256: str, ending: str) -> str:
        """What `Image.original` or `Video.original` says of content that is kept here, with its ending (``.jpg``)."""
        return f"originals/{sha256[:2]}/{sha256}{ending}"

    def original(self, stored: str) -> Path:
        """The file of `Image.original`: relative to the home folder, or absolute where the import only refers to it."""
        return self.home / stored
