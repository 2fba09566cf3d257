"""What is never called in the package, whatever it is called by: what runs text as code, or a shell."""

import ast
import re

import pytest

from tests import syntax

FORBIDDEN = re.compile(
    r"^(eval|exec|compile|__import__|os\.(system|popen|exec\w*|spawn\w*)|subprocess\.(getoutput|getstatusoutput)"
    r"|(c|_)?pickle\.\w+|marshal\.\w+|shelve\.\w+|dill\.\w+|joblib\.(load|dump)|cloudpickle\.\w+"
    r"|yaml\.(load|unsafe_load|full_load)|pd\.read_pickle|\w+\.read_pickle|runpy\.\w+|code\.\w+)$"
)

MAY = {
    ("pairing/packing.py", "pickle.loads"): "what this process or its worker has packed, in memory",
    (
        "pairing/shared_studies.py",
        "pickle.loads",
    ): "memory without a name, filled by the parent of who reads it",
    ("pairing/shared_studies.py", "pickle.dump"): "the same",
    ("exports/profiles/carzero.py", "pickle.dumps"): "an empty list: the file is what its trainer opens",
    ("testing/contract.py", "pickle.loads"): "what it has just written, to see whether a part can be sent",
    ("testing/contract.py", "pickle.dumps"): "the same",
    (
        "encoders/clip_text.py",
        "AutoTokenizer.from_pretrained",
    ): "code of a model only where its user trusts it",
    ("encoders/clip_folder.py", "AutoModel.from_pretrained"): "the same",
}
"""Calls that stay, and why nothing that others wrote gets there."""


def calls(tree):
    """Yield (name, call) of each call; a method of an object has the object's name before it."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def keyword(call, name):
    return next((ast.unparse(one.value) for one in call.keywords if one.arg == name), "")


def forbidden(tree):
    """Yield what a module calls that runs text as code."""
    for name, call in calls(tree):
        loads = re.search(r"(^|\.)torch\.load$", name)
        if (
            FORBIDDEN.match(name)
            or (loads and keyword(call, "weights_only") != "True")
            or (name in ("np.load", "numpy.load") and keyword(call, "allow_pickle") != "False")
            or keyword(call, "shell") not in ("", "False")
            or keyword(call, "trust_remote_code") not in ("", "False")
        ):
            yield name


def test_only_what_is_declared_is_called():
    found = {(path, name) for path, tree in syntax.trees().items() for name in forbidden(tree)}
    assert found == set(MAY)


@pytest.mark.parametrize(
    "source",
    [
        "eval('1')",
        "exec(text)",
        "pickle.load(file)",
        "os.system('ls')",
        "subprocess.run('ls', shell=True)",
        "torch.load(path)",
        "torch.load(path, weights_only=False)",
        "np.load(path)",
        "np.load(path, allow_pickle=True)",
        "yaml.load(text)",
        "AutoModel.from_pretrained(name, trust_remote_code=True)",
    ],
)
def test_what_runs_text_as_code_would_be_seen(source):
    assert list(forbidden(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "torch.load(path, weights_only=True)",
        "model.eval()",
        "np.load(path, allow_pickle=False)",
        "re.compile('a')",
    ],
)
def test_what_is_harmless_is_not(source):
    assert not list(forbidden(ast.parse(source)))


def test_nobody_calls_them_by_another_name():
    hidden = {
        (path, alias.name)
        for path, tree in syntax.trees().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        and node.module in ("pickle", "os", "subprocess", "marshal", "torch", "numpy")
        for alias in node.names
        if alias.name in ("loads", "load", "Unpickler", "system", "popen", "run", "Popen", "getoutput")
    }
    assert hidden == set()


def test_no_model_of_spacy_is_downloaded():
    """Names of scispaCy's models on PyPI are placeholders of others: models are read from folders only."""
    called = {name for tree in syntax.trees().values() for name, _ in calls(tree)}
    assert not {name for name in called if name.endswith((".download", "cli.download"))}
