// task.json and vss-extension.json are right, by our own check and by Microsoft's schema, and both find every kind of mistake.

import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, test } from 'node:test';
import { checkAgainstSchema, checkExtension, checkTask, readJson } from '../../extension/check.mjs';
import { root } from './task-folder.mjs';

const task = readJson(path.join(root, 'task.json'));
const extension = readJson(path.join(root, 'vss-extension.json'));

test('task.json has nothing to mend', () => assert.deepEqual(checkTask(task), []));
test('task.json has nothing to mend by Microsoft’s schema', async () => assert.deepEqual(await checkAgainstSchema(task), []));
test('vss-extension.json has nothing to mend', () => assert.deepEqual(checkExtension(extension, task), []));

const input = (name) => (definition) => definition.inputs.find((each) => each.name === name);
const command = input('command');

describe('the check of task.json finds', () => {
    const mistakes = {
        'a handler that only Windows has': [(it) => (it.execution.Process = { target: 'x' }), /execution: has the unknown key Process/],
        'a misspelt handler': [(it) => (it.execution.Node20 = it.execution.Node20_1), /unknown key Node20/],
        'a missing handler': [(it) => delete it.execution.Node24, /execution: has no Node24/],
        'a target that is not packed': [(it) => (it.execution.Node24.target = 'index.js'), /"index\.js" is none of launch\.js/],
        'an unknown key': [(it) => (it.helpUri = 'x'), /unknown key helpUri/],
        'an unknown key of an input': [(it) => (command(it).help = 'x'), /command: has the unknown key help/],
        'a broken id': [(it) => (it.id = 'x'), /id: "x" does not match/],
        'a long friendly name': [(it) => (it.friendlyName = 'x'.repeat(41)), /friendlyName: is longer than 40/],
        'a version that is no number': [(it) => (it.version.Minor = '0'), /version\.Minor: must be a whole number/],
        'a version of another kind': [(it) => (it.version.IsTest = true), /version: has the unknown key IsTest/],
        'a place where it cannot run': [(it) => it.runsOn.push('ServerGate'), /runsOn: is \[Agent, DeploymentGroup, ServerGate\]/],
        'two inputs that are one variable': [(it) => (input('policy')(it).name = 'Command'), /inputs: has COMMAND twice/],
        'an input name with a hyphen': [(it) => (input('policy')(it).name = 'policy-file'), /"policy-file" does not match/],
        'an unknown input type': [(it) => (input('policy')(it).type = 'text'), /"text" is not a type/],
        'a required input without a default': [(it) => (input('environment')(it).required = true), /is required and has no default/],
        'a default that is no option': [(it) => (command(it).defaultValue = 'check'), /"check" is none of its options/],
        'an option with a space at its end': [(it) => (command(it).options['verify '] = 'x'), /has a space at an end: "verify "/],
        'a pick list without options': [(it) => (command(it).options = {}), /pickList without options/],
        'a boolean default that is neither': [(it) => (input('allowCommands')(it).defaultValue = 'no'), /"no" is none of true, false/],
        'a default that is no text': [(it) => (input('allowCommands')(it).defaultValue = false), /defaultValue: must be a text/],
        'an input without help': [(it) => delete input('policy')(it).helpMarkDown, /has no helpMarkDown/],
        'a group that does not exist': [(it) => (input('policy')(it).groupName = 'files'), /there is no group files/],
        'a group without inputs': [(it) => it.groups.push({ name: 'empty', displayName: 'Empty', isExpanded: true }), /no input is in the group empty/],
        'a rule on an input that does not exist': [(it) => (it.groups[0].visibleRule = 'cmd = verify'), /there is no input cmd/],
        'a rule on an option that does not exist': [(it) => (it.groups[0].visibleRule = 'command = watch'), /command has no option watch/],
        'a rule that is none': [(it) => (it.groups[0].visibleRule = 'command == verify'), /is not of the form input = value/],
        'a rule that mixes its operators': [(it) => (it.groups[0].visibleRule = 'command = verify && policy = x || policy = y'), /mixes && and \|\|/],
        'a display name with an unknown input': [(it) => (it.instanceNameFormat = '$(cmd)'), /there is no input cmd/],
        'an output that may not be set': [(it) => it.outputVariables.push({ name: 'runId', description: 'x' }), /settableVariables\.allowed: is /],
        'a variable that may be set and is no output': [(it) => it.restrictions.settableVariables.allowed.push('PATH'), /settableVariables\.allowed: is \[PATH,/],
        'no restriction at all': [(it) => delete it.restrictions, /restrictions: must be an object/],
        'restricted mode': [(it) => (it.restrictions.commands.mode = 'restricted'), /"restricted" is none of any/],
        'two outputs of one name': [(it) => it.outputVariables.push({ name: 'Decision', description: 'x' }), /has decision twice/],
        'an agent version that is none': [(it) => (it.minimumAgentVersion = '3'), /minimumAgentVersion: "3" does not match/],
    };
    for (const [name, [spoil, pattern]] of Object.entries(mistakes)) {
        test(name, () => {
            const spoilt = structuredClone(task);
            spoil(spoilt);
            const findings = checkTask(spoilt);
            assert.ok(findings.some((finding) => pattern.test(finding)), `${pattern} is not in ${JSON.stringify(findings)}`);
        });
    }
});

test('Microsoft’s schema is the file that its source and licence are given for', () => {
    const [schema, readme] = ['tasks.schema.json', 'README.md'].map((name) => readFileSync(path.join(root, 'tests', 'contract', name)));
    assert.ok(readme.includes(createHash('sha256').update(schema).digest('hex')));
});

describe('Microsoft’s schema finds', () => {
    const mistakes = {
        'a handler that only Windows has': [(it) => (it.execution.Process = { target: 'x' }), /^task\/execution: .*"Process"/],
        'a misspelt handler': [(it) => (it.execution.Node20 = it.execution.Node20_1), /^task\/execution: .*"Node20"/],
        'an unknown key': [(it) => (it.helpUri = 'x'), /^task: .*"helpUri"/],
        'an unknown key of an input': [(it) => (command(it).help = 'x'), /^task\/inputs\/0: .*"help"/],
        'a broken id': [(it) => (it.id = 'x'), /^task\/id: must match pattern/],
        'a version of another kind': [(it) => (it.version.IsTest = true), /^task\/version: .*"IsTest"/],
        'an input name with a hyphen': [(it) => (input('policy')(it).name = 'policy-file'), /^task\/inputs\/1\/name: must match pattern/],
        'an unknown input type': [(it) => (input('policy')(it).type = 'text'), /^task\/inputs\/1\/type: must match/],
        'an unknown place to run': [(it) => it.runsOn.push('Laptop'), /^task\/runsOn\/2: must be equal to one of/],
        'an agent version that is none': [(it) => (it.minimumAgentVersion = '3'), /^task\/minimumAgentVersion: must match pattern/],
    };
    for (const [name, [spoil, pattern]] of Object.entries(mistakes)) {
        test(name, async () => {
            const spoilt = structuredClone(task);
            spoil(spoilt);
            const findings = await checkAgainstSchema(spoilt);
            assert.ok(findings.some((finding) => pattern.test(finding)), `${pattern} is not in ${JSON.stringify(findings)}`);
        });
    }
});

describe('the check of vss-extension.json finds', () => {
    const mistakes = {
        'another version than the task’s': [(it) => (it.version = '1.0.1'), /version: 1\.0\.1 is not the task's 1\.0\.0/],
        'a version that is none': [(it) => (it.version = 'abc'), /version: "abc" does not match/],
        'another scope': [(it) => it.scopes.push('vso.build_execute'), /scopes: is \[vso\.build, vso\.build_execute\]/],
        'another category': [(it) => (it.categories = ['Pipelines']), /categories: is \[Pipelines\]/],
        'a task that is not contributed': [(it) => (it.contributions = []), /contributions of tasks: is \[\]/],
        'a contribution of a kind that it does not have': [(it) => (it.contributions[0].type = 'ms.vss-web.hub'), /not a type that this extension has/],
        'a contribution to the wrong place': [(it) => (it.contributions[0].targets = ['ms.vss-distributed-task.task']), /targets: is \[ms\.vss-distributed-task\.task\]/],
        'the same contribution twice': [(it) => it.contributions.push(it.contributions[0]), /has runbook-gate-task twice/],
        'a tab that is shown for another task': [(it) => (it.contributions[1].properties.supportsTasks = ['x']), /supportsTasks: is \[x\]/],
        'a task folder that is not packed': [(it) => it.files.shift(), /the task's folder RunbookGate is not packed/],
        'a file name that tfx refuses': [(it) => (it.files[0].path = 'Runbook Gate'), /"Runbook Gate" does not match/],
        'an unknown key': [(it) => (it.scope = []), /unknown key scope/],
        'no manifest version': [(it) => delete it.manifestVersion, /has no manifestVersion/],
    };
    for (const [name, [spoil, pattern]] of Object.entries(mistakes)) {
        test(name, () => {
            const spoilt = structuredClone(extension);
            spoil(spoilt);
            const findings = checkExtension(spoilt, task);
            assert.ok(findings.some((finding) => pattern.test(finding)), `${pattern} is not in ${JSON.stringify(findings)}`);
        });
    }

    test('a file that does not exist', () => {
        assert.deepEqual(checkExtension(extension, task, (file) => file !== 'overview.md'), ['files: overview.md does not exist']);
    });
});
