-- Notes, calls, e-mails, meetings, messages and visits: the timeline of the book.
CREATE VIEW v_interaction_all AS
SELECT
    t.id,
    t.uid,
    t.kind,
    t.at,
    t.direction,
    t.minutes,
    t.body,
    author.name AS author,
    t.author_id,
    opportunity.name AS opportunity,
    opportunity.kind AS opportunity_kind,
    t.opportunity_id,
    contact.name AS contact,
    t.contact_id,
    company.name AS company,
    t.company_id,
    task.name AS task,
    t.task_id,
    t.external_id,
    t.created_at,
    t.updated_at,
    t.removed_at
FROM interaction t
LEFT JOIN crm_user author ON author.id = t.author_id
LEFT JOIN opportunity ON opportunity.id = t.opportunity_id
LEFT JOIN contact ON contact.id = t.contact_id
LEFT JOIN company ON company.id = t.company_id
LEFT JOIN task ON task.id = t.task_id;

CREATE VIEW v_interaction AS SELECT * FROM v_interaction_all WHERE removed_at IS NULL;
