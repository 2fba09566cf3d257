"""One thorax brought onto another: where the lungs lie in a picture, and which place of it is which of the other.

Knows no report, no map and no strategy of mixing: pixels in, places out.
"""
