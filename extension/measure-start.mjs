// How long the task takes to its first line, beside a Node task that does nothing but print one: `measure-start.mjs BINARY [RUNS]`.
// Both are started in turns, in one run, as the agent starts a task.

import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { PLATFORMS, writeManifest } from './manifest.mjs';

const root = path.resolve(import.meta.dirname, '..');
const [binary, runs = '40'] = process.argv.slice(2);
const folder = mkdtempSync(path.join(os.tmpdir(), 'runbook-gate-start-'));
const platform = `${process.platform}-${process.arch}`;
const file = path.join(folder, 'bin', platform, PLATFORMS[platform].file);
mkdirSync(path.dirname(file), { recursive: true });
cpSync(binary, file);
chmodSync(file, 0o755);
writeManifest(path.join(folder, 'bin'), [platform]);
cpSync(path.join(root, 'task', 'launch.js'), path.join(folder, 'launch.js'));
writeFileSync(path.join(folder, 'empty.js'), "process.stdout.write('a line\\n');\n");

function firstLine(script) {
    return new Promise((resolve) => {
        const begun = process.hrtime.bigint();
        const env = { PATH: process.env.PATH, TF_BUILD: 'True', AGENT_TEMPDIRECTORY: folder, INPUT_COMMAND: '' };
        const child = spawn(process.execPath, [path.join(folder, script)], { env, stdio: ['ignore', 'pipe', 'ignore'] });
        let took;
        child.stdout.once('data', () => (took = Number(process.hrtime.bigint() - begun) / 1e6));
        child.on('close', () => resolve(took));
    });
}

const times = { 'empty.js': [], 'launch.js': [] };
for (let run = 0; run < Number(runs); run += 1) {
    for (const script of Object.keys(times)) {
        times[script].push(await firstLine(script));
    }
}
rmSync(folder, { recursive: true });
const median = (list) => list.sort((a, b) => a - b)[Math.floor(list.length / 2)];
const [empty, task] = Object.values(times).map(median);
console.log(`empty Node task ${empty.toFixed(1)} ms, RunbookGate ${task.toFixed(1)} ms, ${(task - empty).toFixed(1)} ms on top (medians of ${runs})`);
