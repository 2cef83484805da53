// Every YAML that users are given: the templates, the fenced blocks of the documentation, our own release pipeline. Each is parsed,
// its uses of the task are held against task.json, and its conditions are evaluated for every way in which the gate can end.

import assert from 'node:assert/strict';
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { parseDocument } from 'yaml';
import { readJson } from '../../extension/check.mjs';
import { STATUS_FUNCTIONS, evaluate, parseCondition, pathsOf } from './condition.mjs';
import { root } from './task-folder.mjs';

const task = readJson(path.join(root, 'task.json'));
const USES = `${task.name}@${task.version.Major}`;
const OUTPUTS = new Set(task.outputVariables.map(({ name }) => name));
const INPUTS = new Map(task.inputs.map((input) => [input.name, input]));

function parse(text) {
    const document = parseDocument(text, { strict: true, uniqueKeys: true });
    assert.deepEqual(document.errors.map(String), []);
    assert.deepEqual(document.warnings.map(String), []);
    return document.toJS();
}

/** The fenced YAML blocks of a Markdown file. */
function blocks(file) {
    const text = readFileSync(path.join(root, file), 'utf8');
    return [...text.matchAll(/^( *)```ya?ml\n([^]*?)^\1```$/gm)].map(([, indent, block], index) => ({
        name: `${file}, block ${index + 1}`,
        text: block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }));
}

/** Every object in a tree, from the outside in. */
function* objects(value) {
    if (value !== null && typeof value === 'object') {
        if (!Array.isArray(value)) {
            yield value;
        }
        for (const each of Object.values(value)) {
            yield* objects(each);
        }
    }
}

const templates = readdirSync(path.join(root, 'templates')).filter((name) => name.endsWith('.yml')).sort();
const documents = ['README.md', 'extension/overview.md', 'docs/pipelines.md', 'docs/azure-pipelines.md', 'docs/permissions.md'];
const recipes = [
    ...templates.map((name) => ({ name: `templates/${name}`, text: readFileSync(path.join(root, 'templates', name), 'utf8') })),
    { name: 'azure-pipelines.yml', text: readFileSync(path.join(root, 'azure-pipelines.yml'), 'utf8') },
    ...documents.flatMap(blocks),
];

for (const { name, text } of recipes) {
    describe(name, () => {
        const tree = parse(text);

        test('uses the task as it is declared', () => {
            for (const step of [...objects(tree)].filter((each) => typeof each.task === 'string' && each.task.startsWith('RunbookGate'))) {
                checkUse(step);
            }
        });

        test('reads only outputs that the task has', () => {
            // A step of the task is named g, s, c, p, r, plan or gate in every recipe.
            for (const [whole, output] of text.matchAll(/outputs\['[\w.]*\b(?:g|s|c|p|r|gate)\.(\w+)'\]/g)) {
                assert.ok(OUTPUTS.has(output), whole);
            }
            for (const [whole, output] of text.matchAll(/\$\((?:g|s|c|p|r|plan|gate)\.(\w+)\)/g)) {
                assert.ok(OUTPUTS.has(output), whole);
            }
        });

        test('has conditions that say what they mean', () => {
            for (const owner of [...objects(tree)].filter((each) => typeof each.condition === 'string')) {
                const paths = pathsOf(parseCondition(owner.condition));
                const needed = [owner.dependsOn ?? []].flat();
                for (const [kind, job] of paths.filter(([kind]) => kind === 'dependencies')) {
                    assert.ok(needed.includes(job), `${owner.condition} reads ${kind}.${job}, and dependsOn does not name it`);
                }
            }
        });

        test('depends on jobs and stages that are there', () => {
            for (const owner of objects(tree)) {
                for (const kind of ['jobs', 'stages']) {
                    const names = (Array.isArray(owner[kind]) ? owner[kind] : []).map((each) => each.job ?? each.deployment ?? each.stage);
                    for (const each of Array.isArray(owner[kind]) ? owner[kind] : []) {
                        for (const needed of [each.dependsOn ?? []].flat()) {
                            assert.ok(names.includes(needed), `${needed} of ${JSON.stringify(each.dependsOn)}`);
                        }
                    }
                }
            }
        });

        test('never lets a gate that fails pass for one that succeeded', () => {
            for (const step of [...objects(tree)].filter((each) => String(each.task).startsWith('RunbookGate'))) {
                assert.equal(step.continueOnError, undefined);
                assert.equal(step.retryCountOnTaskFailure, undefined);
            }
        });

        test('names only parameters that it has', () => {
            const declared = new Set((tree?.parameters ?? []).map?.((parameter) => parameter.name) ?? []);
            for (const [whole, parameter] of text.matchAll(/\$\{\{ *parameters\.(\w+) *\}\}/g)) {
                assert.ok(declared.has(parameter), whole);
            }
            for (const parameter of declared) {
                assert.ok(text.includes(`parameters.${parameter} }}`), `${parameter} is never used`);
            }
        });
    });
}

function checkUse(step) {
    assert.equal(step.task, USES);
    for (const [name, value] of Object.entries(step.inputs ?? {})) {
        const input = INPUTS.get(name);
        assert.ok(input, `there is no input ${name}`);
        if (input.options !== undefined && !String(value).includes('$')) {
            assert.ok(value in input.options, `${name} has no option ${value}`);
        }
        const group = task.groups.find((each) => each.name === input.groupName);
        assert.ok(isVisible(group?.visibleRule, step.inputs), `${name} is not for the command ${step.inputs.command}`);
    }
    assert.ok('command' in (step.inputs ?? {}), 'the command is written out');
    if (step.inputs.command === 'verify') {
        assert.match(step.name ?? '', /^\w+$/, 'a step without a name has no outputs');
    }
}

function isVisible(rule, inputs) {
    if (rule === undefined) {
        return true;
    }
    const terms = (operator) => rule.split(operator).map((term) => /^\s*(\w+)\s*(!?=)\s*(\S+)\s*$/.exec(term));
    const holds = ([, name, operator, value]) => (inputs[name] === value) === (operator === '=');
    return rule.includes('||') ? terms('||').some(holds) : terms('&&').every(holds);
}

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
    { name: 'a proved version that brings the service back', plan: { rollbackSafe: 'true', lastKnownGoodRunId: '100' }, runs: ['plan', 'rollback', 'ticket'] },
    { name: 'a doubt that a person overrides', plan: { rollbackSafe: 'false', lastKnownGoodRunId: '100' }, runs: ['plan', 'doubt', 'rollback', 'ticket'] },
    { name: 'a doubt that a person, or nobody, confirms', plan: { rollbackSafe: 'false', lastKnownGoodRunId: '100' }, ends: { doubt: 'Failed' }, runs: ['plan', 'doubt', 'ticket'] },
    { name: 'a question that was cancelled', plan: { rollbackSafe: 'false', lastKnownGoodRunId: '100' }, ends: { doubt: 'Canceled' }, runs: ['plan', 'doubt', 'ticket', 'askBack'] },
    { name: 'nothing proved to go back to', plan: { rollbackSafe: 'false' }, ends: { plan: 'Failed' }, runs: ['plan', 'ticket', 'askBack'] },
    { name: 'a plan that broke', plan: {}, ends: { plan: 'Failed' }, runs: ['plan', 'ticket', 'askBack'] },
    { name: 'a plan that was proved before its job was cancelled', plan: { rollbackSafe: 'true', lastKnownGoodRunId: '100' }, ends: { plan: 'Canceled' }, runs: ['plan', 'rollback', 'ticket'] },
    { name: 'a version that does not bring the service back', plan: { rollbackSafe: 'true', lastKnownGoodRunId: '100' }, ends: { rollback: 'Failed' }, runs: ['plan', 'rollback', 'ticket', 'askBack'] },
    { name: 'a rollback that was cancelled', plan: { rollbackSafe: 'true', lastKnownGoodRunId: '100' }, ends: { rollback: 'Canceled' }, runs: ['plan', 'rollback', 'ticket', 'askBack'] },
];

for (const [template, deploys] of [['release.yml', 'release'], ['blue-green.yml', 'swap']]) {
    describe(`templates/${template}: what runs after`, () => {
        const { jobs } = parse(readFileSync(path.join(root, 'templates', template), 'utf8')).stages[0];

        /** Runs the jobs after the gate in their order, each as its condition says. */
        function after({ result, decision, enforcement, before = 'Succeeded' }, { plan = {}, ends = {} } = {}) {
            const outputs = (step, values) => Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined).map(([name, value]) => [`${step}.${name}`, value]));
            const dependencies = { gate: { result, outputs: outputs('g', { decision, enforcement }) }, [deploys]: { result: before, outputs: {} } };
            return jobs
                .filter((job) => job.condition !== undefined)
                .map((job) => {
                    const name = job.job ?? job.deployment;
                    const runs = evaluate(parseCondition(job.condition), { dependencies });
                    dependencies[name] = { result: runs ? (ends[name] ?? 'Succeeded') : 'Skipped', outputs: runs && name === 'plan' ? outputs('p', plan) : {} };
                    return runs ? name : undefined;
                })
                .filter((name) => name !== undefined);
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
            for (const { condition } of jobs.filter((job) => job.condition !== undefined)) {
                STATUS_FUNCTIONS.forEach((name) => assert.ok(!condition.includes(`${name}(`), condition));
            }
        });

        test('what is read of another job is set there', () => {
            const text = readFileSync(path.join(root, 'templates', template), 'utf8');
            const steps = new Map(jobs.map((job) => [job.job ?? job.deployment, new Set([...objects(job)].map((each) => each.name).filter(Boolean))]));
            for (const [whole, job, output] of text.matchAll(/dependencies\.(\w+)\.outputs\['([\w.]+)'\]/g)) {
                const parts = output.split('.');
                // Of a deployment job its own name stands in front.
                const deployment = jobs.some((each) => each.deployment === job);
                assert.equal(parts.length, deployment ? 3 : 2, whole);
                assert.ok(steps.get(job)?.has(parts.at(-2)), whole);
            }
        });
    });
}

test('a template that another one uses is there', () => {
    for (const name of templates) {
        const tree = parse(readFileSync(path.join(root, 'templates', name), 'utf8'));
        for (const used of [...objects(tree)].map((each) => each.template).filter((each) => typeof each === 'string')) {
            const file = path.join(root, 'templates', used);
            assert.ok(existsSync(file), used);
        }
    }
});

test('what a template gives to another one is what that one takes, and all that it needs', () => {
    for (const name of templates) {
        const tree = parse(readFileSync(path.join(root, 'templates', name), 'utf8'));
        for (const use of [...objects(tree)].filter((each) => typeof each.template === 'string')) {
            const { parameters } = parse(readFileSync(path.join(root, 'templates', use.template), 'utf8'));
            const given = Object.keys(use.parameters ?? {});
            given.forEach((each) => assert.ok(parameters.some((parameter) => parameter.name === each), each));
            parameters.filter((each) => !('default' in each)).forEach((each) => assert.ok(given.includes(each.name), each.name));
        }
    }
});

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
