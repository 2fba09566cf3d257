"""What a run would take in pairs, bytes and time, before it is made."""
