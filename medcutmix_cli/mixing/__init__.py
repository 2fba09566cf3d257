"""Strategies that draw a cut and paste it, in pixels and in text."""
