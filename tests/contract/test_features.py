"""Collects the features: every scenario is a test, once for each of its tiers."""

from pathlib import Path

from pytest_bdd import scenarios

scenarios(str(Path(__file__).parents[2] / "features"))
