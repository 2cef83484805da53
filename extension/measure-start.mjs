// How long the task takes to its first line, beside a Node task that does nothing but print one: `measure-start.mjs BINARY [RUNS]`.
// They are started in turns, in one run, as the agent starts a task. Prints a Markdown table.

import { spawn } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
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

/** Milliseconds to the first line that the program prints, as the agent starts it. */
function firstLine(program, args) {
    return new Promise((resolve, reject) => {
        const env = { PATH: process.env.PATH, TF_BUILD: 'True', AGENT_TEMPDIRECTORY: folder, INPUT_COMMAND: '' };
        const begun = process.hrtime.bigint();
        const child = spawn(program, args, { env, stdio: ['ignore', 'pipe', 'ignore'] });
        let took;
        child.on('error', reject);
        child.stdout.once('data', () => (took = Number(process.hrtime.bigint() - begun) / 1e6));
        child.on('close', () => (took === undefined ? reject(new Error(`${program} ${args} printed nothing`)) : resolve(took)));
    });
}

const measured = {
    'a Node task that prints a line': [process.execPath, [path.join(folder, 'empty.js')]],
    'the task': [process.execPath, [path.join(folder, 'launch.js')]],
    'the binary alone': [file, ['task']],
};
const times = Object.fromEntries(Object.keys(measured).map((name) => [name, []]));
for (let run = 0; run < Number(runs); run += 1) {
    for (const [name, [program, args]] of Object.entries(measured)) {
        times[name].push(await firstLine(program, args));
    }
}
rmSync(folder, { recursive: true });
const quantile = (list, share) => [...list].sort((a, b) => a - b)[Math.floor((list.length - 1) * share)];
console.log(`| started ${runs} times in turns, ${(statSync(binary).size / 1e6).toFixed(1)} MB, Node ${process.versions.node} | median | quickest tenth |\n|---|---|---|`);
for (const [name, list] of Object.entries(times)) {
    console.log(`| ${name} | ${quantile(list, 0.5).toFixed(1)} ms | ${quantile(list, 0.1).toFixed(1)} ms |`);
}
const [empty, task] = Object.values(times);
const onTop = (share) => `${(quantile(task, share) - quantile(empty, share)).toFixed(1)} ms`;
console.log(`| the task on top of a Node task | ${onTop(0.5)} | ${onTop(0.1)} |`);
