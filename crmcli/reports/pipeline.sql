-- Open deals by stage
-- of: deal
-- column: pipeline text Pipeline
-- column: stage text Stage
-- column: currency text Currency
-- column: count integer Deals
-- column: value money Value
-- column: weighted money Weighted
-- column: age days Average days in stage
-- bars: value
-- empty: no deals fit
SELECT
    s.pipeline,
    s.name AS stage,
    g.currency,
    coalesce(g.deals, 0) AS count,
    g.value_minor AS value,
    g.weighted_minor AS weighted
FROM v_stage s
JOIN v_pipeline p ON p.id = s.pipeline_id
LEFT JOIN (
    SELECT
        d.stage_id,
        d.currency,
        count(*) AS deals,
        sum(d.value_minor) AS value_minor,
        sum(d.weighted_minor) AS weighted_minor
    FROM v_deal d
    WHERE d.id IN (SELECT id FROM chosen)
    GROUP BY d.stage_id, d.currency
) g ON g.stage_id = s.id
-- Stages where nothing stands show where the pipeline is thin; a won stage holds no open deal anyway.
WHERE g.deals IS NOT NULL
    OR (s.is_won IS NOT TRUE AND s.pipeline_id IN (SELECT d.pipeline_id FROM v_deal d WHERE d.id IN (SELECT id FROM chosen)))
ORDER BY p.position, p.id, s.position, s.id, g.deals DESC, g.currency IS NULL, g.currency;
-- since: age
SELECT d.pipeline, d.stage, d.currency, d.stage_since
FROM v_deal d
WHERE d.id IN (SELECT id FROM chosen) AND d.stage_since IS NOT NULL;
