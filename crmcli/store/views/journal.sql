-- Who changed what, when: one row a changed record; the columns before and after are JSON.
CREATE VIEW v_history AS
SELECT
    journal.id,
    journal.seq,
    journal_tx.batch_id AS batch,
    journal_tx.at,
    batch.actor,
    batch.source,
    batch.command,
    journal.entity,
    journal.record_id,
    journal.before,
    journal.after
FROM journal
LEFT JOIN journal_tx ON journal_tx.seq = journal.seq
LEFT JOIN batch ON batch.id = journal_tx.batch_id;
