-- People. Removed ones included; v_contact leaves them out.
CREATE VIEW v_contact_all AS
SELECT
    t.id,
    t.uid,
    t.name,
    company.name AS company,
    t.company_id,
    t.job_title,
    t.email,
    t.phone,
    t.phone_key AS phone_e164,
    t.mobile,
    t.mobile_key AS mobile_e164,
    t.website,
    t.street,
    t.city,
    t.region,
    t.postal_code,
    t.country,
    t.birthday,
    t.language,
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
    field(contact.owed_since) AS owed_since,
    field(contact.waiting_since) AS waiting_since,
    t.created_at,
    t.updated_at,
    t.archived_at,
    t.removed_at,
    merged.name AS merged_into,
    t.merged_into_id,
    t.vcard,
    t.custom
FROM contact t
LEFT JOIN company ON company.id = t.company_id
LEFT JOIN crm_user owner ON owner.id = t.owner_id
LEFT JOIN source ON source.id = t.source_id
LEFT JOIN medium ON medium.id = t.medium_id
LEFT JOIN campaign ON campaign.id = t.campaign_id
LEFT JOIN contact merged ON merged.id = t.merged_into_id;

CREATE VIEW v_contact AS SELECT * FROM v_contact_all WHERE removed_at IS NULL;
