"""From settings to the parts a run is made of: built, opened, found where they are now."""
