-- How far deals came
-- of: deal
-- scope: any
-- column: pipeline text Pipeline
-- column: stage text Stage
-- column: deals integer Deals
-- column: here integer Here now
-- column: won integer Won
-- column: lost integer Lost
-- column: rate percent Won of all closed
-- column: days days Average days
-- bars: deals
-- empty: no deals fit
SELECT
    s.pipeline,
    s.name AS stage,
    coalesce(g.deals, 0) AS deals,
    coalesce(g.here, 0) AS here,
    coalesce(g.won, 0) AS won,
    coalesce(g.lost, 0) AS lost,
    CASE WHEN g.won + g.lost > 0 THEN (g.won * 10000 + (g.won + g.lost) / 2) / (g.won + g.lost) END AS rate,
    t.days
FROM v_stage_all s
JOIN v_pipeline p ON p.id = s.pipeline_id
LEFT JOIN (
    SELECT
        r.stage_id,
        count(*) AS deals,
        count(CASE WHEN r.status = 'open' AND r.archived_at IS NULL AND r.stands_in = r.stage_id THEN 1 END) AS here,
        count(CASE WHEN r.status = 'won' THEN 1 END) AS won,
        count(CASE WHEN r.status = 'lost' THEN 1 END) AS lost
    FROM (
        -- A deal was in the stages that it left and is in the one where it stands; a stage that it skipped has no row.
        SELECT d.id, d.stage_id, d.stage_id AS stands_in, d.status, d.archived_at
        FROM v_deal d
        WHERE d.id IN (SELECT id FROM chosen)
        UNION
        SELECT d.id, m.stage_id, d.stage_id AS stands_in, d.status, d.archived_at
        FROM v_stage_move m
        JOIN v_deal d ON d.id = m.opportunity_id
        WHERE d.id IN (SELECT id FROM chosen)
    ) r
    GROUP BY r.stage_id
) g ON g.stage_id = s.id
LEFT JOIN (
    -- The mean of the stays that are over, rounded half up.
    SELECT
        m.stage_id,
        (CAST(sum(m.seconds) AS bigint) + 43200 * count(*)) / (86400 * count(*)) AS days
    FROM v_stage_move m
    JOIN v_deal d ON d.id = m.opportunity_id
    WHERE d.id IN (SELECT id FROM chosen)
    GROUP BY m.stage_id
) t ON t.stage_id = s.id
-- A stage that was removed shows while deals have been in it.
WHERE (s.removed_at IS NULL OR g.deals > 0)
    AND s.pipeline_id IN (SELECT d.pipeline_id FROM v_deal d WHERE d.id IN (SELECT id FROM chosen))
ORDER BY p.position, p.id, s.position, s.id;
