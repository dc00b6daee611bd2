-- Won and lost deals by the month of closing
-- of: deal
-- scope: any
-- periods: month 12
-- column: month text Month
-- column: won integer Won
-- column: lost integer Lost
-- column: rate percent Won of all closed
-- bars: won
-- empty: no deals were closed
SELECT
    m.label AS month,
    m.won,
    m.lost,
    CASE WHEN m.won + m.lost > 0 THEN (m.won * 10000 + (m.won + m.lost) / 2) / (m.won + m.lost) END AS rate
FROM (
    SELECT
        period.number,
        period.label,
        count(CASE WHEN d.status = 'won' THEN 1 END) AS won,
        count(CASE WHEN d.status = 'lost' THEN 1 END) AS lost
    FROM period
    LEFT JOIN v_deal d
        ON d.closed_at >= period.start_at AND d.closed_at < period.end_at AND d.id IN (SELECT id FROM chosen)
    GROUP BY period.number, period.label
) m
ORDER BY m.number;
