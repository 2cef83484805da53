// Lays out the folder that tfx packs: the manifest with every file named, the task's folder, licences, the bill of materials.

import { chmodSync, cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { checkExtension, checkTask, readJson } from './check.mjs';
import { cratesOf, thirdPartyNotices } from './crates.mjs';
import { PLATFORMS, writeManifest } from './manifest.mjs';
import { billOfMaterials } from './sbom.mjs';

const CONTENT_TYPES = {
    '': 'application/octet-stream',
    '.css': 'text/css',
    '.exe': 'application/octet-stream',
    '.html': 'text/html',
    '.js': 'text/javascript',
    '.json': 'application/json',
    '.md': 'text/markdown',
    '.png': 'image/png',
    '.txt': 'text/plain',
};

/**
 * Stages the extension.
 * @param {{ root: string, stage: string, binaries: Map<string, string>, tab: { files: Map<string, Buffer>, packages: object[] }, version?: string, publisher?: string }} what
 * @returns the manifest as staged
 */
export function stageExtension({ root, stage, binaries, tab, version, publisher }) {
    const task = readJson(path.join(root, 'task.json'));
    const extension = readJson(path.join(root, 'vss-extension.json'));
    if (version !== undefined) {
        const [Major, Minor, Patch] = version.split('.').map(Number);
        task.version = { Major, Minor, Patch };
        extension.version = version;
    }
    extension.publisher = publisher ?? extension.publisher;

    rmSync(stage, { recursive: true, force: true });
    const folder = path.join(stage, task.name);
    const bin = path.join(folder, 'bin');
    mkdirSync(path.join(stage, 'images'), { recursive: true });
    for (const [platform, file] of binaries) {
        const target = path.join(bin, platform, PLATFORMS[platform].file);
        mkdirSync(path.dirname(target), { recursive: true });
        cpSync(file, target);
        chmodSync(target, 0o644);
    }
    const packed = writeManifest(bin, binaries.keys());
    writeJson(path.join(folder, 'task.json'), task);
    cpSync(path.join(root, 'task', 'launch.js'), path.join(folder, 'launch.js'));
    cpSync(path.join(root, 'extension', 'task-icon.png'), path.join(folder, 'icon.png'));
    cpSync(path.join(root, 'extension', 'icon.png'), path.join(stage, 'images', 'icon.png'));
    cpSync(path.join(root, 'extension', 'overview.md'), path.join(stage, 'overview.md'));

    mkdirSync(path.join(stage, 'tab'));
    for (const [name, content] of tab.files) {
        writeFileSync(path.join(stage, 'tab', name), content);
    }

    const crates = cratesOf(root, [...binaries.keys()]);
    writeFileSync(path.join(stage, 'LICENSE.txt'), ownLicence(root));
    writeFileSync(path.join(stage, 'THIRD-PARTY-NOTICES.txt'), thirdPartyNotices([...crates, ...tab.packages]));
    writeFileSync(path.join(stage, 'sbom.cdx.json'), billOfMaterials({ crates, packages: tab.packages, binaries: packed, version: extension.version }));

    const files = filesUnder(stage);
    const findings = [...checkTask(task), ...checkExtension(extension, task, (file) => files.some((each) => each === file || each.startsWith(`${file}/`)))];
    if (findings.length > 0) {
        throw new Error(`the extension is not right:\n${findings.join('\n')}`);
    }
    // Every file with its type: tfx would otherwise guess types by what the machine has installed. What the manifest names
    // elsewhere must not be listed again, or it loses its role.
    const named = [extension.icons.default, ...Object.values(extension.content).map((each) => each.path)];
    extension.files = files.filter((file) => !named.includes(file)).map((file) => ({
        path: file,
        contentType: contentType(file),
        // What a browser asks for by its address.
        ...(file.startsWith('tab/') ? { addressable: true } : {}),
    }));
    writeJson(path.join(stage, 'vss-extension.json'), extension);
    return extension;
}

function contentType(file) {
    const type = CONTENT_TYPES[path.extname(file)];
    if (type === undefined) {
        throw new Error(`${file}: extension/stage.mjs knows no content type for it`);
    }
    return type;
}

function ownLicence(root) {
    const names = ['LICENSE-MIT', 'LICENSE-APACHE'];
    const texts = names.map((name) => readFileSync(path.join(root, name), 'utf8').trim());
    return `Runbook Gate is licensed under the MIT licence or the Apache License 2.0, whichever you choose.\n\n${texts.join(`\n\n${'-'.repeat(100)}\n\n`)}\n`;
}

/** All files under a folder, relative to it, with slashes, in order. */
export function filesUnder(folder) {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => path.relative(folder, path.join(entry.parentPath ?? entry.path, entry.name)).split(path.sep).join('/'))
        .sort();
}

function writeJson(file, value) {
    writeFileSync(file, `${JSON.stringify(value, undefined, 2)}\n`);
}
