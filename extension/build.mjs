// Builds the binary for a platform, and checks that what was built runs: natively, under qemu or under wine.

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { PLATFORMS } from './manifest.mjs';

const BINARY_PACKAGE = 'runbook-gate-task';
const HOST = { 'linux-x64': 'linux-x64', 'linux-arm64': 'linux-arm64', 'darwin-x64': 'macos-x64', 'darwin-arm64': 'macos-arm64', 'win32-x64': 'win-x64' }[
    `${process.platform}-${process.arch}`
];

/** C compilers and linkers of the platforms that are built for on Linux x64. */
const CROSS = {
    'linux-x64': { CC_x86_64_unknown_linux_musl: 'musl-gcc' },
    'linux-arm64': {
        CC_aarch64_unknown_linux_musl: 'aarch64-linux-gnu-gcc',
        CARGO_TARGET_AARCH64_UNKNOWN_LINUX_MUSL_LINKER: 'aarch64-linux-gnu-gcc',
    },
    'win-x64': {},
};

/** What runs a platform's programs on Linux x64. */
const EMULATORS = { 'linux-arm64': 'qemu-aarch64', 'win-x64': '/usr/lib/wine/wine64' };

/**
 * Builds for `target`. The release build is static where the platform is Linux; the other one is this machine's own,
 * which is quicker and runs only where the C library is at least as new.
 */
export function buildBinary({ root, target, release }) {
    const args = ['build', '--release', '--locked', '--package', BINARY_PACKAGE];
    const folder = ['release', PLATFORMS[target].file];
    let cross = {};
    if (release || target !== HOST) {
        cross = CROSS[target];
        if (cross === undefined || process.platform !== 'linux') {
            throw new Error(`${target} is built on a machine of its own: see azure-pipelines.yml`);
        }
        args.push('--target', PLATFORMS[target].rust);
        folder.unshift(PLATFORMS[target].rust);
    }
    const cargo = spawnSync('cargo', args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env: { ...process.env, ...cross } });
    if (cargo.status !== 0) {
        throw new Error(`cargo ${args.join(' ')} failed${cargo.error === undefined ? '' : `: ${cargo.error.message}`}`);
    }
    return path.join(root, process.env.CARGO_TARGET_DIR ?? 'target', ...folder);
}

/** Runs the binary once; returns what it says its version is. */
export function checkBinary({ target, file }) {
    const emulator = target === HOST ? undefined : EMULATORS[target];
    const [program, args] = emulator === undefined ? [file, ['--version']] : [emulator, [file, '--version']];
    if (emulator?.startsWith('/') && !existsSync(emulator)) {
        throw new Error(`${emulator} is not here: ${target} cannot be checked`);
    }
    const run = spawnSync(program, args, { encoding: 'utf8', env: { ...process.env, WINEDEBUG: '-all' } });
    if (run.status !== 0 || !/^runbook-gate \d/.test(run.stdout)) {
        throw new Error(`the binary for ${target} does not run (exit code ${run.status}): ${run.error?.message ?? ''}${run.stdout}${run.stderr}`);
    }
    const how = emulator === undefined ? 'natively' : `under ${path.basename(emulator)}`;
    return `${run.stdout.trim()}, checked ${how}`;
}
