"""Scores: how each platform counts the same chat, and the figures of the floor, from one log."""
