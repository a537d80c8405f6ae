/** The one list of schema changes; the number of applied ones is SQLite's user_version. Only append. */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE apps (
    name TEXT PRIMARY KEY,
    created_ms INTEGER NOT NULL,
    production_branch TEXT
  ) STRICT;

  CREATE TABLE environments (
    name TEXT PRIMARY KEY,
    app TEXT NOT NULL REFERENCES apps(name),
    branch TEXT,                       -- null: production
    slot INTEGER NOT NULL UNIQUE,      -- 0..1023: uid range and firewall mark
    created_ms INTEGER NOT NULL,
    config BLOB,                       -- sealed JSON; what the next release starts from
    current_release INTEGER,
    revision TEXT,                     -- of the workload that is current: release, or release.rN after a restart
    last_release INTEGER NOT NULL DEFAULT 0,
    restarts INTEGER NOT NULL DEFAULT 0,
    maintenance INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX environments_app ON environments(app);

  -- Host labels (one DNS label below DOMAIN) and own domains (full names) are unique together.
  CREATE TABLE hosts (
    host TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('label', 'domain')),
    environment TEXT NOT NULL REFERENCES environments(name) ON DELETE CASCADE,
    created_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE formation (
    environment TEXT NOT NULL REFERENCES environments(name) ON DELETE CASCADE,
    type TEXT NOT NULL,
    quantity INTEGER NOT NULL,
    PRIMARY KEY (environment, type)
  ) STRICT;

  CREATE TABLE releases (
    environment TEXT NOT NULL REFERENCES environments(name) ON DELETE CASCADE,
    number INTEGER NOT NULL,
    state TEXT NOT NULL CHECK (state IN ('pending', 'current', 'past', 'failed')),
    description TEXT NOT NULL,
    commit_id TEXT,
    image_digest TEXT NOT NULL,
    config BLOB NOT NULL,              -- sealed JSON
    ran_release_command INTEGER NOT NULL DEFAULT 0,
    deployment INTEGER NOT NULL,
    by TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (environment, number)
  ) STRICT;

  CREATE TABLE deployments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    app TEXT NOT NULL,
    environment TEXT NOT NULL,
    branch TEXT,
    kind TEXT NOT NULL,
    state TEXT NOT NULL,
    commit_id TEXT,
    old_commit TEXT,                   -- what the branch has to point at when this push goes live
    image_digest TEXT,
    payload BLOB,                      -- sealed JSON: what the operation changes
    description TEXT NOT NULL,
    by TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    ready_ms INTEGER,                  -- may be released from here on: orders the environment's queue
    finished_ms INTEGER,
    release INTEGER,
    reason TEXT
  ) STRICT;
  CREATE INDEX deployments_environment ON deployments(environment, id);
  CREATE INDEX deployments_state ON deployments(state) WHERE state NOT IN ('live', 'failed', 'cancelled', 'superseded');

  CREATE TABLE keys (
    name TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL UNIQUE,
    public_key TEXT NOT NULL,
    created_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE tokens (
    name TEXT PRIMARY KEY,
    hash TEXT NOT NULL UNIQUE,         -- SHA-256 of the token, hex
    created_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE volumes (
    environment TEXT NOT NULL REFERENCES environments(name),
    name TEXT NOT NULL,
    mounted_at TEXT,
    created_ms INTEGER NOT NULL,
    PRIMARY KEY (environment, name)
  ) STRICT;

  CREATE TABLE allowed_addresses (
    environment TEXT NOT NULL REFERENCES environments(name) ON DELETE CASCADE,
    address TEXT NOT NULL,
    port INTEGER NOT NULL,
    PRIMARY KEY (environment, address, port)
  ) STRICT;

  CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    who TEXT NOT NULL,
    via TEXT NOT NULL,
    source TEXT NOT NULL,
    action TEXT NOT NULL,
    target TEXT NOT NULL
  ) STRICT;

  CREATE TABLE meta (key TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
  INSERT INTO meta VALUES ('route_version', 0);
  `,
  `
  -- Branch environments: where their config comes from, how long they live, when they sleep, who may look.
  ALTER TABLE environments ADD COLUMN generated BLOB;                          -- sealed JSON: secrets made for this environment
  ALTER TABLE environments ADD COLUMN last_push_ms INTEGER;
  ALTER TABLE environments ADD COLUMN kept INTEGER NOT NULL DEFAULT 0;         -- no time to live
  ALTER TABLE environments ADD COLUMN asleep INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE environments ADD COLUMN password BLOB;                           -- sealed: basic auth of a protected environment

  CREATE TABLE shared_keys (
    app TEXT NOT NULL REFERENCES apps(name) ON DELETE CASCADE,
    key TEXT NOT NULL,
    PRIMARY KEY (app, key)
  ) STRICT;

  CREATE TABLE app_settings (
    app TEXT NOT NULL REFERENCES apps(name) ON DELETE CASCADE,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    PRIMARY KEY (app, key)
  ) STRICT;
  `,
  `
  -- Who may do what, where; and who is told.
  ALTER TABLE keys ADD COLUMN role TEXT NOT NULL DEFAULT 'admin';
  ALTER TABLE keys ADD COLUMN app TEXT;
  ALTER TABLE keys ADD COLUMN branches TEXT;
  ALTER TABLE tokens ADD COLUMN role TEXT NOT NULL DEFAULT 'admin';
  ALTER TABLE tokens ADD COLUMN app TEXT;
  ALTER TABLE tokens ADD COLUMN branches TEXT;

  CREATE TABLE hooks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    app TEXT NOT NULL REFERENCES apps(name) ON DELETE CASCADE,
    url TEXT NOT NULL,
    events TEXT NOT NULL,              -- comma separated: deploy, env
    secret BLOB NOT NULL,              -- sealed: signs what is posted
    created_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE hook_deliveries (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    hook INTEGER NOT NULL REFERENCES hooks(id) ON DELETE CASCADE,
    event TEXT NOT NULL,
    body TEXT NOT NULL,
    created_ms INTEGER NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    next_ms INTEGER,                   -- null: delivered, or given up
    outcome TEXT
  ) STRICT;
  CREATE INDEX hook_deliveries_next ON hook_deliveries(next_ms) WHERE next_ms IS NOT NULL;
  `,
  `
  -- Being destroyed: nothing new begins in it, its slot and name are taken until all of it is gone, and the next control goes on with it.
  ALTER TABLE environments ADD COLUMN ending INTEGER NOT NULL DEFAULT 0;
  `,
  `
  -- What the router shows over TLS.
  CREATE TABLE certificates (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    environment TEXT NOT NULL REFERENCES environments(name) ON DELETE CASCADE,
    certificate TEXT NOT NULL,         -- PEM, the leaf first
    key BLOB NOT NULL,                 -- sealed PEM
    created_ms INTEGER NOT NULL
  ) STRICT;

  CREATE TABLE secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL) STRICT;   -- sealed JSON
  `,
  `
  -- Who registries know an app as, when it fetches images.
  CREATE TABLE registry_logins (
    app TEXT NOT NULL REFERENCES apps(name) ON DELETE CASCADE,
    host TEXT NOT NULL,
    user TEXT NOT NULL,
    password BLOB NOT NULL,            -- sealed
    PRIMARY KEY (app, host)
  ) STRICT;
  `,
  `
  -- What an ACME authority signed for a host, or why it did not yet.
  CREATE TABLE acme_certificates (
    host TEXT PRIMARY KEY,             -- whole, labels with the domain
    certificate TEXT,                  -- PEM, the leaf first; null: none yet
    key BLOB,                          -- sealed PEM
    failures INTEGER NOT NULL DEFAULT 0,
    next_ms INTEGER NOT NULL DEFAULT 0,
    error TEXT
  ) STRICT;
  `,
  `
  -- Detached one-offs and cron runs, and up to when each cron job's times were looked at.
  CREATE TABLE runs (
    id INTEGER PRIMARY KEY,            -- run.17, cron.18
    environment TEXT NOT NULL REFERENCES environments(name) ON DELETE CASCADE,
    job TEXT,                          -- null: run --detach
    command TEXT NOT NULL,
    release INTEGER NOT NULL,
    by TEXT NOT NULL,
    due_ms INTEGER,                    -- null: somebody asked for it
    started_ms INTEGER NOT NULL,
    ended_ms INTEGER,
    state TEXT NOT NULL,
    exit_code INTEGER,
    reason TEXT,
    output TEXT                        -- its last part
  ) STRICT;
  CREATE INDEX runs_environment ON runs(environment, job, id);
  CREATE INDEX runs_running ON runs(state) WHERE state = 'running';
  CREATE TABLE cron_marks (
    environment TEXT NOT NULL REFERENCES environments(name) ON DELETE CASCADE,
    job TEXT NOT NULL,
    rule TEXT NOT NULL,                -- schedule and time zone
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (environment, job)
  ) STRICT;
  INSERT INTO meta VALUES ('last_run', 0);
  `,
  `
  -- Orders of the last days at the ACME authority, which counts them too.
  CREATE TABLE acme_orders (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    domain TEXT NOT NULL,              -- registered: what authorities count by
    kind TEXT NOT NULL CHECK (kind IN ('new', 'branch', 'renewal')),
    state TEXT NOT NULL CHECK (state IN ('placed', 'signed', 'failed')),
    placed_ms INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX acme_orders_placed ON acme_orders(placed_ms);
  -- How the authority was convinced the last time; null: not yet.
  ALTER TABLE acme_certificates ADD COLUMN proof TEXT;
  `,
  `
  -- Memory of each instance, asked for by hand; null: what the release's files say, or the default.
  ALTER TABLE formation ADD COLUMN memory_bytes INTEGER;
  `,
  `
  -- What ps:stop stopped: process types and single instances.
  CREATE TABLE stops (
    environment TEXT NOT NULL REFERENCES environments(name) ON DELETE CASCADE,
    name TEXT NOT NULL,                -- worker, web.2
    PRIMARY KEY (environment, name)
  ) STRICT;
  `,
  `
  -- Where an app's logs are sent.
  CREATE TABLE drains (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    app TEXT NOT NULL REFERENCES apps(name) ON DELETE CASCADE,
    url BLOB NOT NULL,                 -- sealed: may hold a password
    created_ms INTEGER NOT NULL,
    sent INTEGER NOT NULL DEFAULT 0,   -- lines
    lost INTEGER NOT NULL DEFAULT 0,
    until TEXT,                        -- time of the last line that was sent
    error TEXT
  ) STRICT;
  `,
  `
  -- Of a volume that is a filesystem of its own; null: as much as the disk has.
  ALTER TABLE volumes ADD COLUMN limit_bytes INTEGER;
  `,
  `
  -- Which environments may reach which others by name; one way.
  CREATE TABLE links (
    source TEXT NOT NULL REFERENCES environments(name) ON DELETE CASCADE,
    target TEXT NOT NULL REFERENCES environments(name) ON DELETE CASCADE,
    PRIMARY KEY (source, target)
  ) STRICT;
  `,
];
