"""Tasks that come again: phrases and RRULEs -> one canonical text -> the days of a series.

    every monday   every 2 weeks on fri   monthly on the last day   yearly on 12 march until 2030   FREQ=DAILY;COUNT=10

rule          the parts of an RRULE, read and written; of all rules with the same days the one that is kept
expanding     the days of its periods, in both calendars
series        the first day of a series, the next, the rest
phrases       what people write
phrase_words  its words, English and Persian
spoken        the way back

The text is an RRULE of RFC 5545; in front of it RSCALE=PERSIAN for Jalali months and years, and at its end
SKIP=BACKWARD where a month that lacks the day has its last one (RFC 7529). A series is one of days: who has a due
moment keeps the clock of the user's zone.
"""

from crmcli.domain.recurrence.phrases import parse
from crmcli.domain.recurrence.series import after_done, anchored, as_rrule, first, following, less_one, occurrences
from crmcli.domain.recurrence.spoken import spoken

__all__ = ["after_done", "anchored", "as_rrule", "first", "following", "less_one", "occurrences", "parse", "spoken"]
