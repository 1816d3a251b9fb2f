# The everyday commands; `just` alone lists them. Each is one line, which works without just as well.

set positional-arguments

[private]
default:
    @just --list --unsorted

# Serve on http://127.0.0.1:3000; takes the service's own flags
serve *args:
    cargo run --release --package orders-api -- serve "$@"

# Run the tests, or those with a word in their names: `just test conflict`
test *args:
    cargo test --workspace "$@"

# Everything that CI checks: format, lints, documentation, licences, tests, and the page if there is a browser
check:
    scripts/check

# The same, the service against its OpenAPI document, generated clients, receivers of webhooks, readers of calendar feeds, alerts, manifests and the unit (needs Python, Node.js, promtool, systemd and the network)
check-all: check fuzz-api check-api generated-clients webhooks calendar-clients prometheus kubernetes systemd

# Race, kill and crash the service, and check that nothing was lost: `just torture --seconds 300 --failover`
torture *args:
    cargo build --release --package orders-api --package orders-torture
    target/release/orders-torture "$@"

# Measure the service against pgbench on the same database: `just bench --quick`
bench *args:
    cargo build --release --package orders-api --package orders-bench
    target/release/orders-bench "$@"

# Fill the disk of the tables or of the write-ahead log under load, and check that nothing is lost: `just full-disk wal` (needs root)
full-disk *args:
    scripts/full-disk "$@"

# Restore a backup that was made under load, and check what clients hold then (needs jq and PostgreSQL's client programs)
restore:
    scripts/restore

# Restart two instances behind HAProxy under load, and check that no request fails (needs haproxy and wrk)
rolling-restart *args:
    scripts/rolling-restart "$@"

# Look for known vulnerabilities in the dependencies (needs the network, and cargo-deny)
audit:
    cargo deny check advisories

# Format the code
fmt:
    cargo fmt --all

# Run clippy, with warnings as errors
lint:
    scripts/check lint

# Build the documentation, with warnings as errors, in target/doc
doc:
    scripts/check doc

# Fuzz the service against its OpenAPI document; takes schemathesis' own flags, such as `--max-examples 200`
fuzz-api *args:
    scripts/fuzz-api "$@"

# Lint the OpenAPI document (needs Node.js and the network)
check-api:
    scripts/check-api

# Go through the page /schedule with a browser, or run some of its tests: `just check-page browser/views.test.js` (needs Chromium and Node.js)
check-page *args:
    scripts/check-page "$@"

# Generate clients for TypeScript and Python, and run the examples of docs/clients.md with them (needs Node.js, Python 3.11 and the network)
generated-clients:
    scripts/generated-clients

# Run the receivers of webhooks in the documentation, with the official libraries (needs Python, Node.js and the network)
webhooks:
    scripts/check-webhooks

# Read a calendar feed with Python's icalendar, khal and vdirsyncer (needs Python and the network)
calendar-clients:
    scripts/check-calendar-clients

# Check the alerts and the dashboard of docker/prometheus (needs promtool, which is in the package prometheus, and jq)
prometheus:
    scripts/check-prometheus

# Check the manifests for Kubernetes (needs Python and the network)
kubernetes:
    scripts/check-kubernetes

# Check the systemd unit (needs systemd-analyze)
systemd:
    scripts/check-systemd

# Generate openapi.json
openapi:
    cargo run --quiet --package orders-api -- openapi > openapi.json

# Add the sample services, calendars and orders
seed *args:
    cargo run --release --package orders-api -- seed "$@"

# Open psql on DATABASE_URL, or on the private database while the service runs
psql *args:
    scripts/psql "$@"

# Run the service and its PostgreSQL in containers
docker-up *args:
    docker compose --file docker/compose.yml up --build "$@"

# Remove the build output; the private database in .orders stays
clean:
    cargo clean
