"""Frozen models that say where in a picture a sentence is."""
