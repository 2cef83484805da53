// Every YAML that users are given: the templates, the fenced blocks of the documentation, our own release pipeline. Each is parsed and
// written out, what it says of the task is held against task.json, what it reads against what is set, and its conditions are evaluated
// for every way in which the gate can end.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { readJson } from '../../extension/check.mjs';
import { STATUS_FUNCTIONS, evaluate, parseCondition } from './condition.mjs';
import { checkPipeline, isVisible, objects } from './pipeline.mjs';
import { root } from './task-folder.mjs';
import { expand, parse, template } from './templates.mjs';

const task = readJson(path.join(root, 'task.json'));
const INPUTS = new Map(task.inputs.map((input) => [input.name, input]));

/** The fenced YAML blocks of a Markdown file. */
function blocks(file) {
    const text = readFileSync(path.join(root, file), 'utf8');
    return [...text.matchAll(/^( *)```ya?ml\n([^]*?)^\1```$/gm)].map(([, indent, block], index) => ({
        name: `${file}, block ${index + 1}`,
        text: block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }));
}

const templates = readdirSync(path.join(root, 'templates')).filter((name) => name.endsWith('.yml')).sort();
const documents = ['README.md', 'extension/overview.md', 'docs/pipelines.md', 'docs/azure-pipelines.md', 'docs/permissions.md', 'docs/rollback.md'];
const recipes = [
    ...templates.map((name) => ({ name: `templates/${name}`, text: template(name) })),
    { name: 'azure-pipelines.yml', text: readFileSync(path.join(root, 'azure-pipelines.yml'), 'utf8') },
    ...documents.flatMap(blocks),
];

/** What azure-pipelines.yml asks for on the pipeline's own page. */
const ON_THE_PAGE = Object.fromEntries(['appleIdentity', 'keychainPassword', 'publisher', 'signing', 'signingCertificate', 'signingVault'].map((name) => [name, '']));

/** What rollback.yml asks for in front of its jobs. */
const GATE = {
    job: 'gate',
    steps: [
        { task: 'RunbookGate@1', name: 'g', inputs: { command: 'verify' } },
        { bash: 'echo "##vso[task.setvariable variable=artifact;isOutput=true]reports"', name: 'kept' },
    ],
};

for (const { name, text } of recipes) {
    describe(name, () => {
        const tree = parse(text);

        test('uses the task as it is declared, and reads what is set', () => {
            const whole = name.startsWith('templates/') ? expand(text) : tree;
            const jobs = name === 'templates/rollback.yml' ? [GATE] : [];
            assert.deepEqual(checkPipeline(jobs.length === 0 ? whole : { jobs: [...jobs, ...whole.jobs] }, ON_THE_PAGE), []);
        });

        test('names only parameters that it has', () => {
            const declared = new Set((tree?.parameters ?? []).map?.((parameter) => parameter.name) ?? []);
            const used = new Set([...text.matchAll(/\$\{\{[^}]*?\}\}/g)].flatMap(([whole]) => [...whole.matchAll(/parameters\.(\w+)/g)].map(([, each]) => each)));
            assert.deepEqual([...used].filter((each) => !declared.has(each)), []);
            assert.deepEqual([...declared].filter((each) => !used.has(each)), []);
        });
    });
}

describe('what a checklist’s stage left is read of the stage in front', () => {
    const after = (release) => ({ stages: [...expand(template('checklist.yml'), { stage: 'ready' }).stages, ...release.stages] });
    for (const name of ['release.yml', 'blue-green.yml', 'canary.yml', 'rolling.yml', 'hooks.yml']) {
        test(`templates/${name}`, () => {
            const release = expand(template(name), { checklistStage: 'ready' });
            assert.deepEqual(checkPipeline(after(release)), []);
            const inputs = [...objects(release)].flatMap((each) => (each.inputs?.checklistReport === undefined ? [] : [each.inputs]));
            assert.ok(inputs.some(({ rollbackAction }) => rollbackAction === 'ticket'));
            assert.ok(inputs.some(({ command }) => command === 'verify') || !['release.yml', 'blue-green.yml'].includes(name));
            assert.deepEqual([...objects(expand(template(name)))].filter((each) => each.inputs?.checklistReport !== undefined), []);
        });
    }

    test('templates/required.yml brings it to the gate', () => {
        const gates = [...objects(expand(template('required.yml')))].filter((each) => each.name === 'g');
        assert.match(gates[0].inputs.checklistReport, /checklist\.json$/);
    });
});

describe('the check of a pipeline finds', () => {
    const mistakes = {
        'an output that the task does not have': ['rollback.yml', "outputs['p.rollbackSafe'], 'true'), eq", "outputs['p.rollbackSave'], 'true'), eq", /the step p of the job plan has no output rollbackSave/],
        'an output of another command': ['release.yml', "outputs['g.decision'], 'rollback'", "outputs['g.rollbackSafe'], 'rollback'", /the step g of the job gate has no output rollbackSafe/],
        'a step that is not there': ['rollback.yml', "planReports: $[ dependencies.plan.outputs['kept.artifact']", "planReports: $[ dependencies.plan.outputs['keep.artifact']", /there is no step keep\.artifact in the job plan/],
        'the output of a deployment job without its name': ['release.yml', "outputs['release.deployed.at']", "outputs['deployed.at']", /there is no step deployed\.at in the job release/],
        'a job in a condition that dependsOn does not name': ['rollback.yml', 'dependsOn: [plan, doubt]', 'dependsOn: [doubt]', /rollback: dependencies\.plan\..* reads the job plan, and dependsOn does not name it/],
        'a job in a variable that dependsOn does not name': ['rollback.yml', 'dependsOn: [gate, plan, rollback, recovery]', 'dependsOn: [gate, plan, rollback]', /ticket: dependencies\.recovery\..* reads the job recovery/],
        'a job that is not there': ['release.yml', 'dependsOn: [release, gate]', 'dependsOn: [release, gates]', /ask: there is no job gates/],
        'an input that the task does not have': ['release.yml', 'reportDirectory:', 'reportFolder:', /g: there is no input reportFolder/],
        'an input that is not shown for the command': ['release.yml', 'reportDirectory:', 'rollbackAction: plan #', /g: rollbackAction is not for the command verify/],
        'an option that is none': ['rollback.yml', 'rollbackAction: ticket', 'rollbackAction: tickets', /rollbackAction has no option tickets/],
        'a macro that nothing sets': ['rollback.yml', 'deployedAt: $(redeployedAt)', 'deployedAt: $(redeployed)', /recovery: nothing sets redeployed before the step r/],
        'a macro of a later step': ['checklist.yml', 'reportDirectory: $(Build.ArtifactStagingDirectory)/checklist', 'reportDirectory: $(kept.artifact)', /checklist: nothing sets kept\.artifact before the step c/],
        'a share that the canary does not have': ['canary.yml', "'postRouteTraffic_${{ increment }}.g.decision'", "'postRouteTraffic_99.g.decision'", /there is no step postRouteTraffic_99\.g\.decision/],
        'a hook that does not run the gate': ['rolling.yml', "'postRouteTraffic_${{ machine }}.g.decision'", "'deploy_${{ machine }}.g.decision'", /there is no step deploy_one\.g\.decision/],
        'a step condition on a variable that is never set': ['canary.yml', "condition: eq(variables['decision_", "condition: eq(variables['decided_", /nothing sets decided_10 before/],
        'a gate whose failure is lost': ['release.yml', 'name: g\n', 'name: g\n            continueOnError: true\n', /continueOnError lets a gate that failed pass/],
    };
    for (const [name, [file, right, wrong, pattern]] of Object.entries(mistakes)) {
        test(name, () => {
            const spoilt = (each) => (each === file ? template(each).replace(right, wrong) : template(each));
            assert.notEqual(spoilt(file), template(file));
            const whole = file === 'rollback.yml' ? 'release.yml' : file;
            const findings = checkPipeline(expand(spoilt(whole), {}, spoilt));
            assert.ok(findings.some((finding) => pattern.test(finding)), JSON.stringify(findings));
        });
    }

    test('a stage whose outputs are read and which does not stand in front', () => {
        const stages = expand(template('required.yml')).stages;
        const [release] = stages.splice(-1);
        const findings = checkPipeline({ stages: [...stages, { ...release, dependsOn: 'build' }] });
        assert.ok(findings.some((finding) => /reads the stage checklist, and dependsOn does not name it/.test(finding)), JSON.stringify(findings));
    });
});

/** Everything that can come out of the gate's job: how the job ended, and what its step said. */
const ENDINGS = [
    { name: 'proceed', result: 'Succeeded', decision: 'proceed', enforcement: 'enforce', runs: [] },
    { name: 'rollback', result: 'Failed', decision: 'rollback', enforcement: 'enforce', runs: ['rollback'] },
    { name: 'hold', result: 'Failed', decision: 'hold', enforcement: 'enforce', runs: ['ask'] },
    { name: 'a broken policy', result: 'Failed', decision: 'error', runs: ['ask'] },
    { name: 'a gate that died', result: 'Failed', runs: ['ask'] },
    { name: 'a gate that was cancelled', result: 'Canceled', decision: 'hold', enforcement: 'enforce', runs: ['ask'] },
    { name: 'a gate that was killed', result: 'Canceled', runs: ['ask'] },
    { name: 'a job that ran out of time after the decision', result: 'Canceled', decision: 'rollback', enforcement: 'enforce', runs: ['rollback'] },
    { name: 'advice to hold', result: 'SucceededWithIssues', decision: 'hold', enforcement: 'advise', runs: [] },
    { name: 'advice to roll back', result: 'SucceededWithIssues', decision: 'rollback', enforcement: 'advise', runs: [] },
    { name: 'rollback under continueOnError', result: 'SucceededWithIssues', decision: 'rollback', enforcement: 'enforce', runs: ['rollback'] },
    { name: 'enforcement off', result: 'Succeeded', enforcement: 'off', runs: [] },
    { name: 'a release that failed', result: 'Skipped', before: 'Failed', runs: ['ask'] },
    { name: 'a release that was cancelled', result: 'Skipped', before: 'Canceled', runs: ['ask'] },
];

/** What becomes of the jobs that follow a decision to roll back: how each ends where it runs, and which run. */
const ROLLBACKS = [
    { name: 'a proved version that brings the service back', plan: { rollbackSafe: 'true', lastKnownGoodRunId: '100' }, runs: ['plan', 'rollback', 'recovery', 'ticket'] },
    { name: 'a doubt that a person overrides', plan: { rollbackSafe: 'false', lastKnownGoodRunId: '100' }, runs: ['plan', 'doubt', 'rollback', 'recovery', 'ticket'] },
    { name: 'a doubt that a person, or nobody, confirms', plan: { rollbackSafe: 'false', lastKnownGoodRunId: '100' }, ends: { doubt: 'Failed' }, runs: ['plan', 'doubt', 'ticket'] },
    { name: 'a question that was cancelled', plan: { rollbackSafe: 'false', lastKnownGoodRunId: '100' }, ends: { doubt: 'Canceled' }, runs: ['plan', 'doubt', 'ticket', 'askBack'] },
    { name: 'nothing proved to go back to', plan: { rollbackSafe: 'false' }, ends: { plan: 'Failed' }, runs: ['plan', 'ticket', 'askBack'] },
    { name: 'a plan that broke', plan: {}, ends: { plan: 'Failed' }, runs: ['plan', 'ticket', 'askBack'] },
    { name: 'a plan that was proved before its job was cancelled', plan: { rollbackSafe: 'true', lastKnownGoodRunId: '100' }, ends: { plan: 'Canceled' }, runs: ['plan', 'rollback', 'recovery', 'ticket'] },
    { name: 'a version that does not bring the service back', plan: { rollbackSafe: 'true', lastKnownGoodRunId: '100' }, ends: { recovery: 'Failed' }, runs: ['plan', 'rollback', 'recovery', 'ticket', 'askBack'] },
    { name: 'a redeployment that failed', plan: { rollbackSafe: 'true', lastKnownGoodRunId: '100' }, ends: { rollback: 'Failed' }, runs: ['plan', 'rollback', 'ticket', 'askBack'] },
    { name: 'a rollback that was cancelled', plan: { rollbackSafe: 'true', lastKnownGoodRunId: '100' }, ends: { rollback: 'Canceled' }, runs: ['plan', 'rollback', 'ticket', 'askBack'] },
    { name: 'a recovery that was cancelled', plan: { rollbackSafe: 'true', lastKnownGoodRunId: '100' }, ends: { recovery: 'Canceled' }, runs: ['plan', 'rollback', 'recovery', 'ticket', 'askBack'] },
];

/** Each template with a gate: its deployment, and, where a hook has the gate, what stands in front of that hook's outputs. */
const GATES = [
    { file: 'release.yml', deploys: 'release' },
    { file: 'blue-green.yml', deploys: 'swap' },
    { file: 'canary.yml', deploys: 'canary', hook: 'postRouteTraffic_50.' },
    { file: 'rolling.yml', deploys: 'rolling', hook: 'postRouteTraffic_one.' },
    { file: 'hooks.yml', deploys: 'release', hook: 'postRouteTraffic.' },
    { file: 'hooks.yml', deploys: 'release', hook: 'release.' },
];

/** What the steps of a job leave that only passes on what other jobs left: its bash is run. */
function passedOn(job, context) {
    const values = Object.entries(job.variables ?? {}).map(([name, value]) => {
        const [, expression] = /^\$\[ (.+) \]$/.exec(value) ?? [];
        return [name, String((expression === undefined ? value : evaluate(parseCondition(expression), context)) ?? '')];
    });
    const variables = Object.fromEntries(values);
    const outputs = {};
    for (const step of job.steps.filter(({ bash }) => bash !== undefined)) {
        if (step.condition !== undefined && !evaluate(parseCondition(step.condition), { variables })) {
            continue;
        }
        const script = step.bash.replaceAll(/\$\(([\w-]+)\)/g, (_, name) => variables[name]);
        const env = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name.toUpperCase(), value]));
        const { stdout, status } = spawnSync('bash', ['-euc', script], { encoding: 'utf8', env: { PATH: process.env.PATH, ...env } });
        assert.equal(status, 0, script);
        for (const [, name, output, value] of stdout.matchAll(/^##vso\[task\.setvariable variable=(\w+)(;isOutput=true)?\](.*)$/gm)) {
            if (output === undefined) {
                variables[name] = value;
            } else {
                outputs[`${step.name}.${name}`] = value;
            }
        }
    }
    return outputs;
}

for (const { file, deploys, hook } of GATES) {
    describe(`templates/${file}${hook === undefined ? '' : ` with outputs of ${hook}`}: what runs after`, () => {
        const { jobs } = expand(template(file)).stages[0];
        const conditional = jobs.filter((job) => job.condition !== undefined);

        /** Runs the jobs after the gate in their order, each as its condition says. */
        function after({ result, decision, enforcement, before = 'Succeeded' }, { plan = {}, ends = {}, canceled = false } = {}) {
            const outputs = (step, values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined).map(([name, value]) => [`${step}.${name}`, value]));
            const gate = { ...outputs('g', { decision, enforcement }), 'kept.artifact': 'reports of the gate' };
            const hooked = Object.fromEntries(Object.entries(gate).map(([name, value]) => [`${hook}${name}`, value]));
            const dependencies =
                hook === undefined
                    ? { gate: { result, outputs: gate }, [deploys]: { result: before, outputs: {} } }
                    : { [deploys]: { result: before === 'Succeeded' ? result : before, outputs: before === 'Succeeded' ? hooked : {} } };
            const ran = conditional.filter((job) => {
                const name = job.job ?? job.deployment;
                const runs = evaluate(parseCondition(job.condition), { dependencies, statuses: { canceled } });
                const left = () => (name === 'gate' ? passedOn(job, { dependencies }) : name === 'plan' ? outputs('p', plan) : {});
                dependencies[name] = { result: runs ? (ends[name] ?? 'Succeeded') : 'Skipped', outputs: runs ? left() : {} };
                return runs;
            });
            const names = ran.map((job) => job.job ?? job.deployment);
            if (names.includes('plan')) {
                assert.equal(dependencies.gate.outputs['kept.artifact'], 'reports of the gate');
            }
            return names.filter((name) => name !== 'gate');
        }

        for (const ending of ENDINGS) {
            const expected = ending.runs.includes('rollback') ? ROLLBACKS[0].runs : ending.runs;
            test(`${ending.name}: ${expected.join(', ') || 'nothing'}`, () => assert.deepEqual(after(ending, ROLLBACKS[0]), expected));
        }
        for (const rollback of ROLLBACKS) {
            const decided = ENDINGS.find(({ name }) => name === 'rollback');
            test(`${rollback.name}: ${rollback.runs.join(', ')}`, () => assert.deepEqual(after(decided, rollback), rollback.runs));
        }

        test('the conditions do not ask how anything else ended', () => {
            for (const { condition } of conditional) {
                const rest = condition.replace('not(canceled()), ', '');
                STATUS_FUNCTIONS.forEach((name) => assert.ok(!rest.includes(`${name}(`), condition));
            }
        });

        test('whoever cancels the run stops the rollback that has not begun, and is asked', () => {
            const decided = ENDINGS.find(({ name }) => name === 'rollback');
            assert.deepEqual(after(decided, { ...ROLLBACKS[0], canceled: true }), ['ticket', 'askBack']);
        });

        test('a redeployment begins without the files of the bad release', () => {
            const { strategy } = jobs.find(({ deployment }) => deployment === 'rollback');
            const { steps } = (strategy.runOnce ?? strategy.rolling).deploy;
            assert.ok(steps.some(({ download }) => download === 'none'));
        });

        test('more inputs reach every step of the gate', () => {
            const steps = [...objects(expand(template(file), { gateInputs: { prometheusConnection: 'inner' } }))].filter((each) => String(each.task).startsWith('RunbookGate'));
            assert.ok(steps.length > 3);
            steps.forEach((step) => assert.equal(step.inputs.prometheusConnection, 'inner', step.displayName ?? step.name));
        });

        test('no hook undoes a release whatever failed', () => {
            const failure = [...objects(jobs)].flatMap(({ on }) => on?.failure?.steps ?? []);
            assert.deepEqual(failure.filter((step) => step.task !== undefined), []);
        });
    });
}

describe('templates/checklist.yml', () => {
    const jobs = (given) => expand(template('checklist.yml'), given).stages[0].jobs;

    test('asks a person wherever the release would go on, and nobody where it would not', () => {
        const { condition } = jobs({ approve: true }).find(({ job }) => job === 'approve');
        const asks = (result) => evaluate(parseCondition(condition), { dependencies: { checklist: { result, outputs: {} } } });
        assert.deepEqual(['Succeeded', 'SucceededWithIssues', 'Failed', 'Canceled', 'Skipped'].map(asks), [true, true, false, false, false]);
    });

    test('stands behind an approval where one is named', () => {
        assert.deepEqual(jobs({}).map((job) => job.job ?? job.deployment), ['checklist']);
        const [approval] = jobs({ approvalEnvironment: 'break-glass' });
        assert.deepEqual([approval.deployment, approval.environment], ['approval', 'break-glass']);
    });
});

test('slots are not swapped back a second time', () => {
    const { strategy } = expand(template('blue-green.yml')).stages[0].jobs.find(({ deployment }) => deployment === 'rollback');
    const { steps } = strategy.runOnce.deploy;
    const guard = steps.findIndex(({ displayName }) => displayName === 'Not swapped back already?');
    assert.ok(guard < steps.findIndex(({ task }) => task === 'AzureAppServiceManage@0'));
    const status = (stage, job) => spawnSync('bash', ['-euc', steps[guard].bash], { env: { PATH: process.env.PATH, SYSTEM_STAGEATTEMPT: stage, SYSTEM_JOBATTEMPT: job } }).status;
    assert.deepEqual([status('1', '1'), status('2', '1'), status('1', '2')], [0, 1, 1]);
});

test('a template that another one uses is there', () => {
    for (const name of templates) {
        const tree = parse(template(name));
        for (const used of [...objects(tree)].map((each) => each.template).filter((each) => typeof each === 'string')) {
            const file = path.join(root, 'templates', used);
            assert.ok(existsSync(file), used);
        }
    }
});

/** The pipelines in the comments at the top of the templates. */
const usages = templates.flatMap((name) => {
    const lines = template(name).split('\n').filter((line) => line.startsWith('#   '));
    return lines.length === 0 ? [] : [{ name: `the top of templates/${name}`, text: lines.map((line) => line.slice(4)).join('\n') }];
});

for (const { name, text } of [...recipes, ...usages]) {
    test(`what ${name} gives to a template is what that one takes, and all that it needs`, () => {
        for (const use of [...objects(parse(text))].filter((each) => typeof each.template === 'string')) {
            const { parameters } = parse(template(path.basename(use.template).replace(/@\w+$/, '')));
            const given = Object.entries(use.parameters ?? {}).flatMap(([key, value]) => (key.startsWith('${{ if ') ? Object.keys(value) : [key]));
            given.forEach((each) => assert.ok(parameters.some((parameter) => parameter.name === each), each));
            parameters.filter((each) => !('default' in each)).forEach((each) => assert.ok(given.includes(each.name), each.name));
        }
    });
}

describe('docs/azure-pipelines.md', () => {
    const text = readFileSync(path.join(root, 'docs', 'azure-pipelines.md'), 'utf8');
    const rows = (heading) =>
        text
            .split(`\n## ${heading}\n`)[1]
            .split('\n## ')[0]
            .split('\n')
            .filter((line) => line.startsWith('| `'))
            .map((line) => line.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));

    test('lists every input with its default, and no other', () => {
        const listed = rows('Inputs').map(([name, , byDefault]) => [name, byDefault]);
        assert.deepEqual(listed, task.inputs.map((input) => [`\`${input.name}\``, input.defaultValue === '' ? '' : `\`${input.defaultValue}\``]));
    });

    test('says of each input which commands it is for, as the editor shows it', () => {
        const commands = Object.keys(INPUTS.get('command').options);
        for (const [name, written] of rows('Inputs')) {
            const input = INPUTS.get(name.replaceAll('`', ''));
            const group = task.groups.find((each) => each.name === input.groupName);
            const shown = commands.filter((command) => isVisible(group?.visibleRule, { command }) && isVisible(input.visibleRule, { command }));
            const meant = written.startsWith('all')
                ? commands.filter((command) => !written.includes(`\`${command}\``))
                : commands.filter((command) => written.includes(`\`${command}\``));
            assert.deepEqual(meant, shown, `${name}: ${written}`);
        }
    });

    test('lists every output, and no other', () => {
        assert.deepEqual(rows('Outputs').flatMap(([names]) => names.split(', ')), task.outputVariables.map(({ name }) => `\`${name}\``));
    });

    test('lists every template', () => {
        for (const name of templates) {
            assert.ok(text.includes(`(../templates/${name})`), name);
        }
    });
});
