-- What happened, and with whom: interactions, stages that leads and deals went through, and that they were won, lost,
-- reopened, converted or merged into another one. `entity` and `id` name the row it comes from: in v_interaction,
-- v_stage_move or v_history. Whoever entered what happened at another time (an import, say) is not its author. CROSS
-- JOIN: SQLite is to come from the few leads and deals asked for, not from all that the journal knows.
CREATE VIEW v_timeline AS
SELECT
    'interaction' AS entity,
    t.id,
    t.at,
    t.kind,
    t.body,
    t.direction,
    t.minutes,
    CAST(NULL AS varchar) AS old_value,
    CAST(NULL AS varchar) AS new_value,
    CAST(NULL AS bigint) AS seconds,
    author.name AS author,
    opportunity.name AS opportunity,
    opportunity.kind AS opportunity_kind,
    t.opportunity_id,
    contact.name AS contact,
    t.contact_id,
    company.name AS company,
    t.company_id
FROM interaction t
LEFT JOIN crm_user author ON author.id = t.author_id
LEFT JOIN opportunity ON opportunity.id = t.opportunity_id
LEFT JOIN contact ON contact.id = t.contact_id
LEFT JOIN company ON company.id = t.company_id
WHERE t.removed_at IS NULL
UNION ALL
SELECT
    'stage_move',
    t.id,
    t.left_at,
    CAST('stage' AS varchar),
    CAST(NULL AS varchar),
    CAST(NULL AS varchar),
    CAST(NULL AS integer),
    stage.name,
    (
        SELECT entered.name FROM stage entered
        WHERE entered.id = coalesce(
            (
                SELECT n.stage_id FROM stage_move n
                WHERE n.opportunity_id = t.opportunity_id AND (n.left_at, n.id) > (t.left_at, t.id)
                ORDER BY n.left_at, n.id LIMIT 1
            ),
            opportunity.stage_id
        )
    ),
    t.seconds,
    (
        SELECT min(batch.actor) FROM journal
        JOIN journal_tx ON journal_tx.seq = journal.seq
        JOIN batch ON batch.id = journal_tx.batch_id
        WHERE journal.entity = 'stage_move' AND journal.record_id = t.id AND journal_tx.at = t.left_at
    ),
    opportunity.name,
    opportunity.kind,
    opportunity.id,
    contact.name,
    opportunity.contact_id,
    company.name,
    opportunity.company_id
FROM stage_move t
JOIN opportunity ON opportunity.id = t.opportunity_id
LEFT JOIN stage ON stage.id = t.stage_id
LEFT JOIN contact ON contact.id = opportunity.contact_id
LEFT JOIN company ON company.id = opportunity.company_id
UNION ALL
SELECT
    'history',
    t.id,
    coalesce(
        CASE event.name
            WHEN 'closed' THEN json_instant(t.after, 'closed_at')
            WHEN 'converted' THEN json_instant(t.after, 'converted_at')
        END,
        journal_tx.at
    ),
    CAST(
        CASE
            WHEN event.name <> 'closed' THEN event.name
            WHEN json_text(t.after, 'status') = 'open' THEN 'reopened'
            ELSE json_text(t.after, 'status')
        END AS varchar
    ),
    CASE event.name WHEN 'closed' THEN lost_reason.name END,
    CAST(NULL AS varchar),
    CAST(NULL AS integer),
    CAST(
        CASE event.name
            WHEN 'closed' THEN json_text(t.before, 'status')
            WHEN 'converted' THEN 'lead'
            ELSE opportunity.name
        END AS varchar
    ),
    CAST(
        CASE event.name
            WHEN 'closed' THEN json_text(t.after, 'status')
            WHEN 'converted' THEN 'deal'
            ELSE merged.name
        END AS varchar
    ),
    CAST(NULL AS bigint),
    CASE
        WHEN
            coalesce(
                CASE event.name
                    WHEN 'closed' THEN json_instant(t.after, 'closed_at')
                    WHEN 'converted' THEN json_instant(t.after, 'converted_at')
                END,
                journal_tx.at
            ) = journal_tx.at
            THEN batch.actor
    END,
    opportunity.name,
    opportunity.kind,
    opportunity.id,
    contact.name,
    opportunity.contact_id,
    company.name,
    opportunity.company_id
FROM opportunity
CROSS JOIN journal t
JOIN journal_tx ON journal_tx.seq = t.seq
JOIN batch ON batch.id = journal_tx.batch_id
CROSS JOIN (SELECT 'closed' AS name UNION ALL SELECT 'converted' UNION ALL SELECT 'merged') event
LEFT JOIN lost_reason ON lost_reason.id = CAST(json_text(t.after, 'lost_reason_id') AS bigint)
LEFT JOIN opportunity merged ON merged.id = CAST(json_text(t.after, 'merged_into_id') AS bigint)
LEFT JOIN contact ON contact.id = opportunity.contact_id
LEFT JOIN company ON company.id = opportunity.company_id
WHERE t.entity = 'opportunity'
    AND t.record_id = opportunity.id
    -- What was taken back, with its batch or alone, did not happen.
    AND batch.undoes IS NULL
    AND batch.undone_by IS NULL
    AND NOT EXISTS (SELECT 1 FROM batch part WHERE part.undoes_seq = t.seq AND part.undone_by IS NULL)
    AND CASE event.name
        WHEN 'closed' THEN json_text(t.after, 'status') IS NOT NULL
        WHEN 'converted' THEN json_text(t.after, 'converted_at') IS NOT NULL
        -- Not where the one that it was merged into was merged itself. In books from before `undoes_seq` a merge may
        -- have come apart by a batch like any other: the one that stands is that by which it was removed.
        ELSE merged.id IS NOT NULL AND json_text(t.before, 'merged_into_id') IS NULL
            AND opportunity.merged_into_id IS NOT NULL
            AND json_instant(t.after, 'removed_at') = opportunity.removed_at
    END;
