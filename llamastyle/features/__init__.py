"""Texts in, numbers out."""

from llamastyle.features import catalog as catalog
