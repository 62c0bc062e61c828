"""Presales Monitor: times every unanswered buyer and alerts people while the buyer is still there."""

__version__ = "0.1.0"
