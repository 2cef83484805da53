// The real launcher with the real binary where a machine is rough with them: signals that come twice, that reach a whole group of
// processes, that nobody can catch; folders that are missing, shared, read-only or full; a standard input that was never open.

import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { readJson } from '../../extension/check.mjs';
import { environmentOf, runTask, startTask } from './agent.mjs';
import { policy, service } from './service.mjs';
import { root, taskFolder } from './task-folder.mjs';

const binary = process.env.RUNBOOK_GATE_BINARY;
assert.ok(binary, 'RUNBOOK_GATE_BINARY names the binary; scripts/test-extension builds it');

/** A task folder with the real binary, and a workspace with a policy for a healthy service. */
async function gate(t, rules = {}) {
    const folder = taskFolder(t, binary);
    const { url } = await service(t);
    writeFileSync(path.join(folder.workspace, 'runbook.yml'), policy({ url, ...rules }));
    return folder;
}

function holdsCancelled(step) {
    const said = `${step.streams.stdout}\n${step.streams.stderr}`;
    assert.equal(step.final, 'Failed', said);
    assert.equal(step.exitCode, 10, said);
    assert.equal(step.outputs.get('decision'), 'hold', said);
    assert.match(step.outputs.get('reason'), /cancelled/);
    assert.equal(step.attachments.length, 5, said);
    assert.equal(step.commands.filter(({ event }) => event === 'complete').length, 1, said);
}

/** A copy of the launcher's start that has no right over the task's folder. */
function mayNotChange(folder) {
    const file = path.join(folder.workspace, 'before.cjs');
    writeFileSync(file, `const fs = require('node:fs'); fs.chmodSync = new Proxy(fs.chmodSync, { apply(real, self, [changed, mode]) {
        if (changed === ${JSON.stringify(folder.file)}) throw Object.assign(new Error('no'), { code: 'EROFS' });
        return Reflect.apply(real, self, [changed, mode]);
    } });`);
    return { NODE_OPTIONS: `--require "${file}"` };
}

/** The copies of the binary in a temporary folder. */
function copies(temporary, folder) {
    return readdirSync(temporary).filter((name) => existsSync(path.join(temporary, name, path.basename(folder.file))));
}

describe('a gate that watches', () => {
    for (const signals of [['SIGINT', 'SIGINT'], ['SIGTERM', 'SIGTERM'], ['SIGINT', 'SIGTERM']]) {
        test(`and is sent ${signals.join(' and ')} at once holds with its report`, async (t) => {
            const run = await gate(t, { observe: '1h' });
            const started = startTask(run.task, run);
            await started.seen(/watching/);
            signals.forEach((signal) => started.child.kill(signal));
            holdsCancelled(await started.ended);
        });
    }

    for (const signal of ['SIGINT', 'SIGTERM']) {
        test(`and whose whole group gets ${signal}, twice, holds with its report`, async (t) => {
            const run = await gate(t, { observe: '1h' });
            const started = startTask(run.task, { ...run, group: true });
            await started.seen(/watching/);
            process.kill(-started.child.pid, signal);
            process.kill(-started.child.pid, signal);
            holdsCancelled(await started.ended);
        });
    }

    test('leaves no process behind when its launcher, run from a copy, is killed', async (t) => {
        const run = await gate(t, { observe: '1h' });
        const started = startTask(run.task, { ...run, inputs: { reportDirectory: path.join(run.workspace, 'gate') }, environment: mayNotChange(run) });
        await started.seen(/watching/);
        started.child.kill('SIGKILL');
        await started.ended; // its streams close when the binary has ended too
        assert.equal(readJson(path.join(run.workspace, 'gate', 'report.json')).decision, 'hold');
        // The copy is what nobody could remove: it lies where the agent cleans up after the job.
        assert.equal(copies(run.temporary, run).length, 1);
    });

    test('takes the commands of its policy with it when its launcher is killed', async (t) => {
        const stubborn = `signals:\n  smoke: { command: { run: [sh, -c, "trap '' INT TERM HUP; echo $$ > pid.new; mv pid.new pid; while :; do sleep 1; done"], every: 5m, timeout: 5m } }\n`;
        const run = await gate(t, { observe: '1h', more: stubborn });
        const pid = path.join(run.workspace, 'pid');
        const started = startTask(run.task, { ...run, inputs: { allowCommands: 'true' } });
        while (!existsSync(pid)) {
            await new Promise(setImmediate);
        }
        started.child.kill('SIGKILL');
        await started.ended;
        const { stdout } = spawnSync('ps', ['-o', 'stat=', '-p', readFileSync(pid, 'utf8').trim()], { encoding: 'utf8' });
        assert.match(stdout.trim(), /^(Z.*)?$/, 'the command still runs');
    });

    test('proceeds where its launcher has no standard input at all', async (t) => {
        const run = await gate(t);
        const definition = readJson(path.join(run.task, 'task.json'));
        const line = 'exec "$0" "$1" <&-';
        const options = { cwd: run.workspace, encoding: 'utf8', env: environmentOf({ definition, ...run }) };
        // The service answers from this process: it may not wait here.
        const child = spawn('sh', ['-c', line, process.execPath, path.join(run.task, 'launch.js')], { ...options, stdio: ['ignore', 'pipe', 'inherit'] });
        let said = '';
        child.stdout.on('data', (chunk) => (said += chunk));
        const code = await new Promise((resolve) => child.on('close', resolve));
        assert.equal(code, 0, said);
        assert.match(said, /variable=decision;isOutput=true;?\]proceed/);
    });
});

describe('two tasks at once in one temporary folder', () => {
    test('keep their reports apart', async (t) => {
        const [one, other] = [await gate(t), await gate(t)];
        const steps = await Promise.all([one, other].map((run) => runTask(run.task, { ...run, temporary: one.temporary })));
        steps.forEach((step) => assert.equal(step.final, 'Succeeded', step.streams.stdout));
        const [first, second] = steps.map((step) => step.outputs.get('reportPath'));
        assert.notEqual(first, second);
        for (const folder of [first, second]) {
            assert.equal(path.dirname(folder), one.temporary);
            assert.equal(readJson(path.join(folder, 'report.json')).decision, 'proceed');
        }
    });

    test('run from copies of their own, and remove them', async (t) => {
        const [one, other] = [await gate(t), await gate(t)];
        const steps = await Promise.all([one, other].map((run) => runTask(run.task, { ...run, temporary: one.temporary, environment: mayNotChange(run) })));
        steps.forEach((step) => assert.equal(step.final, 'Succeeded', step.streams.stdout));
        assert.deepEqual(copies(one.temporary, one), []);
        assert.equal(statSync(one.file).mode & 0o111, 0);
    });
});

describe('a temporary folder of the agent', () => {
    test('that is missing is said, with a verdict', async (t) => {
        const run = await gate(t);
        rmSync(run.temporary, { recursive: true });
        const step = await runTask(run.task, run);
        assert.equal(step.final, 'Failed');
        assert.notEqual(step.exitCode, 0);
        assert.equal(step.outputs.get('decision'), 'error');
        assert.match(step.issues[0].message, /no folder for the reports could be made in the agent's temporary directory/);
    });

    test('that is missing hinders nothing where the reports go elsewhere', async (t) => {
        const run = await gate(t);
        rmSync(run.temporary, { recursive: true });
        const step = await runTask(run.task, { ...run, inputs: { reportDirectory: path.join(run.workspace, 'gate') } });
        assert.equal(step.outputs.get('decision'), 'proceed', `${step.streams.stdout}${step.streams.stderr}`);
        assert.equal(step.final, 'Succeeded');
    });
});

test('a report that does not fit on the disk fails the step and says so, and the decision stays', async (t) => {
    const run = await gate(t);
    // A limit of the system stands for the full disk: no file may be longer than these blocks, and the page is.
    const limited = path.join(run.workspace, 'limited');
    writeFileSync(limited, `#!/bin/sh\ntrap '' XFSZ\nulimit -f 24\nexec "${binary}" "$@"\n`, { mode: 0o755 });
    const step = await runTask(run.task, { ...run, inputs: { binaryPath: limited } });
    assert.equal(step.outputs.get('decision'), 'proceed', `${step.streams.stdout}${step.streams.stderr}`);
    assert.equal(step.final, 'Failed');
    assert.equal(step.exitCode, 2);
    assert.match(step.issues[0].message, /the decision is proceed, but its report is not whole: cannot write .*report\.html/);
});

test('a task whose output nobody takes fails', { skip: !existsSync('/dev/full') && 'there is no /dev/full' }, (t) => {
    const folder = taskFolder(t, binary);
    writeFileSync(path.join(folder.workspace, 'runbook.yml'), readFileSync(path.join(root, 'examples', 'policies', 'minimal.yml')));
    const definition = readJson(path.join(folder.task, 'task.json'));
    const env = environmentOf({ definition, ...folder, inputs: { command: 'validate' } });
    const lines = { whole: 'exec "$0" "$1"', lost: 'exec "$0" "$1" >/dev/full' };
    const codes = Object.values(lines).map((line) => spawnSync('sh', ['-c', line, process.execPath, path.join(folder.task, 'launch.js')], { cwd: folder.workspace, env }).status);
    assert.deepEqual(codes, [0, 2]);
});
