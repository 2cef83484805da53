// What must hold of a pipeline that uses the task: every name that it reads is set where it says, by whom it says, before it reads it.
// The service says nothing of most of these mistakes: a name that nobody sets is an empty text.

import path from 'node:path';
import { readJson } from '../../extension/check.mjs';
import { parseCondition, pathsOf } from './condition.mjs';
import { root } from './task-folder.mjs';

const task = readJson(path.join(root, 'task.json'));
const USES = `${task.name}@${task.version.Major}`;
const INPUTS = new Map(task.inputs.map((input) => [input.name, input]));
const OUTPUTS = new Map(task.outputVariables.map(({ name, description }) => [name, description]));
/** Variables of every run. */
const PREDEFINED = /^(Agent|Build|Environment|Pipeline|System|strategy)\./;

/** Every object in a tree, from the outside in. */
export function* objects(value) {
    if (value !== null && typeof value === 'object') {
        if (!Array.isArray(value)) {
            yield value;
        }
        for (const each of Object.values(value)) {
            yield* objects(each);
        }
    }
}

function* texts(value) {
    if (typeof value === 'string') {
        yield value;
    } else if (value !== null && typeof value === 'object') {
        for (const each of Object.values(value)) {
            yield* texts(each);
        }
    }
}

/** Whether the editor shows what has this rule. */
export function isVisible(rule, inputs) {
    if (rule === undefined) {
        return true;
    }
    const terms = (operator) => rule.split(operator).map((term) => /^\s*(\w+)\s*(!?=)\s*(\S+)\s*$/.exec(term));
    const holds = ([, name, operator, value]) => (inputs[name] === value) === (operator === '=');
    return rule.includes('||') ? terms('||').some(holds) : terms('&&').every(holds);
}

/**
 * Everything wrong with a pipeline, or a part of one, by itself: its stages, jobs and steps. `given` are the variables that stand in no
 * YAML: those of the pipeline's own page.
 */
export function checkPipeline(tree, given = {}) {
    const findings = [];
    const variables = { ...given, ...tree.variables };
    for (const step of objects(tree)) {
        if (typeof step.task === 'string' && step.task.startsWith(task.name)) {
            findings.push(...checkStep(step));
        }
    }
    const stages = [...objects(tree)].flatMap((each) => (Array.isArray(each.stages) ? [each.stages] : []));
    for (const each of stages) {
        findings.push(...checkStages(each, variables));
    }
    const inStages = new Set(stages.flat().map((stage) => stage.jobs));
    const loose = [...objects(tree)].filter((each) => Array.isArray(each.jobs) && !inStages.has(each.jobs));
    for (const { jobs } of Array.isArray(tree) && tree.some(nameOf) ? [{ jobs: tree }] : loose) {
        findings.push(...checkJobs(jobs, { stages: [], variables }));
    }
    return findings;
}

/** A use of the task, by task.json. */
function checkStep(step) {
    const findings = [];
    const inputs = step.inputs ?? {};
    const say = (what) => findings.push(`${step.name ?? step.displayName ?? step.task}: ${what}`);
    if (step.task !== USES) {
        say(`${step.task} is not ${USES}`);
    }
    if (!('command' in inputs)) {
        say('the command is not written out');
    }
    for (const [name, value] of Object.entries(inputs)) {
        const input = INPUTS.get(name);
        const group = task.groups.find((each) => each.name === input?.groupName);
        if (input === undefined) {
            say(`there is no input ${name}`);
        } else if (input.options !== undefined && !String(value).includes('$') && !(value in input.options)) {
            say(`${name} has no option ${value}`);
        } else if (!isVisible(group?.visibleRule, inputs) || !isVisible(input.visibleRule, inputs)) {
            say(`${name} is not for the command ${inputs.command}`);
        }
    }
    if (inputs.command === 'verify' && !/^\w+$/.test(step.name ?? '')) {
        say('a step without a name has no outputs');
    }
    for (const key of ['continueOnError', 'retryCountOnTaskFailure'].filter((name) => name in step)) {
        say(`${key} lets a gate that failed pass for one that succeeded`);
    }
    return findings;
}

const nameOf = (each) => each?.job ?? each?.deployment ?? each?.stage;
const listOf = (value) => [value ?? []].flat();

function checkStages(stages, variables) {
    return stages.filter(nameOf).flatMap((stage, index) => {
        const before = stages[index - 1];
        const needed = 'dependsOn' in stage ? listOf(stage.dependsOn) : listOf(nameOf(before));
        const findings = needed
            .filter((name) => !stages.some((each) => nameOf(each) === name))
            .map((name) => `${nameOf(stage)}: there is no stage ${name}`);
        for (const [kind, name, what, key] of pathsOf(parseCondition(stage.condition ?? 'true'))) {
            if (kind !== 'dependencies') {
                continue;
            }
            const [job, ...output] = String(key).split('.');
            findings.push(...checkNeeded(`${nameOf(stage)}: its condition`, name, needed, 'stage'));
            if (what === 'outputs') {
                findings.push(...checkOutput(nameOf(stage), jobOf(stages, name, job), output.join('.')));
            }
        }
        const within = { stages: stages.filter((each) => needed.includes(nameOf(each))), variables: { ...variables, ...stage.variables } };
        return [...findings, ...checkJobs(stage.jobs ?? [], within)];
    });
}

const jobOf = (stages, stage, job) => stages.find((each) => nameOf(each) === stage)?.jobs?.find((each) => nameOf(each) === job);

function checkJobs(jobs, { stages, variables }) {
    const named = jobs.filter(nameOf);
    const twice = named.map(nameOf).filter((name, index, all) => all.indexOf(name) !== index);
    return [...twice.map((name) => `there are two jobs ${name}`), ...named.flatMap((job) => checkJob(job, named, { stages, variables }))];
}

function checkJob(job, jobs, { stages, variables }) {
    const needed = listOf(job.dependsOn);
    const whole = jobs.length > 1;
    const findings = needed.filter((name) => whole && !jobs.some((each) => nameOf(each) === name)).map((name) => `${nameOf(job)}: there is no job ${name}`);
    const read = [job.condition ?? 'true', ...Object.values(job.variables ?? {}).flatMap(runtime)];
    for (const [kind, ...path] of read.flatMap((text) => pathsOf(parseCondition(text)))) {
        const at = `${nameOf(job)}: ${[kind, ...path].join('.')}`;
        if (kind === 'dependencies') {
            const [name, what, key] = path;
            findings.push(...checkNeeded(at, name, needed, 'job'));
            if (what === 'outputs' && whole) {
                findings.push(...checkOutput(at, jobs.find((each) => nameOf(each) === name), key));
            }
        } else if (kind === 'stageDependencies') {
            const [stage, name, , key] = path;
            findings.push(...checkNeeded(at, stage, stages.map(nameOf), 'stage'));
            findings.push(...checkOutput(at, jobOf(stages, stage, name), key));
        } else if (kind !== 'true') {
            findings.push(`${at} is read before the job begins, and a job knows only what others left`);
        }
    }
    for (const steps of hooksOf(job).map(([, each]) => each)) {
        findings.push(...checkSteps(nameOf(job), steps, { ...variables, ...Object.values(job.strategy?.matrix ?? {})[0], ...job.variables }));
    }
    return findings;
}

const runtime = (value) => [...String(value).matchAll(/^\$\[ (.+) \]$/g)].map(([, expression]) => expression);

function checkNeeded(at, name, needed, kind) {
    return needed.includes(name) ? [] : [`${at} reads the ${kind} ${name}, and dependsOn does not name it`];
}

/** The lists of steps that run as one job, by the name of their hook; '' for an ordinary job. */
function hooksOf(job) {
    if (job.deployment === undefined) {
        return [['', job.steps ?? []]];
    }
    const [strategy] = Object.values(job.strategy ?? {});
    const hooks = { ...strategy, 'on.failure': strategy?.on?.failure, 'on.success': strategy?.on?.success };
    return Object.entries(hooks).flatMap(([name, hook]) => (Array.isArray(hook?.steps) ? [[name, hook.steps]] : []));
}

/** Whether an output is set: `step.variable` of a job, and of a deployment job what its strategy puts in front. */
function checkOutput(at, job, key) {
    if (job === undefined) {
        return [`${at}: there is no such job`];
    }
    const parts = String(key).split('.');
    const [name, variable] = parts.slice(-2);
    const before = parts.slice(0, -2).join('.');
    const steps = hooksOf(job)
        .filter(([hook]) => stands(job, hook).test(before))
        .flatMap(([, each]) => each);
    const step = steps.find((each) => each?.name === name);
    if (step === undefined) {
        return [`${at}: there is no step ${key} in the job ${nameOf(job)}`];
    }
    return setBy(step, variable) ? [] : [`${at}: the step ${name} of the job ${nameOf(job)} has no output ${variable}`];
}

/** What stands in front of the name of a step of this hook. */
function stands(job, hook) {
    const [[strategy, { increments = [] } = {}] = []] = Object.entries(job.strategy ?? {});
    switch (job.deployment === undefined ? 'none' : strategy) {
        case 'none':
            return /^$/;
        case 'runOnce':
            return new RegExp(`^(${job.deployment}${hook === 'deploy' ? '' : `|${hook}`})$`);
        case 'canary':
            return new RegExp(`^${hook}_(${increments.join('|')})$`);
        default:
            return new RegExp(`^${hook}_[\\w-]+$`);
    }
}

/** Whether a step sets an output for other jobs. */
function setBy(step, variable) {
    if (String(step.task).startsWith(task.name)) {
        const [, command] = /^Of `(\w+)`/.exec(OUTPUTS.get(variable) ?? '') ?? [];
        return OUTPUTS.has(variable) && (command === undefined || step.inputs?.command === command);
    }
    return String(step.bash ?? step.pwsh ?? step.script ?? '').includes(`variable=${variable};isOutput=true]`);
}

/** Macros and conditions of steps: each reads a variable of every run or of the job, or what an earlier step sets. */
function checkSteps(job, steps, variables) {
    return steps.flatMap((step, index) => {
        const isSet = (name) => {
            const [of, variable] = name.split('.');
            const earlier = steps.slice(0, index).some((each) => each?.name === of && setBy(each, variable));
            return name in variables || PREDEFINED.test(name) || earlier;
        };
        const macros = [...texts(step)].flatMap((text) => [...text.matchAll(/\$\(([\w.-]+)\)/g)].map(([, name]) => name));
        const conditions = pathsOf(parseCondition(step.condition ?? 'true')).flatMap(([kind, name]) => (kind === 'variables' ? [name] : []));
        return [...macros, ...conditions]
            .filter((name) => !isSet(name))
            .map((name) => `${job}: nothing sets ${name} before the step ${step.name ?? step.displayName ?? index}`);
    });
}
