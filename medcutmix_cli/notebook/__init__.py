"""A run, its shards and its pairs as objects that a notebook shows by themselves. Changes no file."""
