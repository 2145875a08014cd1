"""People and their faces as folders of crops and a table, ready for retraining a face encoder.

A folder holds ``manifest.json``, ``identities.csv`` (a row for each face that has a person), ``images.csv`` (a row for
each picture), ``people/<folder name>/<image stem>-<n>.jpg`` and ``images/<path as imported>``. The CSV files are UTF-8
after RFC 4180. Bodies, keypoints, scores, faces without a person, clips and the split are not part of this format.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from csv import writer
from dataclasses import dataclass, replace
from pathlib import PurePosixPath

import numpy as np

from core.formats.dataset import FAILED, LabelledDataset, LabelledImage, LabelledInstance, LeftOut
from core.formats.export import IMAGES, ORIGINALS, Steps
from core.formats.face_crops import CropFailed, crop_jpeg, upright
from core.formats.identities_reading import COLUMNS, FACES, IMAGE_COLUMNS, PICTURES
from core.formats.names import folder_names, guard, safe_name, same_name
from core.formats.staging import NotCopied, Stage
from core.foundation.messages import message
from core.media.turning import UPRIGHT


def write_reduced(stage: Stage, dataset: LabelledDataset, steps: Steps) -> LabelledDataset:
    """Write what this format can hold; bodies, faces without a person and people without a face are left out."""
    return write_tables(stage, reduced(dataset), steps)


def reduced(dataset: LabelledDataset) -> LabelledDataset:
    """Keep what this format can say: faces with a person; the rest is counted in `left_out`."""
    left_out = [*dataset.left_out]
    images = []
    for image in dataset.images:
        faces = tuple(_plain(instance) for instance in image.instances if has_person(instance))
        left_out += [
            LeftOut(image.path, message("exports.not_held", what=message(code), count=number).text())
            for code, number in _unsaid(image, len(faces)).items()
            if number
        ]
        state, identity = _state(image, faces), _standing_identity(image)
        images.append(replace(image, state=state, instances=faces, removed=(), identity=identity, sequence=None))
    with_face = {instance.person for image in images for instance in image.instances}
    people = tuple(person for person in dataset.people if person.key in with_face)
    no_face, no_order = message("exports.person_without_face").text(), message("exports.frame_order").text()
    left_out += [LeftOut(person.key, no_face) for person in dataset.people if person.key not in with_face]
    left_out += [LeftOut(clip.path, no_order) for clip in dataset.clips]
    return replace(
        dataset,
        images=tuple(images),
        people=people,
        left_out=tuple(left_out),
        clips=(),
        split=(),
        excluded=(),
        tracks=(),
    )


def _state(image: LabelledImage, faces: Sequence[LabelledInstance]) -> str:
    """Where a picture stands without its points: nobody has reviewed what has none."""
    if image.state in ("new", FAILED) or not image.instances:
        return image.state
    return "found" if faces else "empty"


def _standing_identity(image: LabelledImage) -> str | None:
    """Where a human has said whose a face is not, the folder's word would come back as if nobody had objected."""
    contradicted = any(instance.not_people for instance in image.instances)
    confirmed = any(instance.person_source == "human" for instance in image.instances)
    return None if contradicted and not confirmed else image.identity


def _unsaid(image: LabelledImage, named: int) -> dict[str, int]:
    """How many things of an image this format cannot say, by the code of their name."""
    faces = sum(instance.kind == "face" for instance in image.instances)
    return {
        "terms.faces_without_person": faces - named,
        "terms.bodies": len(image.instances) - faces,
        "terms.faces_not_somebody": sum(bool(instance.not_people) for instance in image.instances),
        "terms.removed_boxes": len(image.removed),
    }


def has_person(instance: LabelledInstance) -> bool:
    """Say whether the instance is a face that has a person."""
    return instance.kind == "face" and instance.person is not None


def _plain(face: LabelledInstance) -> LabelledInstance:
    return LabelledInstance(
        kind="face", box=face.box, origin="import", person=face.person, person_source=face.person_source
    )


@dataclass(frozen=True)
class _Cut:
    """A face and its crop: file and SHA-256, both empty if it could not be cut out."""

    face: LabelledInstance
    file: str = ""
    sha256: str = ""


def write_tables(stage: Stage, dataset: LabelledDataset, steps: Steps) -> LabelledDataset:
    """Write the crops and both tables; returns the dataset with the faces that could not be cut out in `left_out`."""
    names = {person.key: person.name for person in dataset.people}
    cropper = _FaceCrops(stage, dataset, steps)
    left_out = list(dataset.left_out)
    with stage.open(FACES) as out:
        rows = writer(out)
        rows.writerow(COLUMNS)
        for image in dataset.images:
            for cut in cropper.cut(image, left_out):
                box = (str(np.float32(value)) for value in cut.face.box)
                person = (guard(cut.face.person), guard(names[cut.face.person or ""]))
                source = guard(cut.face.person_source)
                rows.writerow((*person, guard(image.path), *box, source, guard(cut.file), cut.sha256))
            steps.advance()
    steps.take()
    with stage.open(PICTURES) as out:
        rows = writer(out)
        rows.writerow(IMAGE_COLUMNS)
        for image in dataset.images:
            texts = (guard(image.identity), guard(image.state), guard(image.reason))
            rows.writerow((guard(image.path), image.width, image.height, *texts))
    return replace(dataset, left_out=tuple(left_out))


class _FaceCrops:
    """Cuts faces out of the pictures that were copied, and gives each crop a file name of its own."""

    def __init__(self, stage: Stage, dataset: LabelledDataset, steps: Steps) -> None:
        used = {face.person for image in dataset.images for face in image.instances if has_person(face)}
        self._folders = folder_names(person for person in dataset.people if person.key in used)
        self._stage, self._steps = stage, steps
        self._numbers: Counter[tuple[str, str]] = Counter()

    def cut(self, image: LabelledImage, left_out: list[LeftOut]) -> Iterator[_Cut]:
        """Write the crop of each face with a person; why one cannot be cut out is appended to `left_out`."""
        faces = [instance for instance in image.instances if has_person(instance)]
        if not faces:
            return
        folder = IMAGES if image.orientation == UPRIGHT else ORIGINALS
        try:
            self._steps.take(f"faces of {image.path}")  # another thing in hand than the picture that is copied
            picture = upright(self._stage.root / folder / image.path, (image.width, image.height))
        except (CropFailed, NotCopied) as error:
            left_out.append(LeftOut(image.path, message("exports.no_crops", count=len(faces), reason=error).text()))
            yield from map(_Cut, faces)
            return
        for number, face in enumerate(faces, start=1):
            try:
                yield self._write(face, crop_jpeg(picture, face.box), image.path)
            except CropFailed as error:
                left_out.append(LeftOut(image.path, message("exports.no_crop", number=number, reason=error).text()))
                yield _Cut(face)

    def _write(self, face: LabelledInstance, jpeg: bytes, path: str) -> _Cut:
        folder = self._folders[face.person or ""]
        stem = safe_name(PurePosixPath(path).stem) or "image"
        self._numbers[folder, same_name(stem)] += 1
        file = f"people/{folder}/{stem}-{self._numbers[folder, same_name(stem)]}.jpg"
        with self._stage.open(file) as out:
            out.write_bytes(jpeg)
        return _Cut(face, file, self._stage.files[file].sha256)
