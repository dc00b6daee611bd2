-- The work of `crm import FILE --as lead` in SQL alone, for the sqlite3 shell: staging, checks, normalising, match keys,
-- sources and tags, leads, journal, and (through the triggers of the schema) the word index. Run in the folder of
-- `import.csv`, on an empty book:  sqlite3 book.db < import_floor.sql
.bail on
PRAGMA foreign_keys = ON;
PRAGMA synchronous = FULL;
PRAGMA cache_size = -65536;
PRAGMA temp_store = MEMORY;
CREATE TEMP TABLE staged (
    name TEXT, company TEXT, email TEXT, phone TEXT, title TEXT, city TEXT, country TEXT, source TEXT, value TEXT,
    currency TEXT, tags TEXT, about TEXT
);
.mode csv
.import --skip 1 --schema temp import.csv staged
.mode list

CREATE TEMP TABLE checked AS
SELECT
    s.rowid AS line,
    trim(s.name) AS name,
    nullif(trim(s.company), '') AS company,
    nullif(lower(trim(s.email)), '') AS email,
    nullif(trim(s.phone), '') AS phone,
    nullif(replace(replace(replace(replace(trim(s.phone), ' ', ''), '-', ''), '(', ''), ')', ''), '') AS phone_key,
    nullif(trim(s.title), '') AS title,
    nullif(trim(s.city), '') AS city,
    nullif(trim(s.country), '') AS country,
    nullif(trim(s.source), '') AS source,
    CASE WHEN instr(s.value, '.') > 0 THEN CAST(replace(s.value, '.', '') AS INTEGER) ELSE CAST(s.value AS INTEGER) * 100 END AS value_minor,
    upper(trim(s.currency)) AS currency,
    nullif(trim(s.tags), '') AS tags,
    nullif(trim(s.about), '') AS about,
    CASE
        WHEN trim(s.name) = '' THEN 'no name'
        WHEN s.email <> '' AND (s.email NOT LIKE '%_@_%._%' OR s.email GLOB '*[ ,;<>()]*') THEN 'not an e-mail address'
        WHEN s.phone <> '' AND s.phone NOT GLOB '+[1-9]*' THEN 'not a telephone number'
        WHEN s.value <> '' AND s.value GLOB '*[^0-9.]*' THEN 'not an amount'
        WHEN length(s.currency) <> 3 THEN 'not a currency'
    END AS fault
FROM staged s;
CREATE INDEX temp.checked_email ON checked (email);
CREATE INDEX temp.checked_phone ON checked (phone_key);

BEGIN IMMEDIATE;
INSERT INTO source (uid, name, name_key, created_at, updated_at, version)
SELECT lower(hex(randomblob(16))), source, lower(source), '2026-11-21T10:00:00.000Z', '2026-11-21T10:00:00.000Z', 1
FROM (SELECT DISTINCT source FROM checked WHERE source IS NOT NULL AND fault IS NULL)
WHERE lower(source) NOT IN (SELECT name_key FROM source);
CREATE TEMP TABLE labels AS
SELECT c.line, lower(trim(j.value)) AS name_key, trim(j.value) AS name
FROM checked c, json_each('["' || replace(replace(c.tags, '"', '\"'), ';', '","') || '"]') j
WHERE c.tags IS NOT NULL AND c.fault IS NULL;
INSERT INTO tag (uid, name, name_key, created_at, updated_at, version)
SELECT lower(hex(randomblob(16))), name, name_key, '2026-11-21T10:00:00.000Z', '2026-11-21T10:00:00.000Z', 1
FROM (SELECT DISTINCT name, name_key FROM labels) WHERE name_key NOT IN (SELECT name_key FROM tag);

CREATE INDEX temp.labels_line ON labels (line);
CREATE TEMP TABLE fresh AS
SELECT
    c.*,
    (SELECT coalesce(max(id), 0) FROM opportunity) + row_number() OVER (ORDER BY c.line) AS id,
    (SELECT s.id FROM source s WHERE s.name_key = lower(c.source)) AS source_id,
    (SELECT group_concat(t.id, ',') FROM labels l JOIN tag t ON t.name_key = l.name_key WHERE l.line = c.line) AS tag_ids
FROM checked c
WHERE c.fault IS NULL
    AND NOT EXISTS (SELECT 1 FROM opportunity o WHERE o.email_key = c.email AND o.kind = 'lead')
    AND NOT EXISTS (SELECT 1 FROM opportunity o WHERE o.phone_key = c.phone_key AND o.kind = 'lead')
    AND NOT EXISTS (SELECT 1 FROM checked d WHERE d.email = c.email AND d.line < c.line)
    AND NOT EXISTS (SELECT 1 FROM checked d WHERE d.phone_key = c.phone_key AND d.line < c.line);

INSERT INTO opportunity (
    id, uid, kind, name, name_key, company_name, company_name_key, email, email_key, phone, phone_key, job_title,
    job_title_key, city, city_key, country, country_key, source_id, value_minor, currency, description, description_key,
    search_text, pipeline_id, stage_id, stage_since, status, probability_bp, probability_manual, priority, position,
    created_at, updated_at, version
)
SELECT
    f.id, lower(hex(randomblob(16))), 'lead', f.name, lower(f.name), f.company, lower(f.company), f.email, f.email,
    f.phone, f.phone_key, f.title, lower(f.title), f.city, lower(f.city), f.country, lower(f.country), f.source_id,
    f.value_minor, f.currency, f.about, lower(f.about),
    lower(f.name || ' ' || f.company || ' ' || f.email || ' ' || f.phone_key || ' ' || f.phone || ' ' || f.city || ' ' || f.about),
    s.pipeline_id, s.id, '2026-11-21T10:00:00.000Z', 'open', s.probability_bp, 0, 0, 0, '2026-11-21T10:00:00.000Z',
    '2026-11-21T10:00:00.000Z', 1
FROM fresh f, (SELECT id, pipeline_id, probability_bp FROM stage ORDER BY position LIMIT 1) s;
INSERT INTO opportunity_tag (record_id, tag_id)
SELECT DISTINCT f.id, t.id FROM fresh f JOIN labels l ON l.line = f.line JOIN tag t ON t.name_key = l.name_key;

INSERT INTO batch (at, actor, source, command) VALUES ('2026-11-21T10:00:00.000Z', 'grace', 'import', 'import');
INSERT INTO journal_tx (seq, batch_id, at, count, hash)
SELECT h.seq + 1, (SELECT max(id) FROM batch), '2026-11-21T10:00:00.000Z', (SELECT count(*) FROM fresh), '' FROM journal_head h;
INSERT INTO journal (seq, entity, record_id, after, digest)
SELECT seq, 'opportunity', id, after, lower(hex(sha3('opportunity' || char(10) || id || char(10) || after, 256)))
FROM (
    SELECT
        (SELECT seq + 1 FROM journal_head) AS seq,
        o.id,
        json_object(
            'city', o.city, 'company_name', o.company_name, 'country', o.country, 'created_at', o.created_at, 'currency', o.currency,
            'description', o.description, 'email', o.email, 'job_title', o.job_title, 'kind', o.kind, 'name', o.name,
            'phone', o.phone, 'pipeline_id', o.pipeline_id, 'probability_bp', o.probability_bp, 'source_id', o.source_id,
            'stage_id', o.stage_id, 'stage_since', o.stage_since, 'tags', json('[' || coalesce(f.tag_ids, '') || ']'),
            'uid', o.uid, 'updated_at', o.updated_at, 'value_minor', o.value_minor
        ) AS after
    FROM fresh f JOIN opportunity o ON o.id = f.id
);
UPDATE journal_tx SET hash = (
    SELECT lower(hex(sha3(h.hash || (SELECT group_concat(digest, '') FROM journal WHERE seq = h.seq + 1), 256))) FROM journal_head h
) WHERE seq = (SELECT seq + 1 FROM journal_head);
UPDATE journal_head SET hash = (SELECT hash FROM journal_tx WHERE seq = journal_head.seq + 1), seq = seq + 1;
COMMIT;
SELECT (SELECT count(*) FROM fresh) || ' added, ' || (SELECT count(*) FROM checked WHERE fault IS NOT NULL) || ' refused';
