"""Tasks that come again: phrases and RRULEs -> one canonical text -> the days of a series.

    every monday   every 2 weeks on fri   monthly on the last day   yearly on 12 march until 2030   FREQ=DAILY;COUNT=10

rule          the parts of an RRULE, read and written; of all rules with the same days the one that is kept
expanding     the days of its periods, in both calendars
series        the first day of a series, the next, the rest
phrases       what people write
phrase_words  its words, English and Persian
spoken        the way back

The text is an RRULE of RFC 5545; in front of it RSCALE=PERSIAN for Jalali months and years, and at its end
SKIP=BACKWARD where a month that lacks the day has its last one (RFC 7529). A rule is one of days; a task that is due at
a moment keeps, beside it, the clock and the zone of its series (`Series`).
"""

from crmcli.domain.recurrence.phrases import parse
from crmcli.domain.recurrence.series import (
    Series,
    after_done,
    anchored,
    as_rrule,
    first,
    fitting,
    following,
    less_one,
    moved,
    occurrences,
    shifted,
)
from crmcli.domain.recurrence.spoken import spoken

__all__ = [
    "Series", "after_done", "anchored", "as_rrule", "first", "fitting", "following", "less_one", "moved", "occurrences",
    "parse", "shifted", "spoken",
]  # fmt: skip
