-- What was carried out of the house: to which witness, time-stamp authority or subject of the broker, up to which size, and what
-- stands in the way. One row changes each time; no proof rests on it.
CREATE TABLE seal.carried (
    errand   text        NOT NULL CHECK (errand IN ('witness', 'stamp', 'broker')),
    taker    text        NOT NULL,
    origin   text        NOT NULL,
    size     bigint      NOT NULL CHECK (size >= 0),
    done_at  timestamptz,
    tried_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    trouble  text,
    PRIMARY KEY (errand, taker, origin)
);

COMMENT ON TABLE seal.carried IS 'How far checkpoints are outside: the newest size that each taker has, and since when';
COMMENT ON COLUMN seal.carried.trouble IS 'Why the last try did not do; null when it did';

GRANT SELECT ON seal.carried TO dealreg_sealer, dealreg_app, dealreg_auditor, dealreg_projector, dealreg_watcher;
GRANT INSERT, UPDATE ON seal.carried TO dealreg_sealer;
