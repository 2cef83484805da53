// The list of the task's binaries with their SHA-256, which task/launch.js checks before it runs one.

import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Every platform that the task can have a binary for. */
export const PLATFORMS = {
    'linux-x64': { file: 'runbook-gate', rust: 'x86_64-unknown-linux-musl' },
    'linux-arm64': { file: 'runbook-gate', rust: 'aarch64-unknown-linux-musl' },
    'win-x64': { file: 'runbook-gate.exe', rust: 'x86_64-pc-windows-gnu' },
    'macos-x64': { file: 'runbook-gate', rust: 'x86_64-apple-darwin' },
    'macos-arm64': { file: 'runbook-gate', rust: 'aarch64-apple-darwin' },
};

/** Writes `bin/manifest.json` for the binaries that lie in `bin`, as `bin/<platform>/<file>`. */
export function writeManifest(bin, platforms) {
    const binaries = {};
    for (const platform of [...platforms].sort()) {
        const relative = `${platform}/${PLATFORMS[platform].file}`;
        const contents = readFileSync(path.join(bin, relative));
        binaries[platform] = {
            path: relative,
            bytes: contents.length,
            sha256: createHash('sha256').update(contents).digest('hex'),
        };
    }
    writeFileSync(path.join(bin, 'manifest.json'), `${JSON.stringify({ format: 1, binaries }, undefined, 2)}\n`);
    return binaries;
}
