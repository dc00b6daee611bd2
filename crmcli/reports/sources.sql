-- Where leads and deals come from
-- of: lead, deal
-- scope: any
-- column: source text Source
-- column: leads integer Leads
-- column: open integer Open deals
-- column: won integer Won
-- column: lost integer Lost
-- column: rate percent Won of all closed
-- bars: won
-- empty: no leads or deals fit
SELECT
    g.source,
    g.leads,
    g.open_deals AS open,
    g.won,
    g.lost,
    CASE WHEN g.won + g.lost > 0 THEN (g.won * 10000 + (g.won + g.lost) / 2) / (g.won + g.lost) END AS rate
FROM (
    SELECT
        r.source_id,
        r.source,
        count(CASE WHEN r.kind = 'lead' THEN 1 END) AS leads,
        count(CASE WHEN r.kind = 'deal' AND r.status = 'open' AND r.archived_at IS NULL THEN 1 END) AS open_deals,
        count(CASE WHEN r.kind = 'deal' AND r.status = 'won' THEN 1 END) AS won,
        count(CASE WHEN r.kind = 'deal' AND r.status = 'lost' THEN 1 END) AS lost
    FROM (
        SELECT l.id, 'lead' AS kind, l.source_id, l.source, l.status, l.archived_at FROM v_lead l
        UNION ALL
        SELECT d.id, 'deal' AS kind, d.source_id, d.source, d.status, d.archived_at FROM v_deal d
    ) r
    WHERE r.id IN (SELECT id FROM chosen)
    GROUP BY r.source_id, r.source
) g
ORDER BY g.won DESC, g.leads + g.open_deals + g.lost DESC, g.source_id IS NULL, g.source_id;
