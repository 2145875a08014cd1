"""Every setting, read once from the environment (prefix ``FACET_``). The README's table lists the same names."""

from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What an installation can choose. Each field is ``FACET_<NAME>`` in the environment; an empty one is not set."""

    model_config = SettingsConfigDict(env_prefix="FACET_", env_ignore_empty=True, frozen=True)

    home: Path = Field(Path("data"), description="Folder of the store, originals, thumbnails, crops, weights, exports")
    host: str = Field("127.0.0.1", description="Address that the workbench listens on")
    hosts: str = Field("", description="More names it answers to, with commas between, as that of a proxy in front")
    port: int = Field(8501, ge=1, le=65535, description="Port that the workbench listens on")
    user: str = Field("", description="Who works, until a name is given; empty: each browser is asked")
    store_url: str = Field("", description="SQLAlchemy URL of the store; empty: an SQLite file in the home folder")
    queue_url: str = Field("", description="`redis://...`; empty: an SQLite file in the home folder")
    device: Literal["auto", "cpu", "cuda"] = Field(
        "auto", description="Where models run; auto takes a GPU if there is one"
    )
    detector: str = Field("mtcnn", description="Face detector")
    landmarker: str = Field(
        "auto", description="Pre-labels the 68 face points; auto: dlib-68, with the face mesh where that is here"
    )
    encoder: str = Field("dlib-resnet", description="Face encoder; see `python -m core weights list`")
    least_face: float = Field(24, ge=0, description="Shorter side in pixels of a face that a person may be told by")
    least_sharpness: float = Field(35, ge=0, description="Variance of the Laplacian of a face so, of 112 pixels")
    most_turned: float = Field(50, ge=0, description="Degrees that a face so is turned to a side, up or down at most")
    most_disagreement: float = Field(
        0.15, ge=0, description="How far two models' points of a face so differ at most, in distances of the eyes"
    )
    attach_margin: float = Field(
        0.01, ge=0, description="How much nearer a poor face is to its person than to the next"
    )
    weights_mirror: str = Field("", description="Address to fetch weights from instead of their own host")
    batch: int = Field(16, ge=1, description="Pictures that the models take at once")
    threads: int = Field(0, ge=0, description="Threads that work may take; 0: a worker all cores but one, else all")
    training_processes: int = Field(1, ge=1, description="Processes that train together, one for each GPU")
    max_pixels: int = Field(100_000_000, ge=1, description="Largest picture to decode, in pixels")
    max_file_bytes: int = Field(512 * 2**20, ge=1, description="Largest single file to take in")
    max_archive_bytes: int = Field(64 * 2**30, ge=1, description="Most bytes that one zip may unpack to")
    max_archive_files: int = Field(200_000, ge=1, description="Most files that one zip may hold")
    max_clip_bytes: int = Field(16 * 2**30, ge=1, description="Largest clip to take in from a folder")
    max_clip_frames: int = Field(500_000, ge=1, description="Most frames that one clip may have")
    cache_bytes: int = Field(2 * 2**30, ge=0, description="Most that pictures made of clips' frames may take on disk")

    @property
    def other_hosts(self) -> list[str]:
        """The names in `hosts`."""
        return [name.strip() for name in self.hosts.split(",") if name.strip()]

    @property
    def store(self) -> str:
        """The store's URL with the default filled in."""
        return self.store_url or sqlite_url((self.home / "store.db").resolve())


def sqlite_url(file: Path) -> str:
    """The SQLAlchemy URL of an SQLite file: in a URL a question mark begins options, and `%41` is an A."""
    return f"sqlite:///{str(file).replace('%', '%25').replace('?', '%3F')}"


def explained(error: ValidationError) -> str:
    """Which settings are wrong, and why, in one line."""
    return "; ".join(f"FACET_{str(wrong['loc'][0]).upper()}: {wrong['msg']}" for wrong in error.errors())


@cache
def settings() -> Settings:
    """The settings of this process."""
    return Settings()
