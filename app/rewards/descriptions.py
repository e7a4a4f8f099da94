"""Descriptions of the parameters of a reward: the docstrings under its fields, read from its source."""

import ast
import inspect
from itertools import pairwise
from textwrap import dedent
from typing import Any

from app.rewards.base import Params


def described(params: type[Params]) -> dict[str, Any]:
    """The JSON Schema of some parameters; a field without a description of its own has its docstring."""
    schema = params.model_json_schema()
    docs = {field: doc for owner in reversed(params.__mro__) for field, doc in _docstrings(owner).items()}
    for field, shown in schema.get("properties", {}).items():
        if field in docs:
            shown.setdefault("description", docs[field])
    return schema


def _docstrings(owner: type) -> dict[str, str]:
    """By field; none where the source is not at hand."""
    if owner is Params or not issubclass(owner, Params):
        return {}
    try:
        tree = ast.parse(dedent(inspect.getsource(owner)))
    except (OSError, TypeError, SyntaxError):
        return {}
    found: dict[str, str] = {}
    body = [statement for node in tree.body if isinstance(node, ast.ClassDef) for statement in node.body]
    for field, below in pairwise(body):
        match field, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(doc))):
                found[name] = inspect.cleandoc(doc)
            case _:
                pass
    return found
