"""Recipes: one whole experiment as YAML, presets and flags, resolved and checked."""

from attncli.recipe.library import Preset, packaged, preset, preset_names, recipe_names
from attncli.recipe.recipe import SECTIONS, Recipe, section_class

__all__ = [
    "SECTIONS",
    "Preset",
    "Recipe",
    "packaged",
    "preset",
    "preset_names",
    "recipe_names",
    "section_class",
]
