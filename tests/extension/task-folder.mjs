// Task folders as the agent has them after it unpacked the extension: no file has an executable bit.

import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PLATFORMS, writeManifest } from '../../extension/manifest.mjs';

export const root = path.resolve(import.meta.dirname, '..', '..');
export const standIn = path.join(root, 'tests', 'extension', 'stand-in');
export const platform = { 'linux-x64': 'linux-x64', 'linux-arm64': 'linux-arm64', 'darwin-x64': 'macos-x64', 'darwin-arm64': 'macos-arm64' }[
    `${process.platform}-${process.arch}`
];

/** A folder that goes when the test ends, that everybody may enter, and whose name needs quoting and is not ASCII. */
export function temporaryFolder(test) {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'runbook gäte \u2713 '));
    chmodSync(folder, 0o755);
    test.after(() => rmSync(folder, { recursive: true, force: true }));
    return folder;
}

/** A task folder with `binary` for this machine, a workspace and the agent's temporary folder. */
export function taskFolder(test, binary = standIn) {
    const base = temporaryFolder(test);
    const [task, workspace, temporary] = ['task', 'work', 'temp'].map((name) => path.join(base, name));
    const bin = path.join(task, 'bin');
    for (const folder of [path.join(bin, platform), workspace, temporary]) {
        mkdirSync(folder, { recursive: true });
    }
    chmodSync(temporary, 0o777);
    cpSync(path.join(root, 'task.json'), path.join(task, 'task.json'));
    cpSync(path.join(root, 'task', 'launch.js'), path.join(task, 'launch.js'));
    const file = path.join(bin, platform, PLATFORMS[platform].file);
    cpSync(binary, file);
    chmodSync(file, 0o644);
    writeManifest(bin, [platform]);
    return { task, workspace, temporary, bin, file };
}
