"""Is everything here that a run needs? Software, machine, models, data, output folder, and what to do."""
