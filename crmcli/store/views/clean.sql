-- What keeps a book clean: fields of its own, rules of 'crm doctor' and how the book did, pairs that are not the same.
CREATE VIEW v_custom_field_all AS
SELECT
    t.id, t.uid, t.name, t.entity, t.type, t.label, t.help, t.options, t.created_at, t.updated_at, t.removed_at
FROM custom_field t;
CREATE VIEW v_custom_field AS SELECT * FROM v_custom_field_all WHERE removed_at IS NULL;
CREATE VIEW v_doctor_rule AS
SELECT t.id, t.uid, t.name, t.entity, t.filter, t.advice, t.created_at, t.updated_at FROM doctor_rule t;
CREATE VIEW v_doctor_score AS SELECT t.day, t.records, t.faulty FROM doctor_score t;
CREATE VIEW v_company_distinct AS
SELECT t.id, record.name AS record, t.record_id, other.name AS other, t.other_id, t.created_at
FROM company_distinct t
LEFT JOIN company record ON record.id = t.record_id
LEFT JOIN company other ON other.id = t.other_id;
CREATE VIEW v_contact_distinct AS
SELECT t.id, record.name AS record, t.record_id, other.name AS other, t.other_id, t.created_at
FROM contact_distinct t
LEFT JOIN contact record ON record.id = t.record_id
LEFT JOIN contact other ON other.id = t.other_id;
CREATE VIEW v_opportunity_distinct AS
SELECT
    t.id,
    record.name AS record,
    record.kind AS record_kind,
    t.record_id,
    other.name AS other,
    other.kind AS other_kind,
    t.other_id,
    t.created_at
FROM opportunity_distinct t
LEFT JOIN opportunity record ON record.id = t.record_id
LEFT JOIN opportunity other ON other.id = t.other_id;
