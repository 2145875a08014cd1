"""Clips as stores of before had them: a JPEG file of each frame."""

import hashlib

from sqlmodel import col, select

from core.library.pictures import store_picture
from core.library.pixels import picture_pixels
from core.media.images import jpeg
from db.tables import Image
from db.writing import writing


def frames_as_files(workspace, *, known_by_content=False):
    """Give each frame a file of its own, and take the indices of clips away; gives what the store says of the files.

    With `known_by_content` the frames are known as they were before revision 0016.
    """
    originals = []
    with writing(workspace.engine) as session:
        for image in session.exec(select(Image).where(col(Image.sequence).is_not(None)).order_by(col(Image.id))):
            content = jpeg(picture_pixels(workspace, image), 95)
            image.original = store_picture(workspace, content, image.path).original
            image.size_bytes = len(content)
            if known_by_content:
                image.sha256 = hashlib.sha256(content).hexdigest()
            originals.append(image.original)
    for index in (workspace.home / "clips").iterdir():
        index.unlink()
    return originals
