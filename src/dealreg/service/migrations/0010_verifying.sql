-- Whether personal values are still what their facts name: an auditor reads the digests and not the values.
CREATE FUNCTION personal.digests(after uuid, most int, OUT ref uuid, OUT digest text) RETURNS SETOF record
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
    SELECT h.ref, encode(sha256(h.salt || convert_to(h.value, 'UTF8')), 'hex')
    FROM personal.held AS h
    WHERE after IS NULL OR h.ref > after
    ORDER BY h.ref
    LIMIT most
$$;

REVOKE ALL ON FUNCTION personal.digests FROM PUBLIC;
GRANT EXECUTE ON FUNCTION personal.digests TO dealreg_auditor;
