"""What the sample data set is made of: its patients and studies, picture files, tables and true masks."""
