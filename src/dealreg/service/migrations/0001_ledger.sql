-- The ledger: one append-only table that no login may write. Every fact enters through ledger.append or ledger.append_audit.

CREATE SCHEMA ledger;

CREATE TABLE ledger.events (
    position           bigint      NOT NULL PRIMARY KEY CHECK (position > 0),
    originator_id      uuid        NOT NULL,
    originator_version bigint      NOT NULL CHECK (originator_version > 0),
    topic              text        NOT NULL,
    state              bytea       NOT NULL,
    recorded_at        timestamptz NOT NULL,
    recorded_by        text        NOT NULL,
    UNIQUE (originator_id, originator_version)
);

COMMENT ON TABLE ledger.events IS 'Every fact, in the order recorded: positions have no gaps, recorded_at grows from save to save';

-- Who follows a few kinds of fact does not read all the others.
CREATE INDEX events_by_topic ON ledger.events (topic, position);

-- Always empty, and nobody else may touch it: writers queue here and not on the table of events, where VACUUM or a new index
-- would make every writer wait.
CREATE TABLE ledger.turn ();

-- One save. `late` are the numbers of the commands that rest on a stream which has moved, or on a fact of such a command; nothing
-- of theirs is recorded and everything of the others is.
CREATE FUNCTION ledger.enter(
    cmds int[], ids uuid[], versions bigint[], topics text[], states bytea[], rcmds int[], rids uuid[], rversions bigint[],
    OUT before bigint, OUT late int[])
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    last_at timestamptz;
    at timestamptz;
    torn boolean;
    stale uuid[];
    more int[];
BEGIN
    IF current_setting('synchronous_commit') IN ('off', 'local') THEN
        RAISE 'synchronous_commit is %: a fact that was answered could be lost', current_setting('synchronous_commit')
            USING ERRCODE = '55000', HINT = 'set it to on for this login';
    END IF;
    IF current_setting('transaction_isolation') <> 'read committed' THEN
        RAISE 'the transaction is %: it would not see what was recorded meanwhile', current_setting('transaction_isolation')
            USING ERRCODE = '55000', HINT = 'append in a read committed transaction';
    END IF;
    IF NOT (cardinality(cmds) = cardinality(ids) AND cardinality(ids) = cardinality(versions)
            AND cardinality(versions) = cardinality(topics) AND cardinality(topics) = cardinality(states)
            AND cardinality(rcmds) = cardinality(rids) AND cardinality(rids) = cardinality(rversions))
        OR num_nulls(cmds, ids, versions, topics, states, rcmds, rids, rversions) > 0
        OR array_position(cmds, NULL) > 0 OR array_position(ids, NULL) > 0 OR array_position(versions, NULL) > 0
        OR array_position(rcmds, NULL) > 0 OR array_position(rids, NULL) > 0 OR array_position(rversions, NULL) > 0
    THEN
        RAISE 'the lists of a save are of one length and hold no null' USING ERRCODE = '22023';
    END IF;

    LOCK TABLE ledger.turn IN EXCLUSIVE MODE;

    -- The probe is a LATERAL with LIMIT 1: an EXISTS over a join is planned as a hash join over the whole table.
    SELECT array_agg(t.id) FILTER (WHERE h.head <> t.base),
           coalesce(bool_or(t.first_written - 1 <> t.base OR t.last_written - t.first_written + 1 <> t.written), false)
    INTO stale, torn
    FROM (
        SELECT x.id, min(x.base) AS base, min(x.v) AS first_written, max(x.v) AS last_written, count(x.v) AS written
        FROM (
            SELECT w.id, w.v - 1 AS base, w.v FROM unnest(ids, versions) AS w (id, v)
            UNION ALL
            SELECT r.id, r.v, NULL FROM unnest(rids, rversions) AS r (id, v)
        ) AS x GROUP BY x.id
    ) AS t,
    LATERAL (
        SELECT coalesce((
            SELECT e.originator_version FROM ledger.events AS e
            WHERE e.originator_id = t.id ORDER BY e.originator_version DESC LIMIT 1
        ), 0) AS head
    ) AS h;
    IF torn THEN
        RAISE 'the versions of a stream do not follow one another' USING ERRCODE = '22023';
    END IF;

    late := '{}';
    IF stale IS NOT NULL THEN
        SELECT coalesce(array_agg(DISTINCT x.c), '{}') INTO late
        FROM (
            SELECT w.c, w.id FROM unnest(cmds, ids) AS w (c, id)
            UNION ALL
            SELECT r.c, r.id FROM unnest(rcmds, rids) AS r (c, id)
        ) AS x WHERE x.id = ANY (stale);
        LOOP
            SELECT array_agg(DISTINCT x.c) INTO more
            FROM (
                SELECT w.c, w.id, w.v - 1 AS base FROM unnest(cmds, ids, versions) AS w (c, id, v)
                UNION ALL
                SELECT r.c, r.id, r.v FROM unnest(rcmds, rids, rversions) AS r (c, id, v)
            ) AS x
            JOIN (
                SELECT w.id, min(w.v) AS v FROM unnest(cmds, ids, versions) AS w (c, id, v) WHERE w.c = ANY (late) GROUP BY w.id
            ) AS lost ON lost.id = x.id AND x.base >= lost.v
            WHERE x.c <> ALL (late);
            EXIT WHEN more IS NULL;
            late := late || more;
        END LOOP;
    END IF;

    SELECT e.position, e.recorded_at INTO before, last_at FROM ledger.events AS e ORDER BY e.position DESC LIMIT 1;
    before := coalesce(before, 0);
    IF last_at > clock_timestamp() + interval '2 seconds' THEN
        RAISE 'the clock of the database is behind the ledger: % is recorded, it is %', last_at, clock_timestamp()
            USING ERRCODE = '57P03', HINT = 'set the clock of the server, then ask again';
    END IF;
    at := greatest(clock_timestamp(), last_at + interval '1 microsecond');

    INSERT INTO ledger.events (position, originator_id, originator_version, topic, state, recorded_at, recorded_by)
    SELECT before + row_number() OVER (ORDER BY u.n), u.id, u.v, u.topic, u.state, at,
           coalesce(nullif(current_setting('role'), 'none'), session_user)
    FROM unnest(cmds, ids, versions, topics, states) WITH ORDINALITY AS u (c, id, v, topic, state, n)
    WHERE u.c <> ALL (late)
    ORDER BY u.n;
    IF FOUND THEN
        NOTIFY ledger_events;
    END IF;
END
$$;

-- The only door for decisions.
CREATE FUNCTION ledger.append(
    cmds int[], ids uuid[], versions bigint[], topics text[], states bytea[], rcmds int[], rids uuid[], rversions bigint[],
    OUT before bigint, OUT late int[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM unnest(topics) AS t (topic) WHERE starts_with(t.topic, 'audit.')) THEN
        RAISE 'facts of audit enter through ledger.append_audit' USING ERRCODE = '42501';
    END IF;
    SELECT e.before, e.late INTO before, late
    FROM ledger.enter(cmds, ids, versions, topics, states, rcmds, rids, rversions) AS e;
END
$$;

-- The only door for facts about the ledger itself. It is one command: all or nothing.
CREATE FUNCTION ledger.append_audit(ids uuid[], versions bigint[], topics text[], states bytea[], OUT before bigint, OUT late int[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM unnest(topics) AS t (topic) WHERE NOT starts_with(t.topic, 'audit.')) THEN
        RAISE 'only facts of audit enter through ledger.append_audit' USING ERRCODE = '42501';
    END IF;
    SELECT e.before, e.late INTO before, late
    FROM ledger.enter(array_fill(0, ARRAY[cardinality(ids)]), ids, versions, topics, states, '{}', '{}', '{}') AS e;
END
$$;

-- The last position recorded at or before an instant; 0 before the first. Instants grow with positions, so halving finds it
-- without an index that every save would have to write.
CREATE FUNCTION ledger.position_at(moment timestamptz) RETURNS bigint
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    low bigint := 0;
    high bigint := coalesce((SELECT max(e.position) FROM ledger.events AS e), 0);
    middle bigint;
BEGIN
    WHILE low < high LOOP
        middle := (low + high + 1) / 2;
        IF (SELECT e.recorded_at FROM ledger.events AS e WHERE e.position = middle) <= moment THEN
            low := middle;
        ELSE
            high := middle - 1;
        END IF;
    END LOOP;
    RETURN low;
END
$$;

REVOKE ALL ON ALL FUNCTIONS IN SCHEMA ledger FROM PUBLIC;
GRANT USAGE ON SCHEMA ledger TO dealreg_app, dealreg_projector, dealreg_auditor;
GRANT SELECT ON ledger.events TO dealreg_app, dealreg_projector, dealreg_auditor;
GRANT EXECUTE ON FUNCTION ledger.append TO dealreg_app;
GRANT EXECUTE ON FUNCTION ledger.append_audit TO dealreg_auditor;
GRANT EXECUTE ON FUNCTION ledger.position_at TO dealreg_app, dealreg_projector, dealreg_auditor;
