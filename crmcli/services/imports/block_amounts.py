"""The amounts of a block: in minor units, in one currency a row; what comes every month is recurring revenue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crmcli.domain.types import Money
from crmcli.services.imports import columns as reading
from crmcli.services.imports.columns import Problem
from crmcli.services.imports.endings import plan_of
from crmcli.services.imports.roles import PERIOD, ROLES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from crmcli.domain.fields import Entity
    from crmcli.domain.types import Env
    from crmcli.services.imports.blocks import Block
    from crmcli.services.imports.columns import Problems
    from crmcli.services.imports.emptying import Emptying
    from crmcli.services.imports.mapping import Mapped


class Amounts:
    """Reads the amounts of blocks. `by` is the columns of the file by field and role, `envs` the habits of each."""

    def __init__(
        self,
        kind: Entity,
        by: Mapping[str, Sequence[Mapped]],
        envs: Mapping[int, Env],
        env: Env,
        emptying: Emptying,
    ) -> None:
        self._by, self._envs, self._env, self._emptying = by, envs, env, emptying
        fields = [(some[0], kind.field(to)) for to, some in by.items() if to not in ROLES and to != "tags"]
        self._amounts = [(column, field) for column, field in fields if isinstance(field.type, Money)]

    def read(self, block: Block, turned: list[list[str]], bad: Problems) -> None:
        """The amounts and currencies of a block, of which `turned` has the cells column by column."""
        if not self._amounts:
            return
        codes = block.columns.get("currency")
        settled: list[str | None] = list(codes) if codes else [None] * len(block)
        beside = next((turned[column.place] for column in self._by.get("currency", ())), None)
        for column, field in self._amounts:
            env = reading.at_home(self._envs.get(column.place, self._env), column.unit)
            cells = reading.in_unit(turned[column.place], column.unit, beside)
            minors, found = reading.amounts(cells, codes, env, column.header, bad)
            block.columns[field.column] = minors
            for row, code in enumerate(found):
                if code and settled[row] and settled[row] != code:
                    bad.setdefault(
                        row,
                        Problem(column.header, turned[column.place][row], f"{code} beside {settled[row]} in one row"),
                    )
                elif code:
                    settled[row] = code
        block.columns["currency"] = settled
        for column in self._by.get(PERIOD, ()) if "value_minor" in block.columns else ():
            self._recurring(block, turned[column.place])

    def _recurring(self, block: Block, periods: Sequence[str]) -> None:
        """Values that come every month, quarter or year are recurring revenue and no value."""
        none: list[Any] = [None] * len(block)
        plans, value = [plan_of(word) for word in periods], block.columns["value_minor"]
        given = [block.columns.get(name) or none for name in ("recurring_minor", "plan")]
        rows = list(zip(plans, value, *given, strict=True))
        block.columns["recurring_minor"] = [minor if plan and minor else own for plan, minor, own, _ in rows]
        block.columns["plan"] = [plan if plan and minor else own for plan, minor, _, own in rows]
        block.columns["value_minor"] = [None if plan else minor for plan, minor, _, _ in rows]

    def of_row(self, block: Block, row: int, currency: str) -> dict[str, Any]:
        """The amounts of a row and their currency by column, for a record in that currency: 200 in a file that names
        no currency is 200 of the record's own."""
        found: dict[str, Any] = {
            f.column: m for _, f in self._amounts if (m := block.columns[f.column][row]) is not None
        }
        if not found:
            return {}
        if currency and not any(found.values()):
            return {**found, "currency": currency}  # nothing is as much in every currency
        settled = block.columns["currency"][row]
        for column in self._by.get("currency", ()):
            if column.fixed or self._cell(block, row, column)[0].strip():
                return {**found, "currency": settled}
        own: Problems = {}
        again: dict[str, Any] = {}
        for column, field in self._amounts:
            env = self._envs.get(column.place, self._env)
            cells = reading.in_unit(self._cell(block, row, column), column.unit)
            minors, codes = reading.amounts(cells, [currency], env, column.header, own)
            if minors[0] is not None and codes[0] == currency:
                again[field.column] = minors[0]
        return again if not own and again.keys() == found.keys() else {**found, "currency": settled}

    def _cell(self, block: Block, row: int, column: Mapped) -> list[str]:
        return self._emptying.again(column.place, [block.cells[row][column.place]])
