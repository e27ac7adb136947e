-- Times are milliseconds since 1970, by the clock of the server that wrote them.

CREATE TABLE dockgate_records (
    shelf TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    link TEXT COLLATE "C",
    subject TEXT COLLATE "C",
    account TEXT COLLATE "C",
    created_at BIGINT NOT NULL,
    expires_at BIGINT,
    value BYTEA NOT NULL,
    PRIMARY KEY (shelf, key)
);
-- Subjects and accounts may be longer than an ordered index takes.
CREATE INDEX dockgate_records_subject ON dockgate_records USING hash (subject);
CREATE INDEX dockgate_records_account ON dockgate_records USING hash (account);
CREATE INDEX dockgate_records_expires_at ON dockgate_records (expires_at) WHERE expires_at IS NOT NULL;

CREATE TABLE dockgate_counters (
    shelf TEXT COLLATE "C" NOT NULL,
    key TEXT COLLATE "C" NOT NULL,
    amount BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (shelf, key)
);
CREATE INDEX dockgate_counters_expires_at ON dockgate_counters (expires_at);

-- One row. A release that knows less than `usable_from` must leave these tables alone.
CREATE TABLE dockgate_layout (version BIGINT NOT NULL, usable_from BIGINT NOT NULL);
INSERT INTO dockgate_layout VALUES (1, 1);
