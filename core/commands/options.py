"""What the commands share: their options, and the sentence instead of a traceback."""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Annotated, Any

import typer
from click import ClickException
from pydantic import ValidationError

from core.commands.console import ProgressLine, fail, one_line
from core.formats.names import printable
from core.foundation.errors import FacetError, NotFound
from core.foundation.settings import explained
from core.foundation.workspace import Workspace
from core.jobs.inline import run_here
from core.learning.pose_models import find_use_name
from core.library.names_in_store import create_dataset, operator_id
from core.people.cues import CUES
from db.engine import reading
from db.queries.library import dataset_by_name
from db.tables import Run

DatasetName = Annotated[str, typer.Option("--dataset", help="Name of the dataset")]
EncoderName = Annotated[str | None, typer.Option("--encoder", help="Face encoder; default: the setting FACET_ENCODER")]
CueName = Annotated[str, typer.Option("--cue", help=f"By what clothes are told: {', '.join(CUES)}")]
Json = Annotated[bool, typer.Option("--json", help="One JSON object on stdout")]
ModelName = Annotated[str, typer.Option("--model", help="Name or version number of a model, as `models` lists them")]


def sentence_instead_of_traceback(command: Callable[..., None]) -> Callable[..., None]:
    """Whatever goes wrong goes to stderr as one sentence, with exit code 2; ``python -X dev`` shows the traceback."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except (typer.Exit, ClickException):
            raise
        except KeyboardInterrupt:
            fail("stopped; what was finished stays")
        except FacetError as error:
            fail(str(error))
        except OSError as error:
            one_file = error.filename and error.strerror and not error.filename2
            fail(f"{one_line(str(error.filename))}: {error.strerror}" if one_file else str(error))
        except UnicodeEncodeError as error:  # bytes of an argument that are none
            fail(f"{printable(str(error.object))}: it is not a text in UTF-8")
        except ValidationError as error:  # a setting
            fail(explained(error))
        except Exception as error:
            if sys.flags.dev_mode:
                raise
            fail(f"{type(error).__name__}: {error}")

    return guarded


def command(app: typer.Typer, name: str | None = None) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add a function as a command, guarded by `sentence_instead_of_traceback`."""
    return lambda function: app.command(name)(sentence_instead_of_traceback(function))


def run_with_progress(workspace: Workspace, kind: str, dataset: int, **parameters: Any) -> Run:
    """Do a run here and wait for its end, its progress on stderr; raises as `run_here`."""
    return run_here(workspace, kind, dataset, parameters, ProgressLine())


def author(workspace: Workspace) -> int:
    """The id of who runs the command."""
    return operator_id(workspace)


def dataset_id(workspace: Workspace, name: str, *, make: bool = False) -> int:
    """The id of a dataset; with `make` it is added when new, else NotFound says how to make it."""
    if make:
        return create_dataset(workspace, name, author(workspace))
    with reading(workspace.engine) as session:
        dataset = dataset_by_name(name, session=session)
    if dataset is None:
        raise NotFound("datasets.none_called", name=name)
    return dataset.id


def model_name(workspace: Workspace, name: str) -> str:
    """The name of a model of which somebody gave the name, or the ``model_version`` that `train` and `predict` tell."""
    with reading(workspace.engine) as session:
        return find_use_name(name, session=session)
