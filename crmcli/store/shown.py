"""Records as a question showed them, so that its yes changes nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from crmcli.errors import ConflictError
from crmcli.store import read

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crmcli.store.connect import Connection

#: Of the records in a conflict, so many are named.
MOST_NAMED = 20


class Shown:
    """The versions that records had when they were shown."""

    def __init__(self) -> None:
        #: (table, record) -> the entity it was shown as and its version then
        self._seen: dict[tuple[str, int], tuple[str, int]] = {}

    def __bool__(self) -> bool:
        return bool(self._seen)

    def __contains__(self, key: tuple[str, int]) -> bool:
        return key in self._seen

    def copy(self) -> Shown:
        other = Shown()
        other._seen.update(self._seen)
        return other

    def add(self, table: str, entity: str, seen: Mapping[int, int]) -> None:
        """Records (id -> version) of a table, as they were shown."""
        self._seen.update({(table, number): (entity, version) for number, version in seen.items()})

    def drop(self, table: str, number: int) -> None:
        """Compare a record no longer."""
        self._seen.pop((table, number), None)

    def check(self, connection: Connection) -> None:
        """That they all stand as they did. Raises ConflictError naming those that were changed or taken away."""
        by_table: dict[str, list[int]] = {}
        for table, number in self._seen:
            by_table.setdefault(table, []).append(number)
        now = {table: read.versions(connection, table, ids) for table, ids in by_table.items()}
        differ = [key for key, (_, version) in self._seen.items() if now[key[0]].get(key[1]) != version]
        if not differ:
            return
        lines = []
        for table, number in differ[:MOST_NAMED]:
            entity = self._seen[table, number][0]
            row = read.raw(connection, table, [number]).get(number)
            state = " (gone)" if row is None else " (removed)" if row.get("removed_at") else ""
            lines.append(f"\n  {entity}:{number}" + (f" {row['name']}" if row and row.get("name") else "") + state)
        more = "\n  ..." if len(differ) > MOST_NAMED else ""
        raise ConflictError(
            f"changed since they were shown, so nothing was changed:{''.join(lines)}{more}",
            "look at them and give the command again",
        )
