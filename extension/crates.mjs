// The crates that the binary is made of: what `cargo metadata` says is reachable from it by normal dependencies.

import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { PLATFORMS } from './manifest.mjs';

const BINARY_PACKAGE = 'runbook-gate-task';
const LARGEST_METADATA = 256 * 1024 * 1024;
const LICENCE_FILE = /^(licen[cs]e|copying|notice|copyright|unlicense)([-_.].*)?$/i;

/**
 * The crates for these platforms, sorted by name and version; first the project's own.
 * @returns {{ name: string, version: string, license: string, own: boolean, folder: string, dependencies: string[], key: string, repository?: string, sha256?: string }[]}
 */
export function cratesOf(root, platforms) {
    const crates = new Map();
    for (const platform of platforms) {
        const metadata = cargoMetadata(root, PLATFORMS[platform].rust);
        const packages = new Map(metadata.packages.map((each) => [each.id, each]));
        const nodes = new Map(metadata.resolve.nodes.map((node) => [node.id, node]));
        const waiting = metadata.packages.filter((each) => each.name === BINARY_PACKAGE).map((each) => each.id);
        const seen = new Set(waiting);
        while (waiting.length > 0) {
            const id = waiting.pop();
            const needed = nodes.get(id).deps.filter((dep) => dep.dep_kinds.some(({ kind }) => kind === null)).map((dep) => dep.pkg);
            const crate = describe(packages.get(id));
            const known = crates.get(crate.key) ?? crate;
            known.dependencies = [...new Set([...known.dependencies, ...needed.map((each) => keyOf(packages.get(each)))])].sort();
            crates.set(crate.key, known);
            for (const each of needed.filter((other) => !seen.has(other))) {
                seen.add(each);
                waiting.push(each);
            }
        }
    }
    const checksums = lockedChecksums(path.join(root, 'Cargo.lock'));
    const sorted = [...crates.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
    for (const crate of sorted) {
        crate.sha256 = checksums.get(crate.key);
    }
    return [...sorted.filter((crate) => crate.own), ...sorted.filter((crate) => !crate.own)];
}

function cargoMetadata(root, target) {
    const cargo = spawnSync('cargo', ['metadata', '--format-version', '1', '--locked', '--filter-platform', target], {
        cwd: root,
        encoding: 'utf8',
        maxBuffer: LARGEST_METADATA,
    });
    if (cargo.status !== 0) {
        throw new Error(`cargo metadata failed: ${cargo.error?.message ?? cargo.stderr}`);
    }
    return JSON.parse(cargo.stdout);
}

function keyOf({ name, version }) {
    return `${name}@${version}`;
}

function describe(metadata) {
    return {
        key: keyOf(metadata),
        name: metadata.name,
        version: metadata.version,
        license: (metadata.license ?? '').replaceAll('/', ' OR '),
        own: metadata.source === null,
        folder: path.dirname(metadata.manifest_path),
        repository: metadata.repository ?? undefined,
        dependencies: [],
    };
}

function lockedChecksums(lockFile) {
    const checksums = new Map();
    for (const entry of readFileSync(lockFile, 'utf8').split('[[package]]')) {
        const field = (name) => new RegExp(`^${name} = "([^"]*)"$`, 'm').exec(entry)?.[1];
        if (field('checksum') !== undefined) {
            checksums.set(`${field('name')}@${field('version')}`, field('checksum'));
        }
    }
    return checksums;
}

/** The licence texts of the crates and packages that are not the project's own; one without any is an error. */
export function thirdPartyNotices(crates) {
    const parts = [
        'runbook-gate contains the following software of others, each under its licence. Where a licence is a choice (OR),',
        'the project uses the software under any of them; all the texts that its authors ship are here.',
        '',
    ];
    const texts = new Map();
    for (const crate of crates.filter((each) => !each.own)) {
        if (crate.license === '') {
            throw new Error(`${crate.key} names no licence`);
        }
        const files = readdirSync(crate.folder).filter((name) => LICENCE_FILE.test(name)).sort();
        for (const file of files) {
            const text = readFileSync(path.join(crate.folder, file), 'utf8').replaceAll('\r\n', '\n').trim();
            texts.set(text, [...(texts.get(text) ?? []), crate.key]);
        }
        const where = files.length === 0 ? ' (its package brings no licence text)' : '';
        parts.push(`${crate.name} ${crate.version}: ${crate.license}${crate.repository ? `, ${crate.repository}` : ''}${where}`);
    }
    for (const [text, users] of texts) {
        parts.push('', '-'.repeat(100), `Of ${users.join(', ')}:`, '', text);
    }
    return `${parts.join('\n')}\n`;
}
