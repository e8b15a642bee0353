"""Classify: how big a repository is, by five figures that vote. Two functions, one file each.

One classifies the repository it is told, the other looks for those without a class or with an old
one. What they share: `rule` (the decision), `measuring` (asking GitHub), `classifying` (one
repository from question to row).
"""

from typing import Any

from mainstem.catalog import Definition
from mainstem.functions.classify.repository_size import classify_repository_size
from mainstem.functions.classify.single_repository import classify_single_repository
from mainstem.functions.services import Services

CLASSIFY: tuple[Definition[Any, Services, Any], ...] = (
    classify_repository_size,
    classify_single_repository,
)

__all__ = ["CLASSIFY", "classify_repository_size", "classify_single_repository"]
