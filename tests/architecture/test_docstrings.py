"""Every public name has a docstring, and every parameter of it is explained somewhere."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import neurochip

ROOT = Path(__file__).parents[2]
SOURCES = {
    path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
    for package in ("neurochip", "compiler")
    for path in sorted((ROOT / package).rglob("*.py"))
}
ELSEWHERE = re.compile(r"(?:[Aa]s(?:\s+for)?|[Ss]ee)\s+:(?:func|class|meth):`(\w+)`")
# Parameters that their name and type explain.
OBVIOUS = {"self", "cls", "path"}
# Beside neurochip itself. What other modules list in __all__ is for the other modules.
FRONTS = (
    "neurochip/conformance/__init__.py",
    "neurochip/frontends/brian2/__init__.py",
    "neurochip/frontends/nir/__init__.py",
    "neurochip/learning/__init__.py",
    "compiler/__init__.py",
)


def exported(tree):
    """Names in ``__all__``."""
    for node in tree.body:
        named = isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
        if named and isinstance(node.value, ast.List):  # that of neurochip is made from its table
            return set(ast.literal_eval(node.value))
    return set()


def definitions():
    """Functions, classes and public methods of all names in any ``__all__``."""
    for name, tree in SOURCES.items():
        listed = exported(tree)
        for node in tree.body:
            if not isinstance(node, (ast.FunctionDef, ast.ClassDef)) or node.name not in listed:
                continue
            yield f"{name}:{node.name}", node
            for child in node.body if isinstance(node, ast.ClassDef) else ():
                if isinstance(child, ast.FunctionDef) and not child.name.startswith("_"):
                    yield f"{name}:{node.name}.{child.name}", child


DEFINITIONS = dict(definitions())
DOCSTRINGS = {
    where.rpartition(":")[2].split(".")[-1]: ast.get_docstring(node) or ""
    for where, node in DEFINITIONS.items()
}


GENERATED = (
    "_option",
    "_metric",
)  # fields that carry their own text, from which a docstring is made


def explains_itself(field):
    """Whether it is an option of the compiler or a metric, of which the docstring is made."""
    return isinstance(field.value, ast.Call) and ast.unparse(field.value.func) in GENERATED


def parameters(node):
    """Parameters of a function, or the public fields of a dataclass."""
    if isinstance(node, ast.ClassDef):
        decorators = " ".join(ast.unparse(item) for item in node.decorator_list)
        constructors = [
            c for c in node.body if isinstance(c, ast.FunctionDef) and c.name == "__init__"
        ]
        if constructors:
            return parameters(constructors[0])
        if "dataclass" not in decorators:
            return []
        return [
            item.target.id
            for item in node.body
            if isinstance(item, ast.AnnAssign)
            and not item.target.id.startswith("_")
            and not explains_itself(item)
        ]
    arguments = node.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    every += [item for item in (arguments.vararg, arguments.kwarg) if item]
    return [item.arg for item in every if item.arg not in OBVIOUS]


def explained(docstring, depth=2):
    """The docstring and those that it points to."""
    text = docstring
    if depth:
        for match in ELSEWHERE.finditer(docstring):
            text += explained(DOCSTRINGS.get(match.group(1), ""), depth - 1)
    return text


def begins_with_a_sentence(docstring):
    """Whether the first paragraph begins and ends as a sentence does."""
    first = re.split(r"\n\s*\n", docstring)[0].rstrip()
    begun = first[:1].isupper() or first[:1].isdigit() or first[:1] in ("`", '"', "'")
    return begun and first[-1] in ".:?"


def test_every_module_says_what_it_is_for():
    silent = [name for name, tree in SOURCES.items() if not ast.get_docstring(tree)]
    assert not silent, "no docstring:\n" + "\n".join(silent)


def test_every_public_name_has_a_docstring_that_begins_with_a_sentence():
    found = {where: ast.get_docstring(node) or "" for where, node in DEFINITIONS.items()}
    wrong = [f"{w}: {text[:80]!r}" for w, text in found.items() if not begins_with_a_sentence(text)]
    assert len(found) > 500
    assert not wrong, "no docstring that begins with a sentence:\n" + "\n".join(wrong)


PUBLIC = set(neurochip.__all__).union(*(exported(SOURCES[name]) for name in FRONTS))


def unexplained(where):
    """Parameters that neither the docstring nor those that it points to mention."""
    node = DEFINITIONS[where]
    text = explained(ast.get_docstring(node) or "")
    if "." in where.partition(":")[2]:  # a method may count on the docstring of its class
        text += ast.get_docstring(DEFINITIONS[where.rpartition(".")[0]]) or ""
    return [p for p in parameters(node) if not re.search(rf"\b{re.escape(p)}s?\b", text)]


def test_every_parameter_of_a_public_name_is_explained():
    asked = [w for w in DEFINITIONS if w.partition(":")[2].partition(".")[0] in PUBLIC]
    missing = {where: unexplained(where) for where in asked}
    wrong = [f"{where}: {', '.join(names)}" for where, names in missing.items() if names]
    assert len(asked) > 200
    assert not wrong, "parameters that no docstring explains:\n" + "\n".join(wrong)
