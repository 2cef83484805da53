// Everything that must hold of task.json and vss-extension.json. The official schema and tfx let much pass that the service
// or the agent then drops in silence: unknown handlers, a visibleRule on an input that does not exist, an output that may not be
// set. Here every key is known, every reference leads somewhere, and every mistake is named at once.

import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';

const ROOT = path.resolve(import.meta.dirname, '..');
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const IDENTIFIER = /^[a-z][A-Za-z0-9]*$/;
const SEMVER = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)$/;
const INPUT_TYPES = new Set(['boolean', 'filePath', 'multiLine', 'pickList', 'string']);
const CONNECTION_TYPES = new Set(['connectedService:AzureRM', 'connectedService:Generic', 'connectedService:github']);
const HANDLERS = ['Node20_1', 'Node24'];
const LONGEST_FRIENDLY_NAME = 40;
const LONGEST_HELP = 400;

const TASK_KEYS = {
    required: [
        'id', 'name', 'friendlyName', 'description', 'helpMarkDown', 'category', 'visibility', 'runsOn', 'author', 'version',
        'minimumAgentVersion', 'instanceNameFormat', 'groups', 'inputs', 'outputVariables', 'restrictions', 'execution',
    ],
    optional: ['showEnvironmentVariables', 'releaseNotes', 'preview'],
};
const INPUT_KEYS = {
    required: ['name', 'type', 'label', 'defaultValue', 'required', 'helpMarkDown'],
    optional: ['options', 'groupName', 'visibleRule', 'properties'],
};
const GROUP_KEYS = { required: ['name', 'displayName', 'isExpanded'], optional: ['visibleRule'] };
const EXTENSION_KEYS = {
    required: [
        'manifestVersion', 'id', 'publisher', 'version', 'name', 'description', 'public', 'categories', 'tags', 'targets', 'scopes',
        'icons', 'content', 'files', 'contributions',
    ],
    optional: ['galleryFlags', 'links', 'repository'],
};
const TASK = 'ms.vss-distributed-task.task';
const TAB = 'ms.vss-build-web.build-results-tab';
const CONTRIBUTION_TARGETS = { [TASK]: 'ms.vss-distributed-task.tasks', [TAB]: 'ms.vss-build-web.build-results-view' };

/** Collects what is wrong; `at` is where in the file. */
class Findings {
    all = [];

    say(at, what) {
        this.all.push(`${at}: ${what}`);
    }

    keys(at, value, { required, optional }) {
        if (typeof value !== 'object' || value === null || Array.isArray(value)) {
            this.say(at, 'must be an object');
            return false;
        }
        for (const key of required.filter((name) => !(name in value))) {
            this.say(at, `has no ${key}`);
        }
        for (const key of Object.keys(value).filter((name) => !required.includes(name) && !optional.includes(name))) {
            this.say(at, `has the unknown key ${key}`);
        }
        return true;
    }

    text(at, value, { longest = Infinity, empty = false } = {}) {
        if (typeof value !== 'string') {
            this.say(at, 'must be a text');
        } else if (value !== value.trim()) {
            this.say(at, `has a space at an end: "${value}"`);
        } else if (!empty && value === '') {
            this.say(at, 'is empty');
        } else if (value.length > longest) {
            this.say(at, `is longer than ${longest} characters`);
        }
    }

    flag(at, value) {
        if (typeof value !== 'boolean') {
            this.say(at, 'must be true or false');
        }
    }

    matches(at, value, pattern) {
        if (typeof value !== 'string' || !pattern.test(value)) {
            this.say(at, `"${value}" does not match ${pattern}`);
        }
    }

    oneOf(at, value, choices) {
        if (!choices.includes(value)) {
            this.say(at, `"${value}" is none of ${choices.join(', ')}`);
        }
    }

    exactly(at, values, expected) {
        const [got, wanted] = [values, expected].map((list) => (Array.isArray(list) ? [...list].sort().join(', ') : String(list)));
        if (got !== wanted) {
            this.say(at, `is [${got}], must be [${wanted}]`);
        }
    }

    unique(at, names) {
        for (const name of names.filter((each, index) => names.indexOf(each) !== index)) {
            this.say(at, `has ${name} twice`);
        }
    }
}

/** Everything wrong with a task definition; empty where nothing is. */
export function checkTask(task) {
    const findings = new Findings();
    if (!findings.keys('task', task, TASK_KEYS)) {
        return findings.all;
    }
    findings.matches('id', task.id, GUID);
    findings.matches('name', task.name, /^[A-Za-z0-9-]+$/);
    findings.text('friendlyName', task.friendlyName, { longest: LONGEST_FRIENDLY_NAME });
    for (const key of ['description', 'helpMarkDown', 'author']) {
        findings.text(key, task[key], { longest: LONGEST_HELP });
    }
    findings.oneOf('category', task.category, ['Deploy', 'Utility']);
    findings.exactly('visibility', task.visibility, ['Build', 'Release']);
    findings.exactly('runsOn', task.runsOn, ['Agent', 'DeploymentGroup']);
    for (const key of ['showEnvironmentVariables', 'preview'].filter((name) => name in task)) {
        findings.flag(key, task[key]);
    }
    if ('releaseNotes' in task) {
        findings.text('releaseNotes', task.releaseNotes);
    }
    findings.matches('minimumAgentVersion', task.minimumAgentVersion, SEMVER);
    if (findings.keys('version', task.version, { required: ['Major', 'Minor', 'Patch'], optional: [] })) {
        for (const [part, number] of Object.entries(task.version)) {
            if (!Number.isInteger(number) || number < 0) {
                findings.say(`version.${part}`, 'must be a whole number');
            }
        }
    }
    const inputs = Array.isArray(task.inputs) ? task.inputs : [];
    const groups = Array.isArray(task.groups) ? task.groups : [];
    checkGroups(findings, groups, inputs);
    checkInputs(findings, inputs, groups);
    checkFormat(findings, task.instanceNameFormat, inputs);
    checkOutputs(findings, task);
    checkExecution(findings, task.execution);
    return findings.all;
}

function checkGroups(findings, groups, inputs) {
    findings.unique('groups', groups.map((group) => group?.name));
    groups.forEach((group, index) => {
        const at = `groups[${index}]`;
        if (!findings.keys(at, group, GROUP_KEYS)) {
            return;
        }
        findings.matches(`${at}.name`, group.name, IDENTIFIER);
        findings.text(`${at}.displayName`, group.displayName);
        findings.flag(`${at}.isExpanded`, group.isExpanded);
        if (!inputs.some((input) => input?.groupName === group.name)) {
            findings.say(at, `no input is in the group ${group.name}`);
        }
        checkRule(findings, at, group.visibleRule, inputs);
    });
}

function checkInputs(findings, inputs, groups) {
    // The agent upper-cases the names: two that differ by case are one variable.
    findings.unique('inputs', inputs.map((input) => String(input?.name).toUpperCase()));
    inputs.forEach((input, index) => {
        const at = `inputs[${index}] ${input?.name}`;
        if (!findings.keys(at, input, INPUT_KEYS)) {
            return;
        }
        findings.matches(`${at}.name`, input.name, IDENTIFIER);
        findings.text(`${at}.label`, input.label, { longest: LONGEST_FRIENDLY_NAME });
        findings.text(`${at}.helpMarkDown`, input.helpMarkDown, { longest: LONGEST_HELP });
        if (!INPUT_TYPES.has(input.type) && !CONNECTION_TYPES.has(input.type)) {
            findings.say(`${at}.type`, `"${input.type}" is not a type that this task uses`);
        }
        findings.flag(`${at}.required`, input.required);
        findings.text(`${at}.defaultValue`, input.defaultValue, { empty: true });
        if (input.type === 'boolean') {
            findings.oneOf(`${at}.defaultValue`, input.defaultValue, ['true', 'false']);
        }
        if (input.required === true && input.defaultValue === '') {
            findings.say(at, 'is required and has no default: the agent does not check it');
        }
        if (input.type === 'pickList') {
            checkOptions(findings, at, input);
        } else if ('options' in input) {
            findings.say(at, 'has options and is no pickList');
        }
        if ('groupName' in input && !groups.some((group) => group?.name === input.groupName)) {
            findings.say(`${at}.groupName`, `there is no group ${input.groupName}`);
        }
        checkProperties(findings, `${at}.properties`, input.properties ?? {});
        checkRule(findings, at, input.visibleRule, inputs);
    });
}

function checkProperties(findings, at, properties) {
    if (!findings.keys(at, properties, { required: [], optional: ['resizable', 'rows'] })) {
        return;
    }
    if ('resizable' in properties) {
        findings.flag(`${at}.resizable`, properties.resizable);
    }
    if ('rows' in properties) {
        findings.matches(`${at}.rows`, properties.rows, /^\d+$/);
    }
}

function optionsOf(input) {
    return typeof input?.options === 'object' && input.options !== null ? input.options : {};
}

function checkOptions(findings, at, input) {
    const options = Object.entries(optionsOf(input));
    if (options.length === 0) {
        findings.say(at, 'is a pickList without options');
    }
    for (const [key, label] of options) {
        findings.text(`${at}.options`, key);
        findings.text(`${at}.options.${key}`, label);
    }
    if (!options.some(([key]) => key === input.defaultValue)) {
        findings.say(`${at}.defaultValue`, `"${input.defaultValue}" is none of its options`);
    }
}

function checkRule(findings, at, rule, inputs) {
    if (rule === undefined) {
        return;
    }
    if (typeof rule !== 'string') {
        findings.say(`${at}.visibleRule`, 'must be a text');
        return;
    }
    if (rule.includes('&&') && rule.includes('||')) {
        findings.say(`${at}.visibleRule`, 'mixes && and ||, which the editor does not support');
    }
    for (const term of rule.split(/&&|\|\|/)) {
        const [, name, , value] = /^\s*(\w+)\s*(=|!=)\s*(\S+)\s*$/.exec(term) ?? [];
        const input = inputs.find((candidate) => candidate?.name === name);
        if (name === undefined) {
            findings.say(`${at}.visibleRule`, `"${term.trim()}" is not of the form input = value`);
        } else if (input === undefined) {
            findings.say(`${at}.visibleRule`, `there is no input ${name}`);
        } else if (input.type === 'pickList' && !(value in optionsOf(input))) {
            findings.say(`${at}.visibleRule`, `${name} has no option ${value}`);
        }
    }
}

function checkFormat(findings, format, inputs) {
    findings.text('instanceNameFormat', format);
    for (const [, name] of String(format).matchAll(/\$\((\w*)\)/g)) {
        if (!inputs.some((input) => input?.name === name)) {
            findings.say('instanceNameFormat', `there is no input ${name}`);
        }
    }
}

function checkOutputs(findings, task) {
    const outputs = Array.isArray(task.outputVariables) ? task.outputVariables : [];
    findings.unique('outputVariables', outputs.map((output) => String(output?.name).toLowerCase()));
    outputs.forEach((output, index) => {
        const at = `outputVariables[${index}]`;
        if (findings.keys(at, output, { required: ['name', 'description'], optional: [] })) {
            findings.matches(`${at}.name`, output.name, IDENTIFIER);
            findings.text(`${at}.description`, output.description);
        }
    });
    if (outputs.length === 0) {
        findings.say('outputVariables', 'is empty: no job could act on the decision');
    }
    const at = 'restrictions';
    if (findings.keys(at, task.restrictions, { required: ['commands', 'settableVariables'], optional: [] })) {
        // Restricted mode would drop the summary and the attachments.
        findings.oneOf(`${at}.commands.mode`, task.restrictions.commands?.mode, ['any']);
        findings.exactly(`${at}.settableVariables.allowed`, task.restrictions.settableVariables?.allowed, outputs.map((output) => output?.name));
    }
}

function checkExecution(findings, execution) {
    if (!findings.keys('execution', execution, { required: HANDLERS, optional: [] })) {
        return;
    }
    for (const handler of HANDLERS) {
        if (findings.keys(`execution.${handler}`, execution[handler] ?? {}, { required: ['target'], optional: [] })) {
            findings.oneOf(`execution.${handler}.target`, execution[handler]?.target, ['launch.js']);
        }
    }
}

/** Everything wrong with the extension's manifest, by itself and beside the task; `exists` says whether a packed path does. */
export function checkExtension(extension, task, exists = () => true) {
    const findings = new Findings();
    if (!findings.keys('extension', extension, EXTENSION_KEYS)) {
        return findings.all;
    }
    findings.oneOf('manifestVersion', extension.manifestVersion, [1]);
    for (const key of ['id', 'publisher']) {
        findings.matches(key, extension[key], /^[A-Za-z0-9][A-Za-z0-9-]*$/);
    }
    findings.matches('version', extension.version, SEMVER);
    const { Major, Minor, Patch } = task.version ?? {};
    if (extension.version !== `${Major}.${Minor}.${Patch}`) {
        findings.say('version', `${extension.version} is not the task's ${Major}.${Minor}.${Patch}`);
    }
    findings.text('name', extension.name);
    findings.text('description', extension.description, { longest: 200 });
    findings.exactly('categories', extension.categories, ['Azure Pipelines']);
    findings.exactly('targets', extension.targets?.map((target) => target.id), ['Microsoft.VisualStudio.Services']);
    // Another scope later makes every organisation consent again.
    findings.exactly('scopes', extension.scopes, ['vso.build']);
    const files = (extension.files ?? []).map((file) => file?.path);
    findings.unique('files', files);
    const packed = [...files, extension.icons?.default, extension.content?.details?.path, extension.content?.license?.path];
    for (const file of packed) {
        findings.matches('files', file, /^[A-Za-z0-9][A-Za-z0-9._/-]*[A-Za-z0-9]$/);
        if (typeof file === 'string' && !exists(file)) {
            findings.say('files', `${file} does not exist`);
        }
    }
    checkContributions(findings, extension.contributions ?? [], task, { files, exists });
    return findings.all;
}

function checkContributions(findings, contributions, task, { files, exists }) {
    findings.unique('contributions', contributions.map((contribution) => contribution?.id));
    contributions.forEach((contribution, index) => {
        const at = `contributions[${index}]`;
        if (!findings.keys(at, contribution, { required: ['id', 'type', 'targets', 'properties'], optional: ['description'] })) {
            return;
        }
        const target = CONTRIBUTION_TARGETS[contribution.type];
        if (target === undefined) {
            findings.say(`${at}.type`, `"${contribution.type}" is not a type that this extension has`);
        } else {
            findings.exactly(`${at}.targets`, contribution.targets, [target]);
        }
        if (contribution.type === TAB && findings.keys(`${at}.properties`, contribution.properties, { required: ['name', 'uri', 'supportsTasks'], optional: [] })) {
            findings.text(`${at}.properties.name`, contribution.properties.name);
            // Another id, and the tab is shown for no run at all.
            findings.exactly(`${at}.properties.supportsTasks`, contribution.properties.supportsTasks, [task.id]);
            if (!exists(contribution.properties.uri)) {
                findings.say(`${at}.properties.uri`, `${contribution.properties.uri} does not exist`);
            }
        }
    });
    const tasks = contributions.filter((contribution) => contribution?.type === TASK);
    findings.exactly('contributions of tasks', tasks.map((contribution) => contribution.properties?.name), [task.name]);
    if (!files.includes(task.name)) {
        findings.say('files', `the task's folder ${task.name} is not packed`);
    }
}

/** Reads a JSON file, naming it where it is none. */
export function readJson(file) {
    try {
        return JSON.parse(readFileSync(file, 'utf8'));
    } catch (error) {
        throw new Error(`${file}: ${error.message}`, { cause: error });
    }
}

/** What Microsoft's schema of task definitions finds. It is data of the tests, and its validator one of their tools: neither is packed. */
export async function checkAgainstSchema(task) {
    const { default: Ajv } = await import('ajv-draft-04');
    const ajv = new (Ajv.default ?? Ajv)({ unicodeRegExp: false, strict: false, allErrors: true });
    const { id: _id, $schema: _schema, ...schema } = readJson(path.join(ROOT, 'tests', 'contract', 'tasks.schema.json'));
    const validate = ajv.compile(schema);
    return validate(task) ? [] : validate.errors.map(({ instancePath, message, params }) => `task${instancePath}: ${message} (official schema: ${JSON.stringify(params)})`);
}

/** Prints everything wrong, and fails if there is anything. */
async function main() {
    const task = readJson(path.join(ROOT, 'task.json'));
    const extension = readJson(path.join(ROOT, 'vss-extension.json'));
    const findings = [...checkTask(task), ...checkExtension(extension, task), ...(await checkAgainstSchema(task))];
    for (const finding of findings) {
        console.error(finding);
    }
    console.log(findings.length === 0 ? 'task.json and vss-extension.json: nothing to mend' : `${findings.length} to mend`);
    process.exitCode = findings.length === 0 ? 0 : 1;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
    await main();
}
