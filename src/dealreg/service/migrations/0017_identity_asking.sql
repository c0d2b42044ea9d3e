-- Up to where the customers were looked through for those that nobody compared when they were opened (ROE-24).

CREATE TABLE identity.looked_through (
    one      boolean     NOT NULL PRIMARY KEY DEFAULT true CHECK (one),
    position bigint      NOT NULL,
    at       timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE identity.looked_through IS 'One row; put back to 0 everybody is looked through again, and nobody is asked twice';

GRANT SELECT, INSERT, UPDATE ON identity.looked_through TO dealreg_app;
GRANT SELECT ON identity.looked_through TO dealreg_auditor;
