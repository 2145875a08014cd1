"""Names of people beside their pictures: XMP sidecars with the face regions of the Metadata Working Group.

``images/<path>.xmp`` lies beside ``images/<path>``, where digiKam, darktable and Immich look for it. A region is a face
with a named person: its centre and size as shares of the picture's sides (Metadata Working Group, "Guidelines for
Handling Image Metadata" 2.0, 2010, section 5.9), and everybody's name once more as IPTC's PersonInImage. The pictures
themselves are not changed.
"""

import re
from dataclasses import replace
from typing import Final
from xml.etree import ElementTree

from core.formats.dataset import LabelledDataset, LabelledImage, LeftOut
from core.formats.export import IMAGES, Steps
from core.formats.staging import Stage
from core.foundation.arrays import Box
from core.foundation.messages import message
from core.media.turning import UPRIGHT, orientation_of

_NAMESPACES: Final = {
    "x": "adobe:ns:meta/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "mwg-rs": "http://www.metadataworkinggroup.com/schemas/regions/",
    "stArea": "http://ns.adobe.com/xmp/sType/Area#",
    "stDim": "http://ns.adobe.com/xap/1.0/sType/Dimensions#",
    "Iptc4xmpExt": "http://iptc.org/std/Iptc4xmpExt/2008-02-29/",
}
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # XML 1.0 has no such character
_RESOURCE: Final = {"rdf:parseType": "Resource"}


def write_sidecars(stage: Stage, dataset: LabelledDataset, steps: Steps) -> LabelledDataset:
    """Write a sidecar for each picture that shows somebody with a name; returns the dataset as it is.

    A picture that an EXIF orientation still turns gets none, since tools do not agree on which way its regions lie; it
    is named in `left_out`.
    """
    names = {person.key: person.name for person in dataset.people}
    left_out = list(dataset.left_out)
    for image in dataset.images:
        content = sidecar(image, names)
        if content is not None and orientation_of(stage.root / IMAGES / image.path) != UPRIGHT:
            left_out.append(LeftOut(image.path, message("exports.no_regions_turned").text()))
        elif content is not None:
            with stage.open(f"{IMAGES}/{image.path}.xmp") as out:
                out.write_bytes(content)
        steps.advance()
    return replace(dataset, left_out=tuple(left_out))


def sidecar(image: LabelledImage, names: dict[str, str | None]) -> bytes | None:
    """The XMP of a picture, UTF-8; None where nobody in it has a name. `names` are by the key of a person."""
    faces = [
        (_NOT_XML.sub("\ufffd", name), face.box)
        for face in image.instances
        if face.person and (name := names.get(face.person))
    ]
    if not faces:
        return None
    tree = _element("x:xmpmeta")
    about = _child(_child(tree, "rdf:RDF"), "rdf:Description", **{"rdf:about": ""})
    regions = _child(about, "mwg-rs:Regions", **_RESOURCE)
    sides = {"stDim:w": f"{image.width}", "stDim:h": f"{image.height}", "stDim:unit": "pixel"}
    _child(regions, "mwg-rs:AppliedToDimensions", **sides)
    listed = _child(_child(regions, "mwg-rs:RegionList"), "rdf:Bag")
    for name, box in faces:
        region = _child(listed, "rdf:li", **_RESOURCE)
        _child(region, "mwg-rs:Name").text = name
        _child(region, "mwg-rs:Type").text = "Face"
        _child(region, "mwg-rs:Area", **_area(box, image.width, image.height))
    people = _child(_child(about, "Iptc4xmpExt:PersonInImage"), "rdf:Bag")
    for name in dict.fromkeys(name for name, _ in faces):
        _child(people, "rdf:li").text = name
    ElementTree.indent(tree)
    for prefix, address in _NAMESPACES.items():
        ElementTree.register_namespace(prefix, address)
    return ElementTree.tostring(tree, encoding="utf-8", xml_declaration=True) + b"\n"


def _area(box: Box, width: int, height: int) -> dict[str, str]:
    """Where a face lies as shares of the sides: pixel 0 begins at -0.5, and what lies outside is cut off."""
    left, right = (min(max((edge + 0.5) / width, 0.0), 1.0) for edge in (box[0], box[2]))
    top, bottom = (min(max((edge + 0.5) / height, 0.0), 1.0) for edge in (box[1], box[3]))
    shares = {"x": (left + right) / 2, "y": (top + bottom) / 2, "w": right - left, "h": bottom - top}
    return {f"stArea:{name}": f"{share:.6f}" for name, share in shares.items()} | {"stArea:unit": "normalized"}


def _element(name: str, **attributes: str) -> ElementTree.Element:
    return ElementTree.Element(_expanded(name), {_expanded(key): value for key, value in attributes.items()})


def _child(parent: ElementTree.Element, name: str, **attributes: str) -> ElementTree.Element:
    child = _element(name, **attributes)
    parent.append(child)
    return child


def _expanded(name: str) -> str:
    prefix, local = name.split(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"
