-- Every change of standing that was said, past and to come; of two at one instant the later said holds.
CREATE TABLE standings (
    program       text        NOT NULL,
    partner       text        NOT NULL,
    standing_from timestamptz NOT NULL,
    standing      text        NOT NULL,
    PRIMARY KEY (program, partner, standing_from)
);

-- Every leg that has a window and has not ended: what its file knows of its partner's standing.
CREATE TABLE legs (
    registration uuid        NOT NULL,
    line         text        NOT NULL,
    tier         text        NOT NULL,
    partner      text        NOT NULL,
    program      text        NOT NULL,
    customer     uuid        NOT NULL,
    standing     text        NOT NULL,
    since        timestamptz NOT NULL,
    PRIMARY KEY (registration, line, tier, partner)
);

CREATE INDEX legs_of_partner ON legs (program, partner);
