"""The built-in export profiles, one file each. Entry points name them."""
