-- What a partner is asked: whether it takes a further partner, unnamed (`holder`), or whether it joins (`joiner`).
CREATE TABLE my_joinings (
    reader       uuid        NOT NULL,
    joining      uuid        NOT NULL,
    program      text        NOT NULL,
    asks         text        NOT NULL,
    registration uuid        NOT NULL,
    customer     uuid        NOT NULL,
    line         text        NOT NULL,
    tier         text        NOT NULL,
    asked_at     timestamptz NOT NULL,
    answer_by    timestamptz NOT NULL,
    PRIMARY KEY (reader, joining)
);

CREATE INDEX my_joinings_by_joining ON my_joinings (joining);
