-- Companies and organisations. Removed ones included; v_company leaves them out.
CREATE VIEW v_company_all AS
SELECT
    t.id,
    t.uid,
    t.name,
    parent.name AS parent,
    t.parent_id,
    t.domain,
    t.website,
    t.email,
    t.phone,
    t.phone_key AS phone_e164,
    t.industry,
    t.employees,
    t.revenue_minor,
    t.currency,
    t.street,
    t.city,
    t.region,
    t.postal_code,
    t.country,
    owner.name AS owner,
    t.owner_id,
    source.name AS source,
    t.source_id,
    medium.name AS medium,
    t.medium_id,
    campaign.name AS campaign,
    t.campaign_id,
    t.description,
    t.external_id,
    t.rhythm_days AS rhythm,
    t.touch_from,
    t.last_touch,
    t.last_in,
    t.last_out,
    field(company.owed_since) AS owed_since,
    field(company.waiting_since) AS waiting_since,
    t.created_at,
    t.updated_at,
    t.archived_at,
    t.removed_at,
    merged.name AS merged_into,
    t.merged_into_id,
    t.vcard,
    t.custom
FROM company t
LEFT JOIN company parent ON parent.id = t.parent_id
LEFT JOIN crm_user owner ON owner.id = t.owner_id
LEFT JOIN source ON source.id = t.source_id
LEFT JOIN medium ON medium.id = t.medium_id
LEFT JOIN campaign ON campaign.id = t.campaign_id
LEFT JOIN company merged ON merged.id = t.merged_into_id;

CREATE VIEW v_company AS SELECT * FROM v_company_all WHERE removed_at IS NULL;
