"""Embeddings of whole pictures, which `--pairing nearest` ranks donors by."""
