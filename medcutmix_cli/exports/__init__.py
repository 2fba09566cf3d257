"""A run as trainers read it: tars, tables and conversations, one file a profile. Knows no model and draws nothing."""
