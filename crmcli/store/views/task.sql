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
    owner.name AS owner,
    t.owner_id,
    opportunity.name AS opportunity,
    opportunity.kind AS opportunity_kind,
    t.opportunity_id,
    contact.name AS contact,
    t.contact_id,
    company.name AS company,
    t.company_id,
    t.description,
    t.external_id,
    t.done_at,
    t.feedback,
    t.created_at,
    t.updated_at,
    t.removed_at,
    t.custom
FROM task t
LEFT JOIN task_type ON task_type.id = t.type_id
LEFT JOIN crm_user owner ON owner.id = t.owner_id
LEFT JOIN opportunity ON opportunity.id = t.opportunity_id
LEFT JOIN contact ON contact.id = t.contact_id
LEFT JOIN company ON company.id = t.company_id;

CREATE VIEW v_task AS SELECT * FROM v_task_all WHERE removed_at IS NULL;
