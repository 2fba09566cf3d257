"""From planned pairs to the rows of one shard: read, encode, gate, mix. Knows no engine."""
