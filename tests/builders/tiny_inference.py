"""The inference process with models that need no network: ``python -m tests.builders.tiny_inference``."""

from core.jobs.inference import main
from core.people.face_models import FaceModels
from tests.builders.tiny_models import tiny_models

if __name__ == "__main__":
    FaceModels.load = classmethod(lambda *_: tiny_models())
    main()
