"""Where shards are rendered: this process, actors of a Ray cluster, tasks of a Slurm array. Knows no pixel."""
