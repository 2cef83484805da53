// The two readers of logging commands that every other test relies on: the agent's own, ported, and azure-pipelines-task-lib's.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { lines, parseCommand, prefixIndex, unescape } from './agent-grammar.mjs';
import { Step, environmentName, merge } from './agent.mjs';

const { TaskCommand, commandFromString } = createRequire(import.meta.url)('azure-pipelines-task-lib/taskcommand');

describe('the agent’s grammar', () => {
    const cases = [
        ['a command', '##vso[area.event k1=v1;]msg', { area: 'area', event: 'event', properties: { k1: 'v1' }, data: 'msg' }],
        ['no properties', '##vso[area.event]', { area: 'area', event: 'event', properties: {}, data: '' }],
        [
            'escapes in properties and data, percent last',
            '##vso[area.event k1=%3B=%0D=%0A=%5D%AZP25;]%3B-%0D-%0A-%5D%AZP253B',
            { area: 'area', event: 'event', properties: { k1: ';=\r=\n=]%' }, data: ';-\r-\n-]%3B' },
        ],
        ['empty values are absent', '##vso[area.event k1=;k2=;]', { area: 'area', event: 'event', properties: {}, data: '' }],
        ['text before it is dropped', '>>>   ##vso[area.event k1=v1;]msg', { area: 'area', event: 'event', properties: { k1: 'v1' }, data: 'msg' }],
        ['keys are not trimmed', '##vso[a.b k=v; k2=w]', { area: 'a', event: 'b', properties: { k: 'v', ' k2': 'w' }, data: '' }],
        ['a leading equals sign of a value is lost', '##vso[a.b k==v]', { area: 'a', event: 'b', properties: { k: 'v' }, data: '' }],
        ['the last of equal keys counts, whatever its case', '##vso[a.b k=v;K=w]', { area: 'a', event: 'b', properties: { k: 'w' }, data: '' }],
        ['one command a line', '##vso[a.b]##vso[c.d]', { area: 'a', event: 'b', properties: {}, data: '##vso[c.d]' }],
        ['another case is no command', '##VSO[a.b]', undefined],
        ['no bracket is no command', '##vso[a.b', undefined],
        ['one name is no command', '##vso[a]x', undefined],
        ['three names are no command', '##vso[a.b.c]x', undefined],
    ];
    for (const [name, line, expected] of cases) {
        test(name, () => {
            const command = parseCommand(line);
            assert.deepEqual(command && { ...command, properties: Object.fromEntries(command.properties) }, expected);
        });
    }

    test('finds a prefix with a weightless character in it, as a comparison by culture does', () => {
        for (const hidden of ['\u00AD', '\u200B', '\u200D', '\uFEFF', '\0', '\u2060', '\uFE0F']) {
            assert.equal(prefixIndex(`x##v${hidden}so[a.b]`), 1, JSON.stringify(hidden));
        }
        assert.equal(prefixIndex('x# #vso[a.b]'), -1);
    });

    test('ends a line at \\n, \\r and \\r\\n, and at nothing else', () => {
        assert.deepEqual(lines('a\r\nb\rc\nd\u0085e\u2028f\vg\fh'), ['a', 'b', 'c', 'd\u0085e\u2028f\vg\fh']);
    });
});

test('what task-lib writes, the agent’s grammar reads back, for any text', () => {
    fc.assert(
        fc.property(fc.string({ unit: 'binary', minLength: 1 }), fc.string({ unit: 'binary' }), (value, data) => {
            fc.pre(!value.startsWith('='));
            const line = new TaskCommand('task.setvariable', { variable: value }, data).toString();
            const command = parseCommand(line);
            assert.equal(command.properties.get('variable'), value);
            assert.equal(command.data, data);
        }),
    );
});

test('the two readers agree on well-formed commands', () => {
    fc.assert(
        fc.property(fc.string({ unit: 'binary', minLength: 1 }), (value) => {
            fc.pre(value.trim() === value && !value.startsWith('='));
            const line = new TaskCommand('task.logissue', { type: 'error', code: value }, value).toString();
            const other = commandFromString(line);
            const command = parseCommand(line);
            assert.equal(other.properties.code, command.properties.get('code'));
            assert.equal(unescape(other.message), unescape(command.data));
        }),
    );
});

describe('the agent’s bookkeeping', () => {
    test('the worse result wins, and a result beyond Failed stays', () => {
        assert.equal(merge(undefined, 'Succeeded'), 'Succeeded');
        assert.equal(merge('Failed', 'Succeeded'), 'Failed');
        assert.equal(merge('Failed', 'Skipped'), 'Skipped');
        assert.equal(merge('Skipped', 'Failed'), 'Skipped');
    });

    test('only a non-zero exit code undoes an injected Skipped', () => {
        const step = new Step({});
        step.line('##vso[task.complete result=Skipped]');
        step.line('##vso[task.complete result=Failed]');
        assert.equal(step.end(0), 'Skipped');
        assert.equal(step.end(10), 'Failed');
    });

    test('a variable that the task does not declare may not be set', () => {
        const definition = { outputVariables: [{ name: 'decision' }], restrictions: { settableVariables: { allowed: ['decision'] } } };
        const step = new Step(definition);
        step.line('##vso[task.setvariable variable=decision]hold');
        step.line('##vso[task.setvariable variable=PATH]/evil');
        assert.deepEqual([...step.outputs], [['decision', 'hold']]);
        assert.equal(step.variables.size, 0);
        assert.equal(step.warnings.length, 1);
    });

    test('a command that the agent cannot process fails the step', () => {
        for (const line of ['##vso[task.nonsense]', '##vso[task.complete]', '##vso[task.logissue type=info]x', '##vso[task.uploadsummary]/nowhere', '##vso[task.addattachment type=a/b;name=c]/nowhere']) {
            const step = new Step({});
            step.line(line);
            assert.equal(step.end(0), 'Failed', line);
        }
    });

    test('variable names become environment names', () => {
        assert.equal(environmentName('System.Team Project-x'), 'SYSTEM_TEAM_PROJECT-X');
    });
});
