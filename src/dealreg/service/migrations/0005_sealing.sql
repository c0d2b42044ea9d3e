-- The seal: what the sealer's signed tree says of the ledger. The proofs stand on these tables and on no trust in them: whoever
-- keeps one checkpoint elsewhere can convict them.

-- 32 random bytes beside every fact. A fact is proved by its digest with the salt, so that a redacted one cannot be guessed. Nobody
-- sets it and it is never destroyed.
ALTER TABLE ledger.events ADD COLUMN salt bytea NOT NULL
    DEFAULT sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) CHECK (octet_length(salt) = 32);

CREATE SCHEMA seal;

CREATE TABLE seal.checkpoints (
    origin    text        NOT NULL,
    size      bigint      NOT NULL CHECK (size >= 0),
    root      bytea       NOT NULL CHECK (octet_length(root) = 32),
    note      text        NOT NULL,
    sealed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (origin, size)
);

COMMENT ON TABLE seal.checkpoints IS 'C2SP signed checkpoints: the root of the tree over the positions 1 to size';

-- Full tiles only, 256 hashes of 32 bytes; the ragged rest is made of the rows anew.
CREATE TABLE seal.tiles (
    origin text     NOT NULL,
    level  smallint NOT NULL CHECK (level >= 0),
    tile   bigint   NOT NULL CHECK (tile >= 0),
    hashes bytea    NOT NULL CHECK (octet_length(hashes) = 8192),
    PRIMARY KEY (origin, level, tile)
);

COMMENT ON TABLE seal.tiles IS 'C2SP tlog-tiles: level 0 holds the hashes of the leaves, leaf i is position i + 1';

CREATE TABLE seal.cosignatures (
    origin       text        NOT NULL,
    size         bigint      NOT NULL,
    witness      text        NOT NULL,
    line         text        NOT NULL,
    cosigned_at  timestamptz NOT NULL,
    PRIMARY KEY (origin, size, witness),
    FOREIGN KEY (origin, size) REFERENCES seal.checkpoints
);

COMMENT ON COLUMN seal.cosignatures.line IS 'The signature line of the note as the witness gave it';

CREATE TABLE seal.tokens (
    origin     text        NOT NULL,
    size       bigint      NOT NULL,
    authority  text        NOT NULL,
    token      bytea       NOT NULL,
    stamped_at timestamptz NOT NULL,
    PRIMARY KEY (origin, size, authority),
    FOREIGN KEY (origin, size) REFERENCES seal.checkpoints
);

COMMENT ON COLUMN seal.tokens.token IS 'RFC 3161, over the body of the checkpoint';

-- How the sealer is: the only row of the seal that changes, and no proof rests on it.
CREATE TABLE seal.standing (
    origin  text        NOT NULL PRIMARY KEY,
    size    bigint      NOT NULL,
    beat_at timestamptz NOT NULL,
    halted  text
);

COMMENT ON COLUMN seal.standing.halted IS 'Why the sealer goes no further; null while it does';

GRANT USAGE ON SCHEMA ledger TO dealreg_sealer, dealreg_watcher;
GRANT SELECT ON ledger.events TO dealreg_sealer, dealreg_watcher;
GRANT EXECUTE ON FUNCTION ledger.append_audit TO dealreg_sealer, dealreg_watcher;
GRANT EXECUTE ON FUNCTION ledger.position_at TO dealreg_sealer;
GRANT USAGE ON SCHEMA seal TO dealreg_sealer, dealreg_app, dealreg_auditor, dealreg_projector, dealreg_watcher;
GRANT SELECT ON ALL TABLES IN SCHEMA seal TO dealreg_sealer, dealreg_app, dealreg_auditor, dealreg_projector, dealreg_watcher;
GRANT INSERT ON ALL TABLES IN SCHEMA seal TO dealreg_sealer;
GRANT UPDATE ON seal.standing TO dealreg_sealer;
