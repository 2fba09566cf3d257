"""The rules that cut a mask out of a map, one a file. None takes what lies above half of the map's own range.

That rule, found in published code, selects half of the picture on pure noise.
"""
