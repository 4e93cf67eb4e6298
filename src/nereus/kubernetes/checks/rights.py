"""Roles: nothing is given to everybody or over everything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nereus.kubernetes.checks.objects import Fault, Object, name

#: Who would be everybody.
_EVERYBODY = {"system:authenticated", "system:unauthenticated", "system:serviceaccounts", "system:masters"}
#: Verbs by which somebody gets more rights than they were given.
_CLIMBING = {"escalate", "bind", "impersonate"}


def faults(objects: Iterable[Object]) -> Iterator[Fault]:
    """Wildcards, bindings to everybody or to cluster-admin, and verbs that lead further."""
    for one in objects:
        if one["kind"] in {"Role", "ClusterRole"}:
            for rule in one.get("rules") or []:
                yield from _rule(one, rule)
        elif one["kind"] in {"RoleBinding", "ClusterRoleBinding"}:
            if one["roleRef"]["name"] in {"cluster-admin", "admin"}:
                yield Fault(name(one), f"it binds {one['roleRef']['name']}.", "Bind a role with the rights it needs.")
            for subject in one.get("subjects") or []:
                if subject["name"] in _EVERYBODY:
                    yield Fault(name(one), f"it binds {subject['name']}: everybody.", "Name an account.")


def _rule(one: Object, rule: Object) -> Iterator[Fault]:
    for field in ("apiGroups", "resources", "verbs", "nonResourceURLs"):
        if any("*" in str(each) for each in rule.get(field) or []):
            yield Fault(name(one), f"{field} has a wildcard.", "List what it needs.")
    climbing = _CLIMBING.intersection(rule.get("verbs") or [])
    if climbing:
        yield Fault(name(one), f"it may {', '.join(sorted(climbing))}.", "Remove the verb.")
    reads = {"get", "list", "watch"}.intersection(rule.get("verbs") or [])
    if one["kind"] == "ClusterRole" and "secrets" in (rule.get("resources") or []) and reads:
        yield Fault(name(one), "it reads Secrets of every namespace.", "Use a Role in the one namespace.")
