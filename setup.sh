#!/usr/bin/env bash
#
# Installs what is missing to build, run and test the orders service: a C linker, libpq, the
# PostgreSQL server programs, curl and openssl. Does nothing if nothing is missing.
#
#     ./setup.sh [--page] [--missing]
#
# Uses apt (Debian, Ubuntu), dnf (Fedora, RHEL) or brew (macOS). It checks that Rust is there, but does not
# install it. With --page, it also installs what checks the page: Chromium, Node.js and its packages. With --missing, it
# prints what is missing and installs nothing.

set -euo pipefail

# The oldest PostgreSQL that the service runs on.
readonly OLDEST_POSTGRES=13

# Debian's PostgreSQL packages read here whether to create a database cluster.
readonly CLUSTER_SETTINGS=/etc/postgresql-common/createcluster.d

# The oldest Node.js that runs the tests of the page.
readonly OLDEST_NODE=20

# The tests of the page, and their packages.
readonly PAGE_TESTS=crates/orders-api/tests/page

with_page=false

main() {
    cd "$(dirname "${BASH_SOURCE[0]}")"
    local argument missing only_missing=false
    for argument in "$@"; do
        case $argument in
        --page) with_page=true ;;
        --missing) only_missing=true ;;
        *) fail "unknown argument $argument; the arguments are --page and --missing" ;;
        esac
    done
    missing=$(missing_tools)
    if "$only_missing"; then
        echo "$missing"
        return
    fi
    if [ -n "$missing" ]; then
        say "missing: $missing"
        install_tools "$missing"
        hash -r
        missing=$(missing_tools)
        [ -z "$missing" ] || fail "still missing after the installation: $missing"
        say "installed"
    fi
    check_rust
    if "$with_page"; then
        (cd "$PAGE_TESTS" && npm ci --silent --no-audit --no-fund --ignore-scripts)
    fi
    say "everything needed is here"
}

# The names of what is missing, separated by spaces.
missing_tools() {
    local missing=()
    command -v cc >/dev/null || missing+=(cc)
    command -v curl >/dev/null || missing+=(curl)
    command -v openssl >/dev/null || missing+=(openssl)
    has_libpq || missing+=(libpq)
    has_postgres || missing+=(postgres)
    if "$with_page"; then
        has_chromium || missing+=(chromium)
        has_node || missing+=(node)
    fi
    echo "${missing[*]-}"
}

# Whether a program can be linked against libpq, found the way the build finds it.
has_libpq() {
    local directory
    command -v cc >/dev/null || return 1
    directory=${PQ_LIB_DIR:-$(pg_config --libdir 2>/dev/null)} || return 1
    echo 'int main(void) { return 0; }' | cc -x c - -L"$directory" -lpq -o /dev/null 2>/dev/null
}

# Whether PostgreSQL's server programs are installed, new enough, with the extension btree_gist.
has_postgres() {
    local bin
    for bin in $(postgres_folders); do
        if [ -x "$bin/initdb" ] && [ -x "$bin/postgres" ] && [ -x "$bin/pg_ctl" ] &&
            [ "$(major_version "$bin/postgres")" -ge "$OLDEST_POSTGRES" ] && has_btree_gist "$bin"; then
            return 0
        fi
    done
    return 1
}

# The folders in which the service itself looks for PostgreSQL.
postgres_folders() {
    tr ':' '\n' <<<"$PATH"
    pg_config --bindir 2>/dev/null || true
    local bin
    for bin in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/bin \
        /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
        /home/linuxbrew/.linuxbrew/opt/postgresql*/bin \
        /Applications/Postgres.app/Contents/Versions/*/bin; do
        [ ! -d "$bin" ] || echo "$bin"
    done
}

# Whether there is a browser that the tests of the page find.
has_chromium() {
    command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null ||
        [ -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" ]
}

has_node() {
    command -v npm >/dev/null && command -v node >/dev/null && [ "$(major_version node)" -ge "$OLDEST_NODE" ]
}

# The major version of a program: 17 if it says `postgres (PostgreSQL) 17.2`.
major_version() {
    local version
    version=$("$1" --version 2>/dev/null | sed -n 's/^[^0-9]*\([0-9]*\).*/\1/p')
    echo "${version:-0}"
}

has_btree_gist() {
    local share program
    # A program in PATH may be a link to the folder where all programs of this version are.
    program=$(readlink -f "$1/postgres" 2>/dev/null) || program="$1/postgres"
    for share in "$("$(dirname "$program")/pg_config" --sharedir 2>/dev/null)" /usr/share/pgsql; do
        [ ! -f "$share/extension/btree_gist.control" ] || return 0
    done
    return 1
}

install_tools() {
    if command -v apt-get >/dev/null; then
        install_with_apt "$1"
    elif command -v dnf >/dev/null; then
        install_with_dnf "$1"
    elif command -v brew >/dev/null; then
        install_with_brew "$1"
    else
        fail "found none of apt-get, dnf and brew; install these by hand: $1"
    fi
}

install_with_apt() {
    local tool packages=()
    for tool in $1; do
        case $tool in
        cc) packages+=(gcc libc6-dev) ;;
        libpq) packages+=(libpq-dev) ;;
        postgres) packages+=(postgresql) ;;
        node) packages+=(nodejs npm) ;;
        *) packages+=("$tool") ;;
        esac
    done
    say "apt-get install ${packages[*]}"
    as_root apt-get update -qq
    case " $1 " in
    *" postgres "*) without_cluster apt_install "${packages[@]}" ;;
    *) apt_install "${packages[@]}" ;;
    esac
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# Runs a command. If it installs Debian's PostgreSQL, no cluster is created and started.
without_cluster() {
    local settings=$CLUSTER_SETTINGS/orders-setup.conf failed=0
    as_root mkdir -p "$CLUSTER_SETTINGS"
    echo 'create_main_cluster = false' | as_root tee "$settings" >/dev/null
    "$@" || failed=$?
    as_root rm -f "$settings"
    return "$failed"
}

install_with_dnf() {
    local tool packages=()
    for tool in $1; do
        case $tool in
        cc) packages+=(gcc) ;;
        libpq) packages+=(libpq-devel) ;;
        postgres) packages+=(postgresql-server postgresql-contrib) ;;
        node) packages+=(nodejs npm) ;;
        *) packages+=("$tool") ;;
        esac
    done
    say "dnf install ${packages[*]}"
    as_root dnf install -y -q "${packages[@]}"
}

install_with_brew() {
    local tool formulas=() casks=()
    for tool in $1; do
        case $tool in
        cc) fail "there is no C compiler; run: xcode-select --install" ;;
        postgres) formulas+=(postgresql@17) ;;
        chromium) casks+=(google-chrome) ;;
        *) formulas+=("$tool") ;;
        esac
    done
    say "brew install ${formulas[*]-} ${casks[*]-}"
    [ ${#formulas[@]} -eq 0 ] || brew install --quiet "${formulas[@]}"
    [ ${#casks[@]} -eq 0 ] || brew install --quiet --cask "${casks[@]}"
    # Homebrew does not link libpq by itself, but the build finds it with its pg_config.
    case " $1 " in
    *" libpq "*) brew link --force --quiet libpq ;;
    esac
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        fail "installing needs root, and there is no sudo here; run this as root"
    fi
}

check_rust() {
    local wanted found
    wanted=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
    command -v cargo >/dev/null ||
        fail "there is no cargo; install Rust from https://rustup.rs, open a new shell and run this again"
    found=$(cargo --version | cut -d ' ' -f 2)
    is_at_least "$found" "$wanted" ||
        fail "cargo is $found, and $wanted or newer is needed: rustup update stable (or see https://rustup.rs)"
}

# Whether the version $1 is $2 or newer, by major and minor number.
is_at_least() {
    local major minor wanted_major wanted_minor
    IFS=. read -r major minor _ <<<"$1"
    IFS=. read -r wanted_major wanted_minor _ <<<"$2"
    [ "$major" -gt "$wanted_major" ] || { [ "$major" -eq "$wanted_major" ] && [ "$minor" -ge "$wanted_minor" ]; }
}

say() {
    echo "setup: $*"
}

fail() {
    echo "setup: $*" >&2
    exit 1
}

main "$@"
