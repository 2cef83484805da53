// The real task/launch.js, started as the agent starts it, on every Node that the agent may start it with.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { appendFileSync, chmodSync, cpSync, existsSync, readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { runTask, startTask } from './agent.mjs';
import { platform, root, standIn, taskFolder } from './task-folder.mjs';

const NOBODY = 65534;
const nodes = { [`Node ${process.versions.node}`]: process.execPath };
const newer = path.join(root, 'node_modules', 'node24', 'bin', 'node');
if (existsSync(newer)) {
    nodes['Node 24'] = newer;
}

function described(step) {
    const line = step.log.find((text) => text.startsWith('described '));
    assert.ok(line, `the binary did not run:\n${step.streams.stdout}${step.streams.stderr}`);
    return JSON.parse(line.slice('described '.length));
}

/** Whether a process has ended; one that nobody has reaped yet has. */
function hasEnded(pid) {
    const { status, stdout } = spawnSync('ps', ['-o', 'stat=', '-p', pid], { encoding: 'utf8' });
    return status !== 0 || stdout.trim().startsWith('Z');
}

/** Code that runs before the launcher, to make the machine behave as this one does not. */
function before(folder, code) {
    const file = path.join(folder.workspace, 'before.cjs');
    writeFileSync(file, code);
    return { NODE_OPTIONS: `--require "${file}"` };
}

/** Code after which the mode of one file cannot be changed. */
function refusingToChange(file, code) {
    return `const fs = require('node:fs');
        const chmod = fs.chmodSync;
        fs.chmodSync = (changed, mode) => {
            if (changed === ${JSON.stringify(file)}) throw Object.assign(new Error('no'), { code: '${code}' });
            chmod(changed, mode);
        };`;
}

function failsWith(step, pattern) {
    assert.equal(step.final, 'Failed', step.streams.stdout);
    assert.equal(step.result, 'Failed');
    assert.notEqual(step.exitCode, 0);
    assert.equal(step.issues.length, 1, step.streams.stdout);
    assert.match(step.issues[0].message, pattern);
    assert.deepEqual(step.warnings, []);
}

for (const [name, node] of Object.entries(nodes)) {
    describe(`launch.js on ${name}`, () => {
        test('runs the binary of this machine in the agent’s working directory, with the agent’s environment', async (t) => {
            const folder = taskFolder(t);
            const step = await runTask(folder.task, { ...folder, node, inputs: { environment: 'staging' }, environment: { STAND_IN: 'describe' } });
            const run = described(step);
            assert.equal(step.final, 'Succeeded');
            assert.deepEqual(run.arguments, ['task']);
            assert.equal(run.folder, folder.workspace);
            assert.equal(run.file, folder.file);
            assert.equal(run.pipe, 'stdin');
            assert.equal(run.environment.INPUT_ENVIRONMENT, 'staging');
            assert.equal(run.environment.INPUT_COMMAND, 'verify');
            assert.equal(run.environment.BUILD_BUILDID, '4711');
        });

        test('passes both streams through and adds nothing', async (t) => {
            const folder = taskFolder(t);
            const step = await runTask(folder.task, { ...folder, node, environment: { STAND_IN: 'describe' } });
            assert.equal(step.streams.stdout.trimEnd().split('\n').length, 1);
            assert.equal(step.streams.stderr, 'a line on standard error\n');
        });

        for (const code of [0, 1, 2, 10, 20, 255]) {
            test(`ends with the binary’s exit code ${code}`, async (t) => {
                const folder = taskFolder(t);
                const step = await runTask(folder.task, { ...folder, node, environment: { STAND_IN: 'describe', STAND_IN_EXIT: String(code) } });
                assert.equal(step.exitCode, code);
                assert.equal(step.final, code === 0 ? 'Succeeded' : 'Failed');
            });
        }

        test('restores the executable bit that the extension format loses', async (t) => {
            const folder = taskFolder(t);
            assert.equal(statSync(folder.file).mode & 0o111, 0);
            const step = await runTask(folder.task, { ...folder, node, environment: { STAND_IN: 'describe' } });
            assert.equal(step.final, 'Succeeded');
            assert.equal(statSync(folder.file).mode & 0o777, 0o755);
        });

        test('copies the binary to the agent’s temporary folder where the task’s folder may not be changed', async (t) => {
            const folder = taskFolder(t);
            const environment = { STAND_IN: 'describe', ...before(folder, refusingToChange(folder.file, 'EROFS')) };
            const step = await runTask(folder.task, { ...folder, node, environment });
            const run = described(step);
            assert.equal(path.dirname(path.dirname(run.file)), folder.temporary);
            assert.equal(step.final, 'Succeeded');
            assert.deepEqual(readdirSync(folder.temporary), [], 'the copy is removed');
            assert.equal(statSync(folder.file).mode & 0o111, 0);
        });

        test('copies the binary where the task’s folder refuses to execute it', async (t) => {
            const folder = taskFolder(t);
            const refusing = `const childProcess = require('node:child_process');
                const spawn = childProcess.spawn;
                childProcess.spawn = (file, ...rest) => {
                    if (file === ${JSON.stringify(folder.file)}) throw Object.assign(new Error('spawn EACCES'), { code: 'EACCES' });
                    return spawn(file, ...rest);
                };`;
            const step = await runTask(folder.task, { ...folder, node, environment: { STAND_IN: 'describe', ...before(folder, refusing) } });
            assert.equal(path.dirname(path.dirname(described(step).file)), folder.temporary);
            assert.equal(step.final, 'Succeeded');
        });

        test('says what to do where the binary can be executed nowhere', async (t) => {
            const folder = taskFolder(t);
            rmSync(folder.temporary, { recursive: true });
            const environment = before(folder, refusingToChange(folder.file, 'EPERM'));
            const step = await runTask(folder.task, { ...folder, node, environment });
            failsWith(step, /does not let the binary be executed.*ENOENT.*binaryPath/s);
        });

        test('refuses a binary that is not the one that was packed, and does not run it', async (t) => {
            const folder = taskFolder(t);
            appendFileSync(folder.file, '\n');
            const step = await runTask(folder.task, { ...folder, node, environment: { STAND_IN: 'describe' } });
            failsWith(step, /not the binary that was packed: its SHA-256 is [0-9a-f]{64} .*expected [0-9a-f]{64}/);
            assert.equal(step.outputs.get('decision'), 'error');
            assert.equal(step.outputs.get('reason'), step.issues[0].message);
            assert.equal(step.verdictBeforeOutputs, false);
            assert.doesNotMatch(step.streams.stdout, /described/);
        });

        test('says so where a virus scanner took the binary away', async (t) => {
            const folder = taskFolder(t);
            rmSync(folder.file);
            failsWith(await runTask(folder.task, { ...folder, node }), /ENOENT.*virus scanner.*Delete .* fetches the task again/s);
        });

        test('says so where the manifest is missing or broken', async (t) => {
            const folder = taskFolder(t);
            const manifest = path.join(folder.bin, 'manifest.json');
            for (const text of ['{"format":1', '{"format":2,"binaries":{}}', 'null', '{"format":1}']) {
                writeFileSync(manifest, text);
                failsWith(await runTask(folder.task, { ...folder, node }), /The installed task is damaged/);
            }
            rmSync(manifest);
            failsWith(await runTask(folder.task, { ...folder, node }), /The installed task is damaged: .*manifest\.json cannot be read/);
        });

        test('names the platforms that it has where this one is not among them', async (t) => {
            const folder = taskFolder(t);
            const environment = before(folder, "Object.defineProperty(process, 'arch', { value: 'riscv64' });");
            const step = await runTask(folder.task, { ...folder, node, environment });
            failsWith(step, new RegExp(`no binary for ${process.platform}-riscv64; it has: ${platform}\\..*binaryPath`));
        });

        test('takes the x64 binary on Windows on Arm, and on 64-bit Windows under a 32-bit Node', async (t) => {
            for (const [arch, wow] of [['arm64', ''], ['ia32', 'AMD64']]) {
                const folder = taskFolder(t);
                const code = `Object.defineProperty(process, 'platform', { value: 'win32' }); Object.defineProperty(process, 'arch', { value: '${arch}' });`;
                const step = await runTask(folder.task, { ...folder, node, environment: { PROCESSOR_ARCHITEW6432: wow, ...before(folder, code) } });
                failsWith(step, /no binary for win-x64; it has/);
            }
        });

        test('runs the binary of binaryPath instead, unchanged and unchecked', async (t) => {
            const folder = taskFolder(t);
            const own = path.join(folder.workspace, 'own gate');
            cpSync(standIn, own);
            appendFileSync(own, '// not the one that was packed\n');
            chmodSync(own, 0o555);
            rmSync(folder.bin, { recursive: true });
            const step = await runTask(folder.task, { ...folder, node, inputs: { binaryPath: own }, environment: { STAND_IN: 'describe' } });
            assert.equal(described(step).file, own);
            assert.equal(statSync(own).mode & 0o777, 0o555);
        });

        test('says what is wrong with a binaryPath', async (t) => {
            const folder = taskFolder(t);
            const plain = path.join(folder.workspace, 'plain');
            cpSync(standIn, plain);
            chmodSync(plain, 0o644);
            const cases = {
                '$(GatePath)': /"\$\(GatePath\)": a variable in it has no value/,
                'tools/runbook-gate': /must be an absolute path/,
                [path.join(folder.workspace, 'none')]: /no such file on this agent/,
                [folder.workspace]: /no such file on this agent/,
                [plain]: /not executable for the agent's user\. Run chmod \+x/,
            };
            for (const [binaryPath, pattern] of Object.entries(cases)) {
                failsWith(await runTask(folder.task, { ...folder, node, inputs: { binaryPath } }), pattern);
            }
        });

        test('lets no input become a logging command', async (t) => {
            const folder = taskFolder(t);
            const binaryPath = '/x\r\n##vso[task.complete result=Succeeded]\u2028##VSO[task.setvariable variable=PATH]evil\n##[group]%0A##vso[task.complete result=Skipped]';
            const step = await runTask(folder.task, { ...folder, node, inputs: { binaryPath } });
            failsWith(step, /no such file on this agent/);
            assert.deepEqual(step.commands.map(({ event }) => event), ['setvariable', 'setvariable', 'logissue', 'complete']);
            assert.deepEqual([...step.outputs.keys()], ['decision', 'reason']);
            assert.deepEqual(step.log, []);
        });

        for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
            test(`passes ${signal} on, and waits for the binary`, async (t) => {
                const folder = taskFolder(t);
                const run = startTask(folder.task, { ...folder, node, environment: { STAND_IN: 'wait' } });
                await run.seen(/waiting as/);
                run.child.kill(signal);
                const step = await run.ended;
                assert.ok(step.log.includes(`got ${signal}`), step.streams.stdout);
                assert.equal(step.exitCode, 10);
                assert.equal(step.signal, null);
            });
        }

        test('stays while the binary still works on a first SIGINT', async (t) => {
            const folder = taskFolder(t);
            const run = startTask(folder.task, { ...folder, node, environment: { STAND_IN: 'stubborn' } });
            await run.seen(/waiting as/);
            run.child.kill('SIGINT');
            await run.seen(/ignored SIGINT/);
            assert.equal(run.step.final, undefined);
            run.child.kill('SIGTERM');
            const step = await run.ended;
            assert.ok(step.log.includes('ignored SIGTERM'));
            failsWith(step, /ended by SIGKILL before it could decide/);
            assert.equal(step.exitCode, 137);
        });

        test('leaves no orphan when it is killed itself', async (t) => {
            const folder = taskFolder(t);
            const run = startTask(folder.task, { ...folder, node, environment: { STAND_IN: 'stubborn' } });
            const [, pid] = await run.seen(/waiting as (\d+)/);
            run.child.kill('SIGKILL');
            await run.ended; // the streams close when the last process that holds them has ended
            assert.ok(hasEnded(pid), `process ${pid} still runs`);
        });

        test('fails when the binary is killed', async (t) => {
            const folder = taskFolder(t);
            const step = await runTask(folder.task, { ...folder, node, environment: { STAND_IN: 'crash' } });
            failsWith(step, /ended by SIGKILL before it could decide/);
            assert.equal(step.exitCode, 137);
            assert.equal(step.outputs.has('decision'), false);
        });

        test('runs for a user who may not write to the task’s folder', { skip: process.getuid?.() !== 0 && 'needs root, to become another user' }, async (t) => {
            const folder = taskFolder(t);
            const elsewhere = `${folder.workspace}-setuid.cjs`;
            writeFileSync(elsewhere, `process.setgid(${NOBODY}); process.setuid(${NOBODY});`);
            const step = await runTask(folder.task, { ...folder, node, environment: { STAND_IN: 'describe', NODE_OPTIONS: `--require "${elsewhere}"` } });
            assert.equal(path.dirname(path.dirname(described(step).file)), folder.temporary);
            assert.equal(step.final, 'Succeeded');
            assert.deepEqual(readdirSync(folder.temporary), []);
        });
    });
}

test('the launcher needs no package and nothing newer than Node 20', () => {
    const source = readFileSync(path.join(root, 'task', 'launch.js'), 'utf8');
    const required = [...source.matchAll(/require\('([^']+)'\)/g)].map(([, name]) => name);
    assert.deepEqual(required.sort(), ['node:child_process', 'node:crypto', 'node:fs', 'node:os', 'node:path']);
    assert.doesNotMatch(source, /\bimport\b\s*\(/);
});

test('Node 24 is there to be tested with, where its package exists', { skip: `${process.platform}-${process.arch}` !== 'linux-x64' && 'the package is of linux-x64' }, () => {
    assert.ok(existsSync(newer), 'run npm ci with optional packages');
});
