-- Deals: sales in the making, won or lost. Removed ones included; v_deal leaves them out.
CREATE VIEW v_deal_all AS
SELECT
    t.id,
    t.uid,
    t.name,
    company.name AS company,
    t.company_id,
    contact.name AS contact,
    t.contact_id,
    t.company_name,
    t.contact_name,
    t.status,
    stage.name AS stage,
    t.stage_id,
    stage.position AS stage_position,
    pipeline.name AS pipeline,
    t.pipeline_id,
    owner.name AS owner,
    t.owner_id,
    t.value_minor,
    t.currency,
    t.probability_bp,
    t.probability_manual,
    t.probability_kept_bp,
    t.value_minor / 10000 * t.probability_bp
        + (t.value_minor % 10000 * t.probability_bp + CASE WHEN t.value_minor < 0 THEN -5000 ELSE 5000 END) / 10000
        AS weighted_minor,
    t.close_on,
    t.recurring_minor,
    t.plan,
    CASE t.plan
        WHEN 'quarterly' THEN t.recurring_minor / 3
            + (t.recurring_minor % 3 * 2 + CASE WHEN t.recurring_minor < 0 THEN -3 ELSE 3 END) / 6
        WHEN 'yearly' THEN t.recurring_minor / 12
            + (t.recurring_minor % 12 * 2 + CASE WHEN t.recurring_minor < 0 THEN -12 ELSE 12 END) / 24
        WHEN '3 years' THEN t.recurring_minor / 36
            + (t.recurring_minor % 36 * 2 + CASE WHEN t.recurring_minor < 0 THEN -36 ELSE 36 END) / 72
        WHEN '5 years' THEN t.recurring_minor / 60
            + (t.recurring_minor % 60 * 2 + CASE WHEN t.recurring_minor < 0 THEN -60 ELSE 60 END) / 120
        ELSE t.recurring_minor
    END AS mrr_minor,
    source.name AS source,
    t.source_id,
    medium.name AS medium,
    t.medium_id,
    campaign.name AS campaign,
    t.campaign_id,
    t.referred_by,
    t.priority,
    lost_reason.name AS lost_reason,
    t.lost_reason_id,
    t.email,
    t.phone,
    t.phone_key AS phone_e164,
    t.job_title,
    t.website,
    t.street,
    t.city,
    t.region,
    t.postal_code,
    t.country,
    t.description,
    t.external_id,
    t.next_due,
    (
        SELECT k.name FROM task k
        WHERE k.opportunity_id = t.id AND coalesce(k.done_at, k.removed_at) IS NULL
        ORDER BY
            CASE WHEN k.due_on IS NULL THEN 1 ELSE 0 END, k.due_on,
            CASE WHEN k.due_at IS NULL THEN 1 ELSE 0 END, k.due_at, k.id
        LIMIT 1
    ) AS next_task,
    (
        SELECT min(k.due_on) FROM task k
        WHERE k.opportunity_id = t.id AND coalesce(k.done_at, k.removed_at) IS NULL AND k.due_at IS NULL
    ) AS next_due_on,
    (
        SELECT min(k.due_at) FROM task k
        WHERE k.opportunity_id = t.id AND coalesce(k.done_at, k.removed_at) IS NULL
    ) AS next_due_at,
    t.open_tasks,
    t.last_touch,
    t.last_in,
    t.last_out,
    field(deal.owed_since) AS owed_since,
    field(deal.waiting_since) AS waiting_since,
    t.stage_since,
    t.assigned_at,
    t.converted_at,
    t.closed_at,
    t.position,
    t.created_at,
    t.updated_at,
    t.archived_at,
    t.removed_at,
    merged.name AS merged_into,
    merged.kind AS merged_into_kind,
    t.merged_into_id,
    t.custom
FROM opportunity t
LEFT JOIN stage ON stage.id = t.stage_id
LEFT JOIN pipeline ON pipeline.id = t.pipeline_id
LEFT JOIN crm_user owner ON owner.id = t.owner_id
LEFT JOIN source ON source.id = t.source_id
LEFT JOIN medium ON medium.id = t.medium_id
LEFT JOIN campaign ON campaign.id = t.campaign_id
LEFT JOIN opportunity merged ON merged.id = t.merged_into_id
LEFT JOIN lost_reason ON lost_reason.id = t.lost_reason_id
LEFT JOIN company ON company.id = t.company_id
LEFT JOIN contact ON contact.id = t.contact_id
WHERE t.kind = 'deal';

CREATE VIEW v_deal AS SELECT * FROM v_deal_all WHERE removed_at IS NULL;
