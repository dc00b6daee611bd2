-- Pipelines, their stages, and the stages that leads and deals have left.
CREATE VIEW v_pipeline AS
SELECT t.id, t.uid, t.name, t.position, t.created_at, t.updated_at FROM pipeline t;

-- Stages that were removed included; v_stage leaves them out.
CREATE VIEW v_stage_all AS
SELECT
    t.id,
    t.uid,
    t.name,
    pipeline.name AS pipeline,
    t.pipeline_id,
    t.position,
    t.probability_bp,
    t.is_won,
    t.folded,
    t.rot_days,
    t.requirements,
    t.created_at,
    t.updated_at,
    t.removed_at
FROM stage t
LEFT JOIN pipeline ON pipeline.id = t.pipeline_id;

CREATE VIEW v_stage AS SELECT * FROM v_stage_all WHERE removed_at IS NULL;

CREATE VIEW v_stage_move AS
SELECT
    t.id,
    opportunity.name AS opportunity,
    opportunity.kind AS opportunity_kind,
    t.opportunity_id,
    stage.name AS stage,
    t.stage_id,
    t.entered_at,
    t.left_at,
    t.seconds
FROM stage_move t
LEFT JOIN opportunity ON opportunity.id = t.opportunity_id
LEFT JOIN stage ON stage.id = t.stage_id;
