"""Grouping of face embeddings under what people have decided."""

from core.clustering.constraints import Constraints
from core.clustering.identity import carry
from core.clustering.linkage import group

__all__ = ["Constraints", "carry", "group"]
