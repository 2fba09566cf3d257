"""Loaded by Python itself where this folder is on PYTHONPATH: makes a function fail with all that it was given.

The function is named by the variable CANARY_BREAKS, "module:Class.method"; worker processes inherit it.
"""

import importlib.abc
import importlib.machinery
import os
import sys


class _Loader(importlib.abc.Loader):
    def __init__(self, loader, path):
        self.loader, self.path = loader, path

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        self.loader.exec_module(module)
        *owners, name = self.path.split(".")
        owner = module
        for part in owners:
            owner = getattr(owner, part)
        setattr(owner, name, _fail)


def _fail(*given, **named):
    parts = [value for one in (*given, *named.values()) for value in (one, getattr(one, "report", ""))]
    raise ValueError(" ".join(map(str, parts)))


class _Finder(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path, target=None):
        module, _, function = os.environ.get("CANARY_BREAKS", "").partition(":")
        if name != module:
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        spec.loader = _Loader(spec.loader, function)
        return spec


sys.meta_path.insert(0, _Finder())
