"""The Maverick-against-release analysis, on published figures and on votes."""

from __future__ import annotations

from llamastyle.llama4.analysis import MaverickAnalysis, maverick

__all__ = ["MaverickAnalysis", "maverick"]
