// The real launcher with the real binary, as the agent runs them: what each command tells the agent, and what the step becomes.

import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { readJson } from '../../extension/check.mjs';
import { runTask, startTask } from './agent.mjs';
import { commitAll } from './repository.mjs';
import { policy, service } from './service.mjs';
import { root, taskFolder } from './task-folder.mjs';

const binary = process.env.RUNBOOK_GATE_BINARY;
assert.ok(binary, 'RUNBOOK_GATE_BINARY names the binary; scripts/test-extension builds it');
const CONNECTION = '6d2e9b9a-0c7f-4c8e-9d0e-1a2b3c4d5e6f';

/** A task folder with the real binary, and a workspace with a policy for a service that answers as `answers` say. */
async function gate(t, { answers, rules } = {}) {
    const folder = taskFolder(t, binary);
    const server = await service(t, answers);
    writeFileSync(path.join(folder.workspace, 'runbook.yml'), policy({ url: server.url, ...rules }));
    return { ...folder, server };
}

/** A JSON file that a step attached. */
function attached(step, name) {
    return JSON.parse(step.attachments.find((each) => each.name === name).text);
}

function ends(step, final, exitCode) {
    const said = `${step.streams.stdout}\n${step.streams.stderr}`;
    assert.equal(step.final, final, said);
    assert.equal(step.exitCode, exitCode, said);
    assert.deepEqual(step.warnings, [], said);
    assert.equal(step.verdictBeforeOutputs ?? false, false, 'outputs come before the verdict');
    assert.equal(step.commandResult, undefined, said);
    assert.equal(step.commands.at(-1)?.event, 'complete', said);
}

/** A source that never answers, and a command that no polite signal ends. */
const KPI_AND_STUBBORN_COMMAND = `signals:
  kpi: { http-json: { url: "URL/kpi", value: /value, timeout: 1m } }
  smoke: { command: { run: [sh, -c, "trap '' INT TERM HUP; echo $$ > stubborn.new; mv stubborn.new stubborn; while :; do sleep 1; done"], every: 5m, timeout: 5m } }
`;

/** Whether a process has ended; one that nobody has reaped yet has. */
function hasEnded(pid) {
    return !existsSync(`/proc/${pid}`) || /^State:\s*Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
}

async function until(holds) {
    while (!holds()) {
        await new Promise((resolve) => setTimeout(resolve, 5));
    }
}

/** The process that a process has started, once it has. */
async function childOf(pid) {
    for (;;) {
        const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
        if (children !== '' && readFileSync(`/proc/${children}/comm`, 'utf8').startsWith('runbook-gate')) {
            return children;
        }
        await new Promise(setImmediate);
    }
}

/** Waits until a process has a handler for SIGTERM. */
async function hears(pid) {
    const caught = () => BigInt(`0x${/^SigCgt:\s*(\S+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]}`);
    while (((caught() >> 14n) & 1n) === 0n) {
        await new Promise(setImmediate);
    }
}

describe('verify', () => {
    test('of a healthy service succeeds, with its outputs, a summary and attachments', async (t) => {
        const run = await gate(t);
        const step = await runTask(run.task, run);
        ends(step, 'Succeeded', 0);
        assert.equal(step.outputs.get('decision'), 'proceed');
        assert.equal(step.outputs.get('enforcement'), 'enforce');
        assert.match(step.outputs.get('decidedAt'), /^\d{4}-\d\d-\d\dT/);
        assert.ok(step.outputs.get('reason').length > 10);
        assert.ok(step.outputs.get('reportPath').startsWith(run.temporary));
        assert.match(readFileSync(step.outputs.get('journalPath'), 'utf8'), /"kind":"end"/);
        assert.deepEqual(step.attachments.map(({ type, name }) => [type, name]), [
            ['Distributedtask.Core.Summary', 'Runbook gate production.md'],
            ['runbook-gate.page', 'report.html'],
            ['runbook-gate.report', 'report.json'],
            ['runbook-gate.journal', 'journal.ndjson'],
            ['runbook-gate.verdict', 'verdict.json'],
        ]);
        assert.deepEqual(step.tags, ['runbook-gate-proceed-production']);
        assert.match(step.attachments[1].text, /^<!doctype html>[\s\S]*class="decision">Proceed/);
        assert.equal(attached(step, 'report.json').decision, 'proceed');
        assert.deepEqual(step.issues, []);
        assert.deepEqual([...step.progress], [...step.progress].sort((a, b) => a - b));
        assert.ok(step.progress.length > 1);
    });

    test('after a rollback says whether the service has recovered, and tags the run with that alone', async (t) => {
        const well = await gate(t);
        writeFileSync(path.join(well.workspace, 'rollback-plan.json'), JSON.stringify({ version: 1, kind: 'rollback-plan', target: { release: { run: 12, version: '1.3.0', commit: '' } } }));
        const inputs = { profile: 'rollback', rollbackPlan: 'rollback-plan.json', rollbackStarted: '2026-01-01T00:00:00Z' };
        // Nothing judges an error rate here, so that no failed gate has to say what was normal.
        const step = await runTask(well.task, { ...well, inputs });
        ends(step, 'Succeeded', 0);
        assert.equal(step.outputs.get('decision'), 'proceed');
        assert.equal(step.outputs.get('recovered'), 'true');
        assert.equal(step.commands.at(-1).data, 'recovered');
        assert.deepEqual(step.tags, ['runbook-gate-recovered-production']);
        const verdict = attached(step, 'verdict.json');
        assert.deepEqual([verdict.profile, verdict.release], ['rollback', { run: 12, version: '1.3.0', commit: '' }]);
        assert.equal(attached(step, 'report.json').recovery.rollback_started, '2026-01-01T00:00:00Z');

        const sick = await gate(t, { answers: { '/health': { status: 503 } } });
        const again = await runTask(sick.task, { ...sick, inputs: { profile: 'rollback', failedGate: '' } });
        ends(again, 'Failed', 10);
        assert.equal(again.outputs.get('decision'), 'hold');
        assert.equal(again.outputs.get('recovered'), 'false');
        assert.equal(again.commands.at(-1).data, 'not recovered');
        assert.ok(again.issues[0].message.startsWith('not recovered: '));
        assert.deepEqual(again.tags, ['runbook-gate-not-recovered-production']);
        assert.equal(attached(again, 'verdict.json').release.version, '', 'the run’s own number is the bad release’s');

        const wrong = await runTask(well.task, { ...well, inputs: { profile: 'recover' } });
        ends(wrong, 'Failed', 2);
        assert.match(wrong.outputs.get('reason'), /profile is `recover`; it is release or rollback/);
    });

    test('asks for the tags of its run, and does not obey one that an earlier attempt may have been given', async (t) => {
        const tags = '/contoso/shop/_apis/build/builds/4711/tags';
        const body = JSON.stringify({ count: 2, value: ['rollback-now', 'v1'] });
        const run = await gate(t, { answers: { [tags]: { body, headers: { 'content-type': 'application/json' } } } });
        const step = await runTask(run.task, { ...run, variables: { 'System.CollectionUri': `${run.server.url}/contoso/` } });
        ends(step, 'Succeeded', 0);
        const asked = run.server.requests.filter(({ url }) => url.startsWith(tags));
        assert.equal(asked.length, 1, 'once in a watch of two seconds');
        assert.equal(asked[0].headers.authorization, 'Bearer job-token');
        assert.match(attached(step, 'report.json').notes.join(), /run 4711 was tagged rollback-now before this gate could look/);
    });

    test('of a broken service fails, and says to roll back', async (t) => {
        const run = await gate(t, { answers: { '/health': { status: 503 } } });
        const step = await runTask(run.task, run);
        ends(step, 'Failed', 20);
        assert.equal(step.outputs.get('decision'), 'rollback');
        assert.equal(step.outputs.get('criterion'), 'health failing for 1s');
        assert.deepEqual(step.tags, ['runbook-gate-rollback-production']);
        assert.equal(step.issues[0].type, 'error');
        assert.ok(step.issues[0].message.includes(step.outputs.get('reason')));
    });

    test('in an environment that is advised succeeds with issues', async (t) => {
        const run = await gate(t, { answers: { '/health': { status: 503 } }, rules: { enforcement: 'advise' } });
        const step = await runTask(run.task, run);
        ends(step, 'SucceededWithIssues', 0);
        assert.equal(step.outputs.get('decision'), 'rollback');
        assert.equal(step.outputs.get('enforcement'), 'advise');
        assert.equal(step.issues[0].type, 'warning');
    });

    test('in restricted mode loses its summary, and nothing else', async (t) => {
        const run = await gate(t);
        const step = await runTask(run.task, { ...run, restricted: true });
        assert.equal(step.final, 'Succeeded');
        assert.equal(step.outputs.get('decision'), 'proceed');
        assert.deepEqual(step.attachments, []);
        assert.equal(step.warnings.length, 6);
    });

    test('in an environment where it is off says so', async (t) => {
        const run = await gate(t, { rules: { enforcement: 'off' } });
        const step = await runTask(run.task, run);
        ends(step, 'Succeeded', 0);
        assert.equal(step.outputs.get('enforcement'), 'off');
        assert.equal(step.outputs.has('decision'), false);
        assert.match(step.outputs.get('reason'), /off/);
    });

    test('of a service that nobody can reach holds', async (t) => {
        const run = await gate(t, { answers: { '/health': { hang: true } } });
        const step = await runTask(run.task, run);
        ends(step, 'Failed', 10);
        assert.equal(step.outputs.get('decision'), 'hold');
    });

    for (const signal of ['SIGINT', 'SIGTERM']) {
        test(`that is cancelled by ${signal} holds, with its report`, async (t) => {
            const run = await gate(t, { rules: { observe: '1h' } });
            const started = startTask(run.task, run);
            await started.seen(/watching/);
            started.child.kill(signal);
            const step = await started.ended;
            ends(step, 'Failed', 10);
            assert.equal(step.outputs.get('decision'), 'hold');
            assert.match(step.outputs.get('reason'), /cancelled/);
            assert.equal(step.attachments.length, 5);
            assert.deepEqual(step.tags, ['runbook-gate-hold-production']);
        });
    }

    test('that the agent cancels has its report within five seconds, whatever its sources and commands do', async (t) => {
        const hang = { hang: true };
        const run = await gate(t, {
            answers: { '/health': hang, '/ready': hang, '/kpi': hang },
            rules: { observe: '1h', more: KPI_AND_STUBBORN_COMMAND },
        });
        const file = path.join(run.workspace, 'runbook.yml');
        writeFileSync(file, readFileSync(file, 'utf8').replaceAll('URL', run.server.url).replace('timeout: 330ms', 'timeout: 1m'));
        const started = startTask(run.task, { ...run, inputs: { allowCommands: 'true' } });
        await until(() => existsSync(path.join(run.workspace, 'stubborn')));
        // The agent's SIGINT; 7.5 s later its SIGTERM, 2.5 s later the end of the launcher alone.
        started.child.kill('SIGINT');
        const late = [];
        const timers = [[5000, () => {}], [7500, () => started.child.kill('SIGTERM')], [10_000, () => started.child.kill('SIGKILL')]].map(([after, act]) => setTimeout(() => (late.push(after), act()), after));
        const step = await started.ended;
        timers.forEach(clearTimeout);
        assert.deepEqual(late, [], 'it ended by itself');
        ends(step, 'Failed', 10);
        assert.equal(step.outputs.get('decision'), 'hold');
        assert.equal(step.attachments.length, 5);
        assert.deepEqual(step.tags, ['runbook-gate-hold-production']);
        assert.equal(attached(step, 'report.json').decision, 'hold');
        assert.ok(hasEnded(readFileSync(path.join(run.workspace, 'stubborn'), 'utf8').trim()), 'the command has ended too');
    });

    for (const signal of ['SIGINT', 'SIGTERM']) {
        test(`that is cancelled by ${signal} as soon as it hears holds too`, async (t) => {
            const run = await gate(t, { answers: { '/health': { hang: true } }, rules: { observe: '1h' } });
            const started = startTask(run.task, run);
            const pid = await childOf(started.child.pid);
            await hears(pid);
            started.child.kill(signal);
            const step = await started.ended;
            ends(step, 'Failed', 10);
            assert.equal(step.outputs.get('decision'), 'hold');
            assert.equal(step.attachments.length, 5);
            assert.deepEqual(step.tags, ['runbook-gate-hold-production']);
        });
    }

    test('ends when its launcher is killed, and leaves a whole journal', async (t) => {
        const run = await gate(t, { rules: { observe: '1h' } });
        const reportDirectory = path.join(run.workspace, 'gate');
        const started = startTask(run.task, { ...run, inputs: { reportDirectory } });
        await started.seen(/watching/);
        started.child.kill('SIGKILL');
        await started.ended; // its streams close when the binary has ended too
        const report = readJson(path.join(reportDirectory, 'report.json'));
        assert.equal(report.decision, 'hold');
        assert.match(readFileSync(path.join(reportDirectory, 'journal.ndjson'), 'utf8'), /"kind":"cancel"[^\n]*\n[^]*\n$/);
    });

    test('reads a Prometheus server through a service connection, with its credentials', async (t) => {
        const run = await gate(t, { rules: { prometheus: true } });
        const endpoints = [{ id: CONNECTION, url: run.server.url, scheme: 'UsernamePassword', parameters: { username: 'gate', password: 'canary-password' } }];
        const step = await runTask(run.task, { ...run, endpoints, inputs: { prometheusConnection: CONNECTION } });
        const asked = run.server.requests.filter(({ url }) => url.startsWith('/api/v1/query'));
        assert.ok(asked.length > 0, step.streams.stderr);
        const expected = `Basic ${Buffer.from('gate:canary-password').toString('base64')}`;
        assert.ok(asked.every(({ headers }) => headers.authorization === expected));
        assert.ok(run.server.requests.filter(({ url }) => url === '/health').every(({ headers }) => headers.authorization === undefined));
    });

    test('takes the environment of a deployment job where the policy says whose it is', async (t) => {
        const run = await gate(t, { rules: { azureEnvironment: 'orders-production' } });
        const step = await runTask(run.task, { ...run, variables: { 'Environment.Name': 'orders-production' } });
        ends(step, 'Succeeded', 0);
    });

    test('refuses an environment that contradicts the deployment job’s', async (t) => {
        const run = await gate(t, { rules: { azureEnvironment: 'orders-production' } });
        const step = await runTask(run.task, { ...run, inputs: { environment: 'production' }, variables: { 'Environment.Name': 'orders-staging' } });
        ends(step, 'Failed', 2);
        assert.equal(step.outputs.get('decision'), 'error');
        assert.match(step.issues[0].message, /orders-staging.*orders-production/);
    });
});

describe('bad input', () => {
    const cases = {
        'a variable that was never set': [{ policy: '$(PolicyFile)' }, /the input policy still has `\$\(PolicyFile\)` in it/],
        'an expression that was never expanded': [{ environment: '$[variables.env]' }, /the input environment still has `\$\[variables\.env\]`/],
        'an unknown command': [{ command: 'check' }, /the input command is `check`; it is one of verify, checklist, rollback, baseline, telemetry, validate/],
        'an unknown action of a rollback': [{ command: 'rollback', rollbackAction: 'undo' }, /the input rollbackAction is `undo`; it is one of plan/],
        'no command': [{ command: '' }, /the input command is empty/],
        'no policy': [{ policy: '' }, /the input policy is empty/],
        'a policy that is not there': [{ policy: 'none.yml' }, /cannot read none\.yml: there is no such file/],
        'a time that is none': [{ deployedAt: 'yesterday' }, /the input deployedAt is `yesterday`; write a time like/],
        'a time in the future': [{ deployedAt: '2200-01-01T00:00:00Z' }, /in the future/],
        'a switch that is neither': [{ allowCommands: 'yes' }, /the input allowCommands is `yes`; it is true or false/],
        'an attestation without words': [{ attestations: 'config-reviewed' }, /the input attestations is `config-reviewed`; write item=what was done/],
        'a name that is none': [{ allowedVariables: 'GOOD\n$BAD' }, /the input allowedVariables is `\$BAD`/],
        'a folder that is not there': [{ workingDirectory: 'nowhere' }, /the input workingDirectory is .*no such folder/],
        'a connection that the job has not': [{ prometheusConnection: CONNECTION }, /the service connection of the input prometheusConnection is not there/],
        'an environment that the policy does not list': [{ environment: 'prod' }, /no environment `prod`.*`production`/],
        'a report folder that is a file': [{ reportDirectory: 'runbook.yml' }, /report folder/],
    };
    for (const [name, [inputs, pattern]] of Object.entries(cases)) {
        test(`${name} fails the step and says what to change`, async (t) => {
            const run = await gate(t);
            const step = await runTask(run.task, { ...run, inputs });
            ends(step, 'Failed', 2);
            assert.equal(step.outputs.get('decision'), 'error');
            assert.ok(step.issues.some(({ type, message }) => type === 'error' && pattern.test(message)), JSON.stringify(step.issues));
        });
    }

    test('leaves no old report that could be taken for its own', async (t) => {
        const run = await gate(t);
        const reportDirectory = path.join(run.workspace, 'gate');
        mkdirSync(reportDirectory);
        for (const command of ['verify', 'checklist']) {
            ['journal.ndjson', 'verdict.json', 'report.json', 'report.md', 'report.html', 'junit.xml', 'checklist.json', 'checklist.md', 'checklist.html', 'rollback-plan.json', 'rollback-plan.md', 'rollback-plan.html'].forEach((name) => writeFileSync(path.join(reportDirectory, name), '{"decision":"proceed"}'));
            const step = await runTask(run.task, { ...run, inputs: { command, reportDirectory, deployedAt: 'yesterday' } });
            ends(step, 'Failed', 2);
            assert.deepEqual(readdirSync(reportDirectory), []);
        }
    });

    test('is said all at once', async (t) => {
        const run = await gate(t);
        const step = await runTask(run.task, { ...run, inputs: { command: 'check', deployedAt: 'x', allowCommands: 'y', policy: '$(z)' } });
        assert.equal(step.issues.length, 4);
    });

    test('in the policy is shown at its line, at most ten', async (t) => {
        const run = await gate(t);
        const file = path.join(run.workspace, 'runbook.yml');
        writeFileSync(file, `version: 1\nservise: x\nprobe: { url: "http://127.0.0.1:1" }\n${Array.from({ length: 20 }, (_, n) => `unknown${n}: 1\n`).join('')}`);
        for (const command of ['verify', 'validate']) {
            const step = await runTask(run.task, { ...run, inputs: { command } });
            ends(step, 'Failed', 2);
            assert.ok(step.issues.some(({ message }) => message.startsWith(`${file}(2,1): error unknown-key: `)), JSON.stringify(step.issues[0]));
            assert.equal(step.issues.filter(({ type }) => type === 'error').length, 10);
        }
    });
});

describe('checklist', () => {
    /** A workspace that is a repository with one commit, and a policy whose checklist asks for a word and a file. */
    async function checkedOut(t, { enforcement = 'enforce', environment = 'staging', evidence = 'attested' } = {}) {
        const run = await gate(t);
        const others = ['tests-passing', 'decisions-linked', 'artifacts-stored', 'backups-taken', 'change-communicated', 'rollback-plan', 'migrations-reviewed', 'infrastructure-reviewed', 'pipeline-green', 'version-confirmed', 'telemetry-ready', 'policy-reviewed'];
        const off = others.map((item) => `  ${item}: { environments: [nowhere] }\n`).join('');
        const text = policy({ url: run.server.url, environment, enforcement, more: `checklist:\n${off}  config-reviewed: { evidence: [${evidence}] }\n` });
        writeFileSync(path.join(run.workspace, 'runbook.yml'), text.replace('environments:\n', 'environments:\n  nowhere: {}\n'));
        commitAll(run.workspace);
        // The service plays an Azure DevOps that cannot be understood.
        return { ...run, variables: { 'System.CollectionUri': `${run.server.url}/contoso/` } };
    }
    const inputs = { command: 'checklist', environment: 'staging' };

    test('with an open item holds, and says which, why and where the reports are', async (t) => {
        const run = await checkedOut(t);
        const step = await runTask(run.task, { ...run, inputs });
        ends(step, 'Failed', 10);
        assert.equal(step.outputs.get('decision'), 'hold');
        assert.equal(step.outputs.get('enforcement'), 'enforce');
        assert.equal(step.outputs.get('openItems'), 'config-reviewed');
        assert.match(step.outputs.get('reason'), /the checklist is incomplete: 1 un/);
        assert.deepEqual(step.issues.map(({ type }) => type), ['error', 'error']);
        assert.match(step.issues[1].message, /^config-reviewed is un\w+: /);
        assert.deepEqual(step.attachments.map(({ type, name }) => [type, name]), [
            ['Distributedtask.Core.Summary', 'Checklist staging.md'],
            ['runbook-gate.page', 'checklist.html'],
            ['runbook-gate.checklist', 'checklist.json'],
        ]);
        assert.equal(attached(step, 'checklist.json').decision, 'hold');
        assert.ok(readdirSync(step.outputs.get('reportPath')).includes('checklist.md'));
    });

    test('that is complete proceeds', async (t) => {
        const run = await checkedOut(t);
        const step = await runTask(run.task, { ...run, inputs: { ...inputs, attestations: 'config-reviewed=flags compared with staging' } });
        ends(step, 'Succeeded', 0);
        assert.equal(step.outputs.get('decision'), 'proceed');
        assert.equal(step.outputs.get('openItems'), '');
        assert.deepEqual(step.issues, []);
    });

    test('that is only advised warns', async (t) => {
        const run = await checkedOut(t, { enforcement: 'advise' });
        const step = await runTask(run.task, { ...run, inputs });
        ends(step, 'SucceededWithIssues', 0);
        assert.equal(step.outputs.get('decision'), 'hold');
        assert.ok(step.issues.every(({ type }) => type === 'warning'));
    });

    test('that is cancelled holds, says so, and leaves no command behind', async (t) => {
        const stubborn = `{ command: { run: [sh, -c, "trap '' INT TERM; echo $$ > stubborn.new; mv stubborn.new stubborn; while :; do sleep 1; done"], timeout: 5m } }`;
        const run = await checkedOut(t, { evidence: stubborn });
        const started = startTask(run.task, { ...run, inputs: { ...inputs, allowCommands: 'true' } });
        const file = path.join(run.workspace, 'stubborn');
        await until(() => existsSync(file) || started.step.final !== undefined);
        started.child.kill('SIGINT');
        const step = await started.ended;
        ends(step, 'Failed', 10);
        assert.equal(step.outputs.get('decision'), 'hold');
        assert.match(step.outputs.get('reason'), /^cancelled by SIGINT or SIGTERM/);
        assert.match(attached(step, 'checklist.json').notes.join(), /interrupted by SIGINT or SIGTERM/);
        assert.ok(hasEnded(readFileSync(file, 'utf8').trim()), 'the command has ended too');
    });

    test('of production holds whatever the enforcement', async (t) => {
        const run = await checkedOut(t, { environment: 'production', enforcement: 'advise' });
        const step = await runTask(run.task, { ...run, inputs: { ...inputs, environment: 'production' } });
        ends(step, 'Failed', 10);
        assert.equal(step.outputs.get('enforcement'), 'enforce');
    });
});

describe('without a checkout', () => {
    const COMMIT = '0123456789abcdef0123456789abcdef01234567';
    const repository = (url) => ({
        'Build.Repository.Provider': 'TfsGit',
        'Build.Repository.ID': '7d3a-repository',
        'System.TeamProjectId': 'a1-project',
        'System.CollectionUri': `${url}/contoso/`,
    });
    const items = '/contoso/a1-project/_apis/git/repositories/7d3a-repository/items';
    const json = { 'content-type': 'application/json' };

    /** A workspace without the policy, which the service gives as Azure Repos does. */
    async function empty(t, answer) {
        const folder = taskFolder(t, binary);
        let text;
        const server = await service(t, { [items]: { make: () => answer ?? { body: JSON.stringify({ content: text }), headers: json } } });
        text = policy({ url: server.url });
        return { ...folder, server, variables: repository(server.url) };
    }

    test('the policy is read from Azure Repos at the commit of the run, with the token of the job', async (t) => {
        const run = await empty(t);
        const step = await runTask(run.task, { ...run, inputs: { policy: './ops/runbook.yml' } });
        ends(step, 'Succeeded', 0);
        const asked = run.server.requests.filter(({ url }) => url.startsWith(items));
        assert.equal(asked.length, 1);
        const query = new URL(asked[0].url, 'http://x').searchParams;
        assert.equal(query.get('path'), '/ops/runbook.yml');
        assert.equal(query.get('versionDescriptor.version'), COMMIT);
        assert.equal(query.get('versionDescriptor.versionType'), 'commit');
        assert.equal(asked[0].headers.authorization, 'Bearer job-token');
        // The tags of the run are the organisation's, too.
        assert.ok(run.server.requests.filter(({ url }) => !url.startsWith('/contoso/')).every(({ headers }) => headers.authorization === undefined));
    });

    test('what is wrong with the policy is shown at its line', async (t) => {
        const run = await empty(t, { body: JSON.stringify({ content: 'version: 1\nservise: x\n' }), headers: json });
        const step = await runTask(run.task, run);
        ends(step, 'Failed', 2);
        assert.ok(step.issues.some(({ message }) => /runbook\.yml\(2,1\): error unknown-key/.test(message)), JSON.stringify(step.issues));
    });

    const refusals = {
        'a file that is not there': [{ status: 404, body: '{}', headers: json }, /no checkout.*has no runbook\.yml at 0123456.*add `- checkout: self`/],
        'a token that may not read': [{ status: 403, body: '{"message":"TF401019: no"}', headers: json }, /no checkout.*not allowed.*add `- checkout: self`/],
        'a page to sign in': [{ status: 203, body: '<html>', headers: { 'content-type': 'text/html' } }, /no checkout.*token was not accepted/],
    };
    for (const [name, [answer, pattern]] of Object.entries(refusals)) {
        test(`${name} fails the step and says what to do`, async (t) => {
            const run = await empty(t, answer);
            const step = await runTask(run.task, run);
            ends(step, 'Failed', 2);
            assert.equal(step.outputs.get('decision'), 'error');
            assert.match(step.issues[0].message, pattern);
        });
    }

    test('nothing is asked where a repository is checked out, or the path leaves it', async (t) => {
        const run = await empty(t);
        for (const policyPath of ['../runbook.yml', '/none/runbook.yml']) {
            ends(await runTask(run.task, { ...run, inputs: { policy: policyPath } }), 'Failed', 2);
        }
        mkdirSync(path.join(run.workspace, '.git'));
        const step = await runTask(run.task, run);
        ends(step, 'Failed', 2);
        assert.match(step.issues[0].message, /there is no such file/);
        assert.deepEqual(run.server.requests, []);
    });
});

describe('the other commands', () => {
    test('validate finds nothing wrong', async (t) => {
        const run = await gate(t);
        const step = await runTask(run.task, { ...run, inputs: { command: 'validate' } });
        ends(step, 'Succeeded', 0);
        assert.equal(run.server.requests.length, 0);
    });

    test('telemetry says what can be read', async (t) => {
        const run = await gate(t);
        const step = await runTask(run.task, { ...run, inputs: { command: 'telemetry' } });
        assert.equal(step.outputs.has('decision') && step.outputs.get('decision') === 'proceed', false);
        assert.match(step.streams.stdout, /health/);
    });

    test('every command of the pick list is one that the binary takes', async (t) => {
        const run = await gate(t);
        for (const command of Object.keys(readJson(path.join(root, 'task.json')).inputs[0].options)) {
            const step = await runTask(run.task, { ...run, inputs: { command, policy: 'none.yml' } });
            ends(step, 'Failed', 2);
            assert.match(step.issues[0].message, /none\.yml/, command);
        }
    });
});
