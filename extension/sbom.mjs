// A bill of materials in CycloneDX 1.5 of what is in the extension, the same for the same input.

import { createHash } from 'node:crypto';

/** The bill of materials of `crates`, of the npm `packages` in the tab, and of the packed `binaries` (from the task's manifest), as JSON text. */
export function billOfMaterials({ crates, packages, binaries, version }) {
    const packed = Object.entries(binaries).map(([platform, { path, sha256 }]) => ({
        type: 'file',
        'bom-ref': `file:bin/${path}`,
        name: `RunbookGate/bin/${path}`,
        hashes: [{ alg: 'SHA-256', content: sha256 }],
        properties: [{ name: 'runbook-gate:platform', value: platform }],
    }));
    const bom = {
        bomFormat: 'CycloneDX',
        specVersion: '1.5',
        version: 1,
        metadata: {
            component: { type: 'application', 'bom-ref': 'extension', name: 'runbook-gate-extension', version },
        },
        components: [...packed, ...crates.map(component), ...packages.map(component)],
        dependencies: [
            { ref: 'extension', dependsOn: [...packed.map((file) => file['bom-ref']), ...packages.map(reference)] },
            ...packed.map((file) => ({ ref: file['bom-ref'], dependsOn: crates.slice(0, 1).map(reference) })),
            ...crates.map((crate) => ({
                ref: reference(crate),
                dependsOn: crate.dependencies.map((key) => reference(crates.find((other) => other.key === key))),
            })),
        ],
    };
    const digest = createHash('sha256').update(JSON.stringify(bom)).digest('hex');
    return `${JSON.stringify({ ...bom, serialNumber: uuidOf(digest) }, undefined, 1)}\n`;
}

function reference({ ecosystem = 'cargo', name, version }) {
    return `pkg:${ecosystem}/${name}@${version}`;
}

function component(crate) {
    return {
        type: 'library',
        'bom-ref': reference(crate),
        name: crate.name,
        version: crate.version,
        ...(crate.sha256 === undefined ? {} : { hashes: [{ alg: 'SHA-256', content: crate.sha256 }] }),
        ...(crate.sha512 === undefined ? {} : { hashes: [{ alg: 'SHA-512', content: crate.sha512 }] }),
        licenses: [{ expression: crate.license }],
        purl: reference(crate),
        ...(crate.repository === undefined ? {} : { externalReferences: [{ type: 'vcs', url: crate.repository }] }),
    };
}

/** A UUID of version 8 (its content is the maker's own). */
function uuidOf(hex) {
    const variant = ((Number.parseInt(hex[16], 16) & 0x3) | 0x8).toString(16);
    return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
