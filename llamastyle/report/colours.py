"""Fixed colours: one a group of features and one a role, each for light and for dark paper.

Hues are Okabe and Ito's and Tol's, darkened until those of groups stand 3 to 1 against white paper.
``up`` and ``down`` are blue and orange, which say neither good nor bad and are told apart by all eyes.
``style`` and ``total`` frame other bars and stay pale. No hex is used twice, so that a drawn chart can
be recoloured for dark paper.
"""

from __future__ import annotations

__all__ = ["DARK", "LIGHT", "colour"]

_PAIRS = {
    # roles
    "ink": ("#1c2126", "#e8ebee"),
    "muted": ("#59626c", "#a3adb7"),
    "grid": ("#dde1e6", "#343c45"),
    "paper": ("#ffffff", "#15191d"),
    "plain": ("#727c87", "#8f99a4"),
    "controlled": ("#0b57a4", "#6fb5fa"),
    "down": ("#c97200", "#f2a33c"),
    "up": ("#3a66c4", "#86a9ff"),
    # groups and blocks
    "length": ("#0072b2", "#3d8fdb"),
    "markdown": ("#d55e00", "#f57c2a"),
    "arena": ("#a3541c", "#d3935f"),
    "emoji": ("#a8327f", "#e98fd0"),
    "sycophancy": ("#560d38", "#a94576"),
    "tone": ("#8a3fa0", "#c48ad6"),
    "readability": ("#1d8087", "#5cc0c6"),
    "lexical": ("#7c7a1e", "#c2bf55"),
    "refusal": ("#6b2a14", "#cf8465"),
    "correctness": ("#008f62", "#2eb87f"),
    "strength": ("#828e9b", "#d3d7db"),
    "style": ("#c9cfd5", "#59636e"),
    "total": ("#a9b0b8", "#7a848f"),
    "schedule": ("#8b7a5e", "#bfae90"),
    "prompt": ("#93693f", "#c9a077"),
    "position": ("#655a9e", "#a79de0"),
    "other": ("#7d7f82", "#a9abae"),
}

LIGHT = {name: light for name, (light, _) in _PAIRS.items()}
DARK = {name: dark for name, (_, dark) in _PAIRS.items()}


def colour(name: str) -> str:
    """The colour of a group, block or role on light paper; that of ``other`` for names not known."""
    return LIGHT.get(name, LIGHT["other"])
