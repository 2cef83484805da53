// Runs a task folder as the Azure Pipelines agent does (its NodeHandler, ProcessInvoker and command extensions), as far as a
// task can see or cause it: the environment, the closed standard input, the working directory, the captured streams, the
// logging commands, the merged result. What the agent leaves to its server (secret masking, uploads) is only recorded.

import { spawn } from 'node:child_process';
import { readFileSync, existsSync } from 'node:fs';
import path from 'node:path';
import { lines, parseCommand } from './agent-grammar.mjs';

const RESULTS = ['Succeeded', 'SucceededWithIssues', 'Failed', 'Canceled', 'Skipped', 'Abandoned'];
const MOST_ISSUES = 10;
const COLLECTION = 'http://127.0.0.1:9/contoso/';
/** What the agent allows under `target: commands: restricted`. */
const ALLOWED_RESTRICTED = new Set([
    'task.logissue', 'task.complete', 'task.setprogress', 'task.setsecret', 'task.setvariable', 'task.debug',
    'task.settaskvariable', 'task.prependpath', 'task.logdetail', 'telemetry.publish',
]);
const FORBIDDEN_IN_NAMES = /[\0-\x1f"<>|:*?\\/]/;

/** The agent's variable-to-environment mangling. */
export function environmentName(name) {
    return name.replace(/[. ]/g, '_').toUpperCase();
}

/** The worse result wins; a result beyond Failed stays. */
export function merge(current, coming) {
    if (current === undefined) {
        return coming;
    }
    if (RESULTS.indexOf(current) > RESULTS.indexOf('Failed')) {
        return current;
    }
    return RESULTS.indexOf(coming) >= RESULTS.indexOf(current) ? coming : current;
}

/** What the agent puts in the environment of a Node handler. */
export function environmentOf({ definition, inputs = {}, variables = {}, secrets = {}, endpoints = [], environment = {}, temporary, workspace }) {
    const env = { PATH: process.env.PATH, HOME: workspace, LANG: 'C.UTF-8', TF_BUILD: 'True', 'agent.jobstatus': 'Succeeded' };
    const all = {
        'Agent.TempDirectory': temporary,
        'Agent.JobStatus': 'Succeeded',
        'Agent.OS': 'Linux',
        'Agent.Version': '4.260.0',
        'Agent.WorkFolder': workspace,
        'Agent.ToolsDirectory': path.join(workspace, '_tool'),
        'Build.BuildId': '4711',
        'Build.BuildNumber': '20260101.1',
        'Build.Reason': 'IndividualCI',
        'Build.Repository.Name': 'orders',
        'Build.SourceBranch': 'refs/heads/main',
        'Build.SourceVersion': '0123456789abcdef0123456789abcdef01234567',
        'Build.SourcesDirectory': workspace,
        'Pipeline.Workspace': workspace,
        // Nobody listens there: a test that asks Azure DevOps names a service of its own.
        'System.CollectionUri': COLLECTION,
        'System.DefaultWorkingDirectory': workspace,
        'System.HostType': 'build',
        'System.JobAttempt': '1',
        'System.StageAttempt': '1',
        'System.StageName': 'production',
        'System.TeamProject': 'shop',
        ...variables,
    };
    for (const [name, value] of Object.entries(all)) {
        env[environmentName(name)] = value;
    }
    env.VSTS_PUBLIC_VARIABLES = JSON.stringify(Object.keys(all));
    env.VSTS_SECRET_VARIABLES = JSON.stringify(Object.keys(secrets));
    for (const [name, value] of Object.entries(secrets)) {
        env[`SECRET_${environmentName(name)}`] = value;
    }
    const declared = Object.fromEntries((definition.inputs ?? []).map((input) => [input.name, String(input.defaultValue ?? '')]));
    for (const [name, value] of Object.entries({ ...declared, ...inputs })) {
        const input = (definition.inputs ?? []).find((candidate) => candidate.name.toLowerCase() === name.toLowerCase());
        let text = String(value).trim();
        if (input?.type === 'filePath') {
            text = path.resolve(workspace, text);
        }
        env[`INPUT_${environmentName(name)}`] = text;
    }
    env.ENDPOINT_URL_SYSTEMVSSCONNECTION = all['System.CollectionUri'];
    env.ENDPOINT_AUTH_SCHEME_SYSTEMVSSCONNECTION = 'OAuth';
    env.ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN = secrets['System.AccessToken'] ?? 'job-token';
    env.ENDPOINT_AUTH_SYSTEMVSSCONNECTION = JSON.stringify({
        parameters: { AccessToken: env.ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN },
        scheme: 'OAuth',
    });
    for (const { id, url, scheme, parameters = {}, data = {} } of endpoints) {
        env[`ENDPOINT_URL_${id}`] = url;
        env[`ENDPOINT_AUTH_SCHEME_${id}`] = scheme;
        env[`ENDPOINT_AUTH_${id}`] = JSON.stringify({ parameters, scheme });
        env[`ENDPOINT_DATA_${id}`] = JSON.stringify(data);
        for (const [name, value] of Object.entries(parameters)) {
            env[`ENDPOINT_AUTH_PARAMETER_${id}_${name.toUpperCase()}`] = value;
        }
        for (const [name, value] of Object.entries(data)) {
            env[`ENDPOINT_DATA_${id}_${name.toUpperCase()}`] = value;
        }
    }
    return { ...env, ...environment };
}

/** One run of a step, from the output of its process. */
export class Step {
    result = undefined;
    commandResult = undefined;
    outputs = new Map();
    variables = new Map();
    secrets = [];
    issues = [];
    attachments = [];
    progress = [];
    tags = [];
    commands = [];
    warnings = [];
    log = [];

    constructor(definition, { restricted = false } = {}) {
        this.definition = definition;
        this.restricted = restricted;
        const allowed = definition.restrictions?.settableVariables?.allowed;
        this.settable = allowed === undefined ? undefined : new Set(allowed.map((name) => name.toLowerCase()));
        this.declaredOutputs = new Set((definition.outputVariables ?? []).map(({ name }) => name.toLowerCase()));
    }

    line(text) {
        const command = parseCommand(text);
        if (command === undefined) {
            if (text.includes('##vso')) {
                this.warnings.push(`a line has the command keyword and is no command: ${text}`);
            }
            this.log.push(text);
            return;
        }
        this.commands.push({ ...command, raw: text });
        if (command.area === 'build' && command.event === 'addbuildtag' && !this.restricted) {
            this.tags.push(command.data);
            return;
        }
        if (command.area === 'build' && this.restricted) {
            this.warnings.push(`build.${command.event} is not allowed in restricted mode`);
            return;
        }
        if (command.area !== 'task') {
            this.warnings.push(`no extension for the area ${command.area}`);
            return;
        }
        const name = `task.${command.event}`;
        if (this.restricted && !ALLOWED_RESTRICTED.has(name)) {
            this.warnings.push(`${name} is not allowed in restricted mode`);
            return;
        }
        try {
            this.execute(command);
        } catch (error) {
            this.issues.push({ type: 'error', message: `cannot process ${text}: ${error.message}` });
            this.commandResult = 'Failed';
        }
    }

    execute({ event, properties, data }) {
        switch (event) {
            case 'complete': {
                const result = properties.get('result');
                if (!RESULTS.includes(result)) {
                    throw new Error(`the result ${result} is invalid`);
                }
                this.result = merge(this.result, result);
                this.completion = data;
                return;
            }
            case 'setvariable': {
                const name = properties.get('variable');
                if (!name) {
                    throw new Error('no variable name');
                }
                if (this.settable !== undefined && !this.settable.has(name.toLowerCase())) {
                    this.warnings.push(`the variable ${name} may not be set by this task`);
                    return;
                }
                const isOutput = properties.get('isoutput')?.toLowerCase() === 'true' || this.declaredOutputs.has(name.toLowerCase());
                (isOutput ? this.outputs : this.variables).set(name, data);
                this.verdictBeforeOutputs ||= isOutput && this.result !== undefined;
                return;
            }
            case 'issue':
            case 'logissue': {
                const type = properties.get('type')?.toLowerCase();
                if (type !== 'error' && type !== 'warning') {
                    throw new Error(`the issue type ${type} is not expected`);
                }
                let message = data;
                if (properties.has('sourcepath')) {
                    const at = ['linenumber', 'columnnumber'].map((key) => properties.get(key) ?? '').join(',');
                    message = `${properties.get('sourcepath')}(${at}): ${type} ${properties.get('code') ?? ''}: ${data}`;
                }
                if (this.issues.filter((issue) => issue.type === type).length < MOST_ISSUES) {
                    this.issues.push({ type, message });
                } else {
                    this.warnings.push(`more than ${MOST_ISSUES} issues of type ${type}`);
                }
                return;
            }
            case 'uploadsummary':
                this.attach('Distributedtask.Core.Summary', path.basename(data), data);
                return;
            case 'addattachment':
                this.attach(properties.get('type'), properties.get('name'), data);
                return;
            case 'setprogress':
                this.progress.push(Math.min(100, Math.max(0, Number.parseInt(properties.get('value') ?? '0', 10) || 0)));
                return;
            case 'setsecret':
                this.secrets.push(data);
                return;
            case 'debug':
                return;
            default:
                throw new Error(`task.${event} is unknown`);
        }
    }

    attach(type, name, file) {
        if (!type || !name || FORBIDDEN_IN_NAMES.test(type) || FORBIDDEN_IN_NAMES.test(name)) {
            throw new Error(`the attachment's type or name is invalid: ${type}, ${name}`);
        }
        if (!file || !existsSync(file)) {
            throw new Error(`there is no file ${file} to attach`);
        }
        this.attachments.push({ type, name, file, text: readFileSync(file, 'utf8') });
    }

    /** The result of the step, once its process has ended. */
    end(code) {
        this.exitCode = code;
        let result = merge(this.result, this.commandResult ?? 'Succeeded');
        if (code !== 0) {
            result = 'Failed';
        }
        return (this.final = result);
    }
}

/** Starts the task of `folder`; the returned step is complete when `ended` resolves. */
export function startTask(folder, options) {
    const definition = JSON.parse(readFileSync(path.join(folder, 'task.json'), 'utf8'));
    const step = new Step(definition, options);
    const target = path.join(folder, definition.execution.Node20_1.target);
    // Many runs of the binary alone take no Node each: the launcher gives it the same.
    const [program, args] = options.alone ? [options.alone, ['task']] : [options.node ?? process.execPath, [target]];
    const child = spawn(program, args, {
        cwd: options.workspace,
        env: environmentOf({ definition, ...options }),
        stdio: ['pipe', 'pipe', 'pipe'],
        // A group of its own, whose processes a test can signal all at once.
        detached: options.group ?? false,
    });
    child.stdin.end();
    const streams = { stdout: '', stderr: '' };
    const waiting = [];
    for (const name of ['stdout', 'stderr']) {
        let rest = '';
        child[name].setEncoding('utf8');
        child[name].on('data', (chunk) => {
            streams[name] += chunk;
            rest += chunk;
            const end = Math.max(rest.lastIndexOf('\n'), rest.lastIndexOf('\r', rest.length - 2));
            if (end >= 0) {
                lines(rest.slice(0, end + 1)).forEach((line) => step.line(line));
                rest = rest.slice(end + 1);
            }
            for (const waiter of waiting.splice(0)) {
                waiter();
            }
        });
        child[name].on('end', () => lines(rest).forEach((line) => step.line(line)));
    }
    const ended = new Promise((resolve, reject) => {
        child.on('error', reject);
        child.on('close', (code, signal) => {
            step.signal = signal;
            step.end(code ?? 137);
            step.streams = streams;
            resolve(step);
            waiting.splice(0).forEach((waiter) => waiter());
        });
    });
    /** Resolves with the match as soon as the output has it. */
    const seen = async (pattern) => {
        for (;;) {
            const match = pattern.exec(streams.stdout) ?? pattern.exec(streams.stderr);
            if (match !== null) {
                return match;
            }
            if (step.final !== undefined) {
                throw new Error(`the task ended without ${pattern}:\n${streams.stdout}${streams.stderr}`);
            }
            await new Promise((resolve) => waiting.push(resolve));
        }
    };
    return { child, step, ended, seen };
}

/** Runs the task of `folder` to its end. */
export function runTask(folder, options) {
    return startTask(folder, options).ended;
}
