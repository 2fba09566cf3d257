"""What the sample data set is made of: its patients and studies, picture files, tables and true masks."""

from medcutmix_cli.system.socketless_imports import load_urllib3

load_urllib3()  # before pydicom does
