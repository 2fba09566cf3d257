"""A run on disk: its folder, its files, its shards, and what their state adds up to."""
