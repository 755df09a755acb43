# SPDX-License-Identifier: MIT
"""A validator for the part of JSON Schema (draft-07) that berth writes. A
keyword that it does not know is an error, so that nothing is passed over."""

import re

_ANNOTATIONS = {"$schema", "title", "description", "default", "definitions"}
_TYPES = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
    "number": lambda value: _is_number(value),
    "integer": lambda value: _is_number(value) and value == int(value),
}


def _is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _is_equal(one, other):
    """1 and 1.0 are the same, 1 and true are not."""
    return one == other and isinstance(one, bool) == isinstance(other, bool)


def _length(value, kind):
    return len(value) if isinstance(value, kind) else None


class Schema:
    def __init__(self, schema):
        self.root = schema

    def errors(self, value):
        """What is wrong with the value: none if it is valid."""
        return list(self._check(self.root, value, "#"))

    def is_valid(self, value):
        return not self.errors(value)

    def _check(self, schema, value, where):
        if "$ref" in schema:
            assert set(schema) == {"$ref"}, "all beside $ref is ignored"
            name = schema["$ref"].removeprefix("#/definitions/")
            yield from self._check(self.root["definitions"][name], value,
                                   where)
            return
        for keyword, argument in schema.items():
            if keyword in _ANNOTATIONS or keyword == "then":
                continue
            check = getattr(self, "_" + keyword)
            yield from check(argument, value, where, schema)

    @staticmethod
    def _tell(is_wrong, where, what):
        if is_wrong:
            yield f"{where}: {what}"

    def _type(self, names, value, where, _):
        names = [names] if isinstance(names, str) else names
        yield from self._tell(not any(_TYPES[name](value) for name in names),
                              where, f"must be {' or '.join(names)}")

    def _enum(self, values, value, where, _):
        yield from self._tell(not any(_is_equal(value, one) for one in values),
                              where, f"must be one of {values}")

    def _pattern(self, pattern, value, where, _):
        yield from self._tell(isinstance(value, str) and
                              not re.search(pattern, value), where,
                              f"must match {pattern}")

    def _minimum(self, bound, value, where, _):
        yield from self._tell(_is_number(value) and value < bound, where,
                              f"must be at least {bound}")

    def _maximum(self, bound, value, where, _):
        yield from self._tell(_is_number(value) and value > bound, where,
                              f"must be at most {bound}")

    def _count(self, value, kind, where, low=0, high=float("inf")):
        length = _length(value, kind)
        yield from self._tell(length is not None and
                              not low <= length <= high, where,
                              f"must have {low} to {high}")

    def _minLength(self, bound, value, where, _):
        yield from self._count(value, str, where, low=bound)

    def _maxLength(self, bound, value, where, _):
        yield from self._count(value, str, where, high=bound)

    def _minItems(self, bound, value, where, _):
        yield from self._count(value, list, where, low=bound)

    def _maxItems(self, bound, value, where, _):
        yield from self._count(value, list, where, high=bound)

    def _minProperties(self, bound, value, where, _):
        yield from self._count(value, dict, where, low=bound)

    def _maxProperties(self, bound, value, where, _):
        yield from self._count(value, dict, where, high=bound)

    def _required(self, names, value, where, _):
        for name in names if isinstance(value, dict) else ():
            yield from self._tell(name not in value, where, f"needs {name}")

    def _properties(self, schemas, value, where, _):
        for name, schema in schemas.items():
            if isinstance(value, dict) and name in value:
                yield from self._check(schema, value[name], f"{where}/{name}")

    def _additionalProperties(self, schema, value, where, parent):
        known = parent.get("properties", {})
        for name in value if isinstance(value, dict) else ():
            if name in known:
                continue
            if schema is False:
                yield f"{where}: unknown key {name}"
            else:
                yield from self._check(schema, value[name], f"{where}/{name}")

    def _items(self, schema, value, where, _):
        for index, item in enumerate(value if isinstance(value, list) else ()):
            yield from self._check(schema, item, f"{where}/{index}")

    def _anyOf(self, schemas, value, where, _):
        found = [list(self._check(schema, value, where)) for schema in schemas]
        yield from self._tell(all(found), where, f"is none of {found}")

    def _allOf(self, schemas, value, where, _):
        for schema in schemas:
            yield from self._check(schema, value, where)

    def _if(self, schema, value, where, parent):
        if not list(self._check(schema, value, where)):
            yield from self._check(parent["then"], value, where)
