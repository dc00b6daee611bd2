-- The small vocabularies.
CREATE VIEW v_source AS SELECT t.id, t.uid, t.name, t.created_at, t.updated_at FROM source t;
CREATE VIEW v_medium AS SELECT t.id, t.uid, t.name, t.created_at, t.updated_at FROM medium t;
CREATE VIEW v_campaign AS SELECT t.id, t.uid, t.name, t.created_at, t.updated_at FROM campaign t;
CREATE VIEW v_lost_reason AS SELECT t.id, t.uid, t.name, t.created_at, t.updated_at FROM lost_reason t;
CREATE VIEW v_task_type AS
SELECT
    t.id,
    t.uid,
    t.name,
    t.delay,
    t.delay_from,
    t.summary,
    t.minutes,
    next.name AS next_type,
    t.next_type_id,
    t.next_mode,
    t.counts_as,
    t.created_at,
    t.updated_at
FROM task_type t
LEFT JOIN task_type next ON next.id = t.next_type_id;
CREATE VIEW v_tag AS
SELECT
    t.id,
    t.uid,
    t.name,
    t.colour,
    (SELECT count(*) FROM opportunity_tag x WHERE x.tag_id = t.id) AS opportunities,
    (SELECT count(*) FROM contact_tag x WHERE x.tag_id = t.id) AS contacts,
    (SELECT count(*) FROM company_tag x WHERE x.tag_id = t.id) AS companies,
    (SELECT count(*) FROM task_tag x WHERE x.tag_id = t.id) AS tasks,
    t.created_at,
    t.updated_at
FROM tag t;
CREATE VIEW v_user AS
SELECT t.id, t.uid, t.name, t.full_name, t.email, t.active, t.created_at, t.updated_at FROM crm_user t;
CREATE VIEW v_saved_view AS
SELECT t.id, t.uid, t.name, t.entity, t.filter, t.columns, t.sort, t.created_at, t.updated_at FROM saved_view t;
