"""Who may use the workbench, and what they may do there: tokens that are kept as argon2 hashes only."""

from __future__ import annotations

import hashlib
import re
import secrets
from dataclasses import dataclass

import sqlalchemy as sa

from leadterm.decisions.database import ACCOUNT, reading, writing
from leadterm.decisions.decision_store import DecisionStore, now
from leadterm.errors import LeadtermError, unknown_name

__all__ = ["ROLES", "Accounts", "Person"]

ROLES = ("coder", "auditor", "admin")
"""A coder codes; an auditor also adjudicates and sees figures and reads of all; an admin also invites."""
RESERVED = frozenset(["agreement"])  # by whom an encounter closes on which all agree
NAME = re.compile(r"[\w.@-]{1,60}")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a role."""

    name: str
    role: str = "coder"

    @property
    def audits(self) -> bool:
        """Whether they see what others decided, and decide between them."""
        return self.role in ("auditor", "admin")


class Accounts:
    """The people of a store. A token is ``NAME:SECRET``; who was let in once is known again without hashing."""

    def __init__(self, store: DecisionStore) -> None:
        self.store = store
        self._known: set[str] = set()

    def invite(self, name: str, role: str = "coder") -> str:
        """Make a token for somebody; an earlier one of theirs holds no longer."""
        from argon2 import PasswordHasher

        if role not in ROLES:
            raise unknown_name("role", role, ROLES)
        if not NAME.fullmatch(name) or name in RESERVED:
            raise LeadtermError(f"'{name[:20]}' cannot be a name.", hint="Letters, digits and . @ _ - only.")
        secret = secrets.token_urlsafe(24)
        row = {"name": name, "role": role, "secret": PasswordHasher().hash(secret), "made": now()}
        with writing(self.store.engine) as connection:
            connection.execute(sa.delete(ACCOUNT).where(ACCOUNT.c.name == name))
            connection.execute(sa.insert(ACCOUNT).values(row))
        return f"{name}:{secret}"

    def count(self) -> int:
        """Tell how many people have a token."""
        with reading(self.store.engine) as connection:
            return int(connection.execute(sa.select(sa.func.count()).select_from(ACCOUNT)).scalar_one())

    def person(self, token: str, *, slow: bool = True) -> Person | None:
        """Tell whose a token is; None if nobody's.

        ``slow``: verify one that was not let in before. A token that was replaced, by whichever process, holds no
        longer.
        """
        name, _, secret = token.partition(":")
        if not NAME.fullmatch(name) or not secret:
            return None
        with reading(self.store.engine) as connection:
            row = connection.execute(sa.select(ACCOUNT).where(ACCOUNT.c.name == name)).mappings().first()
        if row is None:
            return None
        mark = hashlib.sha256(f"{token} {row['secret']}".encode()).hexdigest()
        if mark not in self._known:
            if not slow or not _verified(str(row["secret"]), secret):
                return None
            self._known.add(mark)
        return Person(str(row["name"]), str(row["role"]))


def _verified(kept: str, secret: str) -> bool:
    from argon2 import PasswordHasher
    from argon2.exceptions import VerificationError

    try:
        return PasswordHasher().verify(kept, secret)
    except VerificationError:
        return False
