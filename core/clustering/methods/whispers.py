"""Chinese whispers: every face takes over what most of its neighbours say, again and again."""

from collections.abc import Iterator
from typing import Final

import numpy as np
import scipy
from numpy.typing import NDArray

from core.clustering.linkage import unit_faces
from core.clustering.methods.links import links
from core.foundation.arrays import Ints

_ROUNDS: Final = 100
_SEED, _PRIMED = 5489, 10_000
_AT_ONCE: Final = 1 << 16


def chinese_whispers(embeddings: NDArray[np.float32], threshold: float) -> Ints:
    """Biemann, "Chinese Whispers", TextGraphs 2006, step by step as dlib's `chinese_whispers_clustering`.

    Pairs at least as alike as the threshold are neighbours, and everybody is one of their own. 100 N times a face
    drawn by lot takes the label that most of its neighbours have, the lowest of equals. The lots are dlib's own, so
    that the groups are; a face around which nothing changed since it was last drawn is passed over, and when there is
    no other the end is reached. The order of the faces matters. No constraints.

    Parameters
    ----------
    embeddings
        (N, D) float32 of length 1.
    threshold
        Cosine similarity: 1 - d² / 2 of dlib's L2 distance d.

    Returns
    -------
    labels
        (N,) int64 from 0 on.

    Raises
    ------
    BadInput
        As `merge_tree` of the embeddings and the threshold, and as `links`.
    """
    faces = unit_faces(embeddings, threshold)
    count = len(faces)
    near = links(faces, threshold)
    itself = np.arange(count, dtype=np.int32)
    ends = np.concatenate([near.row, near.col, itself]), np.concatenate([near.col, near.row, itself])
    graph = scipy.sparse.coo_array((np.ones(len(ends[0]), np.int8), ends), shape=(count, count)).tocsr()
    labels = np.arange(count)
    to_see = np.ones(count, bool)
    left = count
    for drawn in _lots(count):
        if not to_see[drawn]:
            continue
        around = graph.indices[graph.indptr[drawn] : graph.indptr[drawn + 1]]
        names, votes = np.unique(labels[around], return_counts=True)
        said = names[votes.argmax()]
        if said == labels[drawn]:
            to_see[drawn] = False
            left -= 1
            if not left:
                break
        else:
            labels[drawn] = said
            left += len(around) - int(to_see[around].sum())
            to_see[around] = True
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def _lots(count: int) -> Iterator[int]:
    """100 N numbers in [0, N), as dlib::rand draws them: two words of the Mersenne Twister for each."""
    words = np.random.RandomState(_SEED)
    words.randint(0, 2**32, _PRIMED, dtype=np.uint32)
    total = _ROUNDS * count
    for start in range(0, total, _AT_ONCE):
        wanted = min(_AT_ONCE, total - start)
        high, low = words.randint(0, 2**32, (wanted, 2), dtype=np.uint32).astype(np.uint64).T
        yield from (((high << np.uint64(32)) | low) % np.uint64(count)).tolist()
