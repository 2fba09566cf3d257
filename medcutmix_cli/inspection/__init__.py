"""Look at what a run left: summary, pair, map, schema, verification. Changes no file."""
