-- Tasks, open and done. Removed ones included; v_task leaves them out.
CREATE VIEW v_task_all AS
SELECT
    t.id,
    t.uid,
    t.name,
    task_type.name AS type,
    t.type_id,
    t.due_on,
    t.due_at,
    t.minutes,
    t.priority,
    t.place,
    t.remind,
    t.repeat,
    t.repeat_from,
    t.series_on,
    t.series_time,
    t.series_zone,
    t.series_skips,
    owner.name AS owner,
    t.owner_id,
    delegator.name AS delegated_by,
    t.delegated_by_id,
    opportunity.name AS opportunity,
    opportunity.kind AS opportunity_kind,
    t.opportunity_id,
    contact.name AS contact,
    t.contact_id,
    company.name AS company,
    t.company_id,
    t.attendees,
    before.name AS follows,
    t.follows_id,
    trigger.name AS triggered_by,
    t.triggered_by_id,
    (SELECT count(*) FROM task_need n JOIN task k ON k.id = n.needs_id
        WHERE n.task_id = t.id AND coalesce(k.done_at, k.removed_at) IS NULL) AS blocked_by,
    (SELECT count(*) FROM task_need n JOIN task k ON k.id = n.task_id
        WHERE n.needs_id = t.id AND coalesce(k.done_at, k.removed_at) IS NULL) AS blocks,
    t.description,
    t.external_id,
    t.done_at,
    t.feedback,
    t.created_at,
    t.updated_at,
    t.removed_at,
    t.ical,
    t.custom
FROM task t
LEFT JOIN task_type ON task_type.id = t.type_id
LEFT JOIN crm_user owner ON owner.id = t.owner_id
LEFT JOIN crm_user delegator ON delegator.id = t.delegated_by_id
LEFT JOIN task before ON before.id = t.follows_id
LEFT JOIN task trigger ON trigger.id = t.triggered_by_id
LEFT JOIN opportunity ON opportunity.id = t.opportunity_id
LEFT JOIN contact ON contact.id = t.contact_id
LEFT JOIN company ON company.id = t.company_id;

CREATE VIEW v_task AS SELECT * FROM v_task_all WHERE removed_at IS NULL;
