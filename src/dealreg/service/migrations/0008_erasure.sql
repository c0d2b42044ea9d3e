-- Erasure, legal holds and retention: nobody deletes what is personal but through the functions below. In the transaction that deletes
-- they look for holds, and record the fact that says what was deleted.

-- Which stream's fact named the value first, and in which program.
ALTER TABLE personal.held ADD COLUMN stream uuid, ADD COLUMN program text;

UPDATE personal.held AS h SET stream = n.stream, program = n.program
FROM (
    SELECT DISTINCT ON (r.ref) r.ref #>> '{}' AS ref, e.originator_id AS stream, j.fact -> 'meta' ->> 'program' AS program
    FROM ledger.events AS e
    CROSS JOIN LATERAL (SELECT convert_from(e.state, 'UTF8')::jsonb AS fact) AS j
    CROSS JOIN LATERAL jsonb_path_query(j.fact -> 'data', '$.**.ref') AS r (ref)
    WHERE position('"ref":'::bytea IN e.state) > 0 AND EXISTS (SELECT FROM personal.held)
    ORDER BY r.ref, e.position
) AS n WHERE n.ref = h.ref::text;

CREATE INDEX held_by_stream ON personal.held (stream);

COMMENT ON COLUMN personal.held.stream IS 'The stream of the fact that names the value';

-- A message whose bytes were erased stays as a row: its place, why it could not be decided, and SHA-256 of what it was.
ALTER TABLE intake.dead_letters ADD COLUMN redacted_at timestamptz, ADD COLUMN digest bytea CHECK (octet_length(digest) = 32);

-- ANALYZE keeps frequent values of a column in pg_statistic, where no erasure would find them. A change of type drops what is there.
ALTER TABLE personal.held ALTER COLUMN subject TYPE text, ALTER COLUMN value TYPE text, ALTER COLUMN salt TYPE bytea;
ALTER TABLE personal.held ALTER COLUMN subject SET STATISTICS 0, ALTER COLUMN value SET STATISTICS 0, ALTER COLUMN salt SET STATISTICS 0;
ALTER TABLE intake.dead_letters ALTER COLUMN bytes TYPE bytea, ALTER COLUMN headers TYPE jsonb, ALTER COLUMN detail TYPE jsonb,
    ALTER COLUMN subject TYPE text;
ALTER TABLE intake.dead_letters ALTER COLUMN bytes SET STATISTICS 0, ALTER COLUMN headers SET STATISTICS 0,
    ALTER COLUMN detail SET STATISTICS 0, ALTER COLUMN subject SET STATISTICS 0;

-- The legal holds that stand. What was placed and lifted, and why, is told by the facts.
CREATE TABLE personal.holds (
    hold      uuid        NOT NULL PRIMARY KEY,
    stream    uuid        NOT NULL UNIQUE,
    kind      text        NOT NULL CHECK (kind IN ('subject', 'deal', 'customer', 'conflict', 'program')),
    about     text        NOT NULL,
    folded    text        NOT NULL,
    salt      bytea       CHECK ((kind = 'subject') = (salt IS NOT NULL)),
    matter    text        NOT NULL,
    reason    text        NOT NULL,
    placed_by text        NOT NULL,
    placed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CHECK (kind IN ('subject', 'program') OR about = about::uuid::text)
);

COMMENT ON COLUMN personal.holds.about IS 'A person as an erasure asks for it, an id, or a program; a person''s goes with the hold';
COMMENT ON COLUMN personal.holds.salt IS 'The fact carries SHA-256(salt then about) of a person';

ALTER TABLE personal.holds ALTER COLUMN about SET STATISTICS 0, ALTER COLUMN folded SET STATISTICS 0, ALTER COLUMN reason SET STATISTICS 0;

-- The streams whose values a hold on a deal, a customer or a conflict keeps: deals, and the records of the CRM that they ride on.
-- A customer is also everyone it was ever merged with; rather too much is kept than too little.
CREATE FUNCTION personal.streams_of(kind text, about uuid) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    roots uuid[] := ARRAY[about];
    customers uuid[];
    customer uuid;
BEGIN
    IF kind = 'customer' THEN
        WITH RECURSIVE known (id) AS (
            SELECT about
            UNION
            SELECT (j.data ->> side.name)::uuid
            FROM known AS k
            JOIN ledger.events AS e ON e.originator_id = k.id AND e.topic LIKE 'customers\_merged.%'
            CROSS JOIN LATERAL (SELECT convert_from(e.state, 'UTF8')::jsonb -> 'data' AS data) AS j
            CROSS JOIN (VALUES ('absorbed'), ('into')) AS side (name)
        )
        SELECT array_agg(id) INTO customers FROM known;
        FOREACH customer IN ARRAY customers LOOP  -- Each by itself: a search for one constant is several times faster.
            roots := roots || ARRAY(
                SELECT x.id
                FROM (
                    SELECT e.originator_id, convert_from(e.state, 'UTF8')::jsonb -> 'data' AS data
                    FROM ledger.events AS e WHERE position(convert_to(customer::text, 'UTF8') IN e.state) > 0
                ) AS f
                CROSS JOIN LATERAL (
                    SELECT f.originator_id AS id
                    UNION
                    SELECT (v #>> '{}')::uuid FROM jsonb_path_query(f.data, '$.**.registration') AS v WHERE v #>> '{}' ~ '^[0-9a-f-]{36}$'
                    UNION
                    SELECT (v #>> '{}')::uuid FROM jsonb_path_query(f.data, '$.**.opportunity') AS v WHERE v #>> '{}' ~ '^[0-9a-f-]{36}$'
                ) AS x
                WHERE position(customer::text IN f.data::text) > 0
            );
        END LOOP;
    ELSIF kind = 'conflict' THEN
        SELECT array_agg((v #>> '{}')::uuid) INTO roots
        FROM ledger.events AS e, jsonb_path_query(convert_from(e.state, 'UTF8')::jsonb -> 'data', '$.**.registration') AS v
        WHERE e.originator_id = about AND v #>> '{}' ~ '^[0-9a-f-]{36}$';
    END IF;
    RETURN QUERY
        SELECT DISTINCT r.id FROM unnest(roots) AS r (id)
        UNION
        SELECT (v #>> '{}')::uuid
        FROM ledger.events AS e, jsonb_path_query(convert_from(e.state, 'UTF8')::jsonb -> 'data', '$.**.opportunity') AS v
        WHERE e.originator_id = ANY (roots) AND v #>> '{}' ~ '^[0-9a-f-]{36}$';
END
$$;

-- Every ref that the facts of some streams name.
CREATE FUNCTION personal.refs_of(streams uuid[]) RETURNS SETOF uuid
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT DISTINCT (v #>> '{}')::uuid
    FROM ledger.events AS e, jsonb_path_query(convert_from(e.state, 'UTF8')::jsonb -> 'data', '$.**.ref') AS v
    WHERE e.originator_id = ANY (streams) AND position('"ref":'::bytea IN e.state) > 0 AND v #>> '{}' ~ '^[0-9a-f-]{36}$'
$$;

-- Which holds stand over which values. A value of which it is not known what it belongs to is kept by every hold.
CREATE FUNCTION personal.holds_over(refs uuid[]) RETURNS TABLE (hold uuid, ref uuid)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    one record;
    streams uuid[];
BEGIN
    IF cardinality(refs) = 0 THEN
        RETURN;
    END IF;
    FOR one IN SELECT h.hold, h.kind, h.about, h.folded FROM personal.holds AS h LOOP
        IF one.kind = 'subject' THEN
            RETURN QUERY SELECT one.hold, p.ref FROM personal.held AS p
                WHERE p.ref = ANY (refs) AND p.subject IN (one.about, one.folded);
        ELSIF one.kind = 'program' THEN
            RETURN QUERY SELECT one.hold, p.ref FROM personal.held AS p
                WHERE p.ref = ANY (refs) AND (p.program IS NULL OR p.program = one.about);
        ELSE
            streams := ARRAY(SELECT personal.streams_of(one.kind, one.about::uuid));
            RETURN QUERY SELECT one.hold, p.ref FROM personal.held AS p
                WHERE p.ref = ANY (refs)
                AND (p.stream IS NULL OR p.stream = ANY (streams) OR p.ref IN (SELECT personal.refs_of(streams)));
        END IF;
    END LOOP;
END
$$;

-- A dead letter as text, in lower case and with its escapes resolved; null when it is no text that says whom it is about.
CREATE FUNCTION personal.told(bytes bytea, headers jsonb) RETURNS text
LANGUAGE plpgsql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RETURN lower(convert_from(bytes, 'UTF8')::jsonb::text || headers::text);
EXCEPTION WHEN data_exception OR character_not_in_repertoire OR untranslatable_character OR invalid_text_representation THEN
    RETURN NULL;
END
$$;

-- Which holds stand over which dead letters. What could not be decided cannot be shown not to concern a deal, a customer, a conflict or a
-- program; a person is mentioned, or the message cannot be read.
CREATE FUNCTION personal.holds_over_letters(letters bigint[]) RETURNS TABLE (hold uuid, letter bigint)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT h.hold, l.id
    FROM intake.dead_letters AS l, personal.holds AS h
    WHERE l.id = ANY (letters) AND l.redacted_at IS NULL AND (
        h.kind <> 'subject' OR personal.told(l.bytes, l.headers) IS NULL OR EXISTS (
            SELECT FROM (VALUES (h.about), (h.folded), (regexp_replace(h.about, '^[^:]*:', ''))) AS n (needle)
            WHERE position(lower(substr(to_jsonb(n.needle)::text, 2, length(to_jsonb(n.needle)::text) - 2))
                IN personal.told(l.bytes, l.headers)) > 0
        )
    )
$$;

-- The values whose streams have rested since an instant, of one class; with `among`, of those.
CREATE FUNCTION personal.resting(kept_class text, since timestamptz, among uuid[]) RETURNS TABLE (ref uuid)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT p.ref
    FROM personal.held AS p
    CROSS JOIN LATERAL (SELECT e.topic FROM ledger.events AS e WHERE e.originator_id = p.stream ORDER BY e.originator_version LIMIT 1) AS f
    CROSS JOIN LATERAL (
        SELECT e.recorded_at FROM ledger.events AS e WHERE e.originator_id = p.stream ORDER BY e.originator_version DESC LIMIT 1
    ) AS last
    WHERE (among IS NULL OR p.ref = ANY (among)) AND last.recorded_at < since AND p.recorded_at < since
        AND ((kept_class = 'registrations' AND f.topic LIKE 'registration\_%')
            OR (kept_class = 'opportunities' AND f.topic LIKE 'opportunity\_%'))
$$;

-- One fact of audit that is what its name says, in the transaction of what it tells.
CREATE FUNCTION personal.record(stream uuid, version bigint, topic text, state bytea) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (
        SELECT FROM ledger.append_audit(ARRAY[stream], ARRAY[version], ARRAY[topic], ARRAY[state]) AS a WHERE cardinality(a.late) > 0
    ) THEN
        RAISE 'somebody recorded in this stream meanwhile' USING ERRCODE = '40001';
    END IF;
END
$$;

CREATE FUNCTION personal.says(state bytea, field text) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$ SELECT convert_from(state, 'UTF8')::jsonb -> 'data' -> field $$;

-- Delete values with their salts, and the fact that says so. Holds that stand are answered, and nothing is done. SHARE waits for whoever
-- is placing or lifting a hold, and makes the next one wait; what follows sees what they did.
CREATE FUNCTION personal.remove(refs uuid[], letters bigint[], state bytea, OUT holds uuid[], OUT covered bigint)
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    n bigint;
BEGIN
    LOCK TABLE personal.holds IN SHARE MODE;
    SELECT array_agg(DISTINCT x.hold), count(DISTINCT x.what) INTO holds, covered
    FROM (
        SELECT o.hold, o.ref::text AS what FROM personal.holds_over(refs) AS o
        UNION ALL
        SELECT o.hold, o.letter::text FROM personal.holds_over_letters(letters) AS o
    ) AS x;
    IF holds IS NOT NULL THEN
        RETURN;
    END IF;
    IF (SELECT array_agg(v::uuid ORDER BY v) FROM jsonb_array_elements_text(personal.says(state, 'refs')) AS v)
            IS DISTINCT FROM (SELECT array_agg(v ORDER BY v::text) FROM unnest(refs) AS v)
        OR (SELECT array_agg(v::bigint ORDER BY v::bigint) FROM jsonb_array_elements_text(personal.says(state, 'letters')) AS v)
            IS DISTINCT FROM (SELECT array_agg(v ORDER BY v) FROM unnest(letters) AS v)
    THEN
        RAISE 'the fact does not say what is deleted' USING ERRCODE = '22023';
    END IF;
    DELETE FROM personal.held AS p WHERE p.ref = ANY (refs);
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n <> cardinality(refs) THEN
        RAISE 'somebody deleted some of these values meanwhile' USING ERRCODE = '40001';
    END IF;
END
$$;

-- All that is held of a person, at that person's wish or under a law; dead letters lose their bytes and stay counted.
CREATE FUNCTION personal.erase(refs uuid[], letters bigint[], stream uuid, state bytea, OUT holds uuid[], OUT covered bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    n bigint;
BEGIN
    SELECT r.holds, r.covered INTO holds, covered FROM personal.remove(refs, letters, state) AS r;
    IF holds IS NOT NULL THEN
        RETURN;
    END IF;
    UPDATE intake.dead_letters AS l SET digest = sha256(l.bytes), bytes = '', headers = '{}', detail = '{}', subject = 'erased',
        redacted_at = clock_timestamp(), resolved_at = coalesce(l.resolved_at, clock_timestamp()),
        resolution = coalesce(l.resolution, 'erased')
    WHERE l.id = ANY (letters) AND l.redacted_at IS NULL;
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n <> cardinality(letters) THEN
        RAISE 'somebody deleted some of these dead letters meanwhile' USING ERRCODE = '40001';
    END IF;
    PERFORM personal.record(stream, 1, 'audit.subject_erased.v1', state);
END
$$;

-- What was older than its class is kept.
CREATE FUNCTION personal.retire(refs uuid[], letters bigint[], stream uuid, state bytea, OUT holds uuid[], OUT covered bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    n bigint;
    kept_class text := personal.says(state, 'kept_class') #>> '{}';
    since timestamptz := (personal.says(state, 'kept_from') #>> '{}')::timestamptz;
BEGIN
    IF kept_class IS NULL OR since IS NULL OR since > clock_timestamp()
        OR (personal.says(state, 'deleted') #>> '{}')::bigint IS DISTINCT FROM cardinality(refs) + cardinality(letters)
    THEN
        RAISE 'the fact does not say what is deleted' USING ERRCODE = '22023';
    END IF;
    IF (SELECT count(*) FROM personal.resting(kept_class, since, refs)) <> cardinality(refs)
        OR (cardinality(letters) > 0 AND kept_class <> 'dead_letters')
        OR EXISTS (SELECT FROM intake.dead_letters AS l WHERE l.id = ANY (letters) AND l.recorded_at >= since)
    THEN
        RAISE 'some of these are of another class or are kept longer' USING ERRCODE = '40001';
    END IF;
    SELECT r.holds, r.covered INTO holds, covered FROM personal.remove(refs, letters, state) AS r;
    IF holds IS NOT NULL THEN
        RETURN;
    END IF;
    DELETE FROM intake.dead_letters AS l WHERE l.id = ANY (letters);
    GET DIAGNOSTICS n = ROW_COUNT;
    IF n <> cardinality(letters) THEN
        RAISE 'somebody deleted some of these dead letters meanwhile' USING ERRCODE = '40001';
    END IF;
    PERFORM personal.record(stream, 1, 'audit.retention_applied.v1', state);
END
$$;

-- A hold and its fact, together.
CREATE FUNCTION personal.place_hold(
    hold uuid, stream uuid, kind text, about text, folded text, salt bytea, matter text, reason text, placed_by text, state bytea)
RETURNS void LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    told constant text := CASE WHEN kind = 'subject' THEN encode(sha256(salt || convert_to(about, 'UTF8')), 'hex') ELSE about END;
BEGIN
    IF personal.says(state, 'hold') IS DISTINCT FROM to_jsonb(hold) OR personal.says(state, 'kind') IS DISTINCT FROM to_jsonb(kind)
        OR personal.says(state, 'matter') IS DISTINCT FROM to_jsonb(matter) OR personal.says(state, 'about') IS DISTINCT FROM to_jsonb(told)
    THEN
        RAISE 'the fact does not say which hold is placed' USING ERRCODE = '22023';
    END IF;
    INSERT INTO personal.holds (hold, stream, kind, about, folded, salt, matter, reason, placed_by)
    VALUES (hold, stream, kind, about, folded, salt, matter, reason, placed_by);
    PERFORM personal.record(stream, 1, 'audit.hold_placed.v1', state);
END
$$;

CREATE FUNCTION personal.lift_hold(hold uuid, state bytea) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    lifted record;
BEGIN
    DELETE FROM personal.holds AS h WHERE h.hold = lift_hold.hold RETURNING h.stream, h.matter INTO lifted;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF personal.says(state, 'hold') IS DISTINCT FROM to_jsonb(hold) OR personal.says(state, 'matter') IS DISTINCT FROM to_jsonb(lifted.matter) THEN
        RAISE 'the fact does not say which hold is lifted' USING ERRCODE = '22023';
    END IF;
    PERFORM personal.record(lifted.stream, 2, 'audit.hold_lifted.v1', state);
    RETURN true;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA personal FROM PUBLIC;
REVOKE DELETE ON personal.held FROM dealreg_app, dealreg_auditor;
REVOKE UPDATE, DELETE ON intake.dead_letters FROM dealreg_app;
GRANT UPDATE (attempts, replayed_at, resolved_at, resolution) ON intake.dead_letters TO dealreg_app;
GRANT SELECT (ref, subject, stream, program, recorded_at) ON personal.held TO dealreg_auditor;
GRANT SELECT ON personal.holds TO dealreg_app, dealreg_auditor;
GRANT EXECUTE ON FUNCTION personal.streams_of, personal.refs_of, personal.holds_over, personal.told, personal.holds_over_letters,
    personal.resting TO dealreg_app, dealreg_auditor;
GRANT EXECUTE ON FUNCTION personal.erase, personal.place_hold, personal.lift_hold TO dealreg_auditor;
GRANT EXECUTE ON FUNCTION personal.retire TO dealreg_app, dealreg_auditor;
