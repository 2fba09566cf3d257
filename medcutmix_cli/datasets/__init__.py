"""How a data set looks on disk, turned into `Study` records; one file per kind."""
