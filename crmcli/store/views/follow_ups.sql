-- Around tasks and touches: what tasks need, plans, days of the year, rhythms, calendar feeds, what became of reminders.
CREATE VIEW v_task_need AS
SELECT t.id, task.name AS task, t.task_id, needs.name AS needs, t.needs_id, t.created_at
FROM task_need t
LEFT JOIN task ON task.id = t.task_id
LEFT JOIN task needs ON needs.id = t.needs_id;
CREATE VIEW v_plan AS SELECT t.id, t.uid, t.name, t.created_at, t.updated_at FROM plan t;
CREATE VIEW v_plan_step AS
SELECT
    t.id,
    t.uid,
    plan.name AS plan,
    t.plan_id,
    t.position,
    t.name,
    task_type.name AS type,
    t.type_id,
    t.offset_days AS due,
    t.minutes,
    t.who,
    assignee.name AS assignee,
    t.assignee_id,
    t.description,
    t.created_at,
    t.updated_at
FROM plan_step t
LEFT JOIN plan ON plan.id = t.plan_id
LEFT JOIN task_type ON task_type.id = t.type_id
LEFT JOIN crm_user assignee ON assignee.id = t.assignee_id;
CREATE VIEW v_occasion AS
SELECT
    t.id,
    t.uid,
    t.name,
    contact.name AS contact,
    t.contact_id,
    company.name AS company,
    t.company_id,
    t.on_day,
    t.calendar,
    t.year_known,
    t.created_at,
    t.updated_at
FROM occasion t
LEFT JOIN contact ON contact.id = t.contact_id
LEFT JOIN company ON company.id = t.company_id;
CREATE VIEW v_rhythm_rule AS
SELECT t.id, t.uid, t.name, t.entity, t.filter, t.days, t.created_at, t.updated_at FROM rhythm_rule t;
CREATE VIEW v_feed AS
SELECT
    t.id,
    t.uid,
    t.name,
    owner.name AS owner,
    t.owner_id,
    t.filter,
    t.kind,
    t.token_hash,
    t.created_at,
    t.updated_at
FROM feed t
LEFT JOIN crm_user owner ON owner.id = t.owner_id;
CREATE VIEW v_reminder AS
SELECT
    t.id,
    task.name AS task,
    task.id AS task_id,
    t.at,
    t.channel,
    t.state,
    t.claimed_at,
    t.claimed_by,
    t.sent_at,
    t.tries,
    t.detail
FROM reminder t
LEFT JOIN task ON task.uid = t.task_uid;
