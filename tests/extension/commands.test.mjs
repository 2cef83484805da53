// What the program's encoder writes is what both readers give back: the agent's own grammar, and azure-pipelines-task-lib's parser.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { lines, parseCommand, prefixIndex } from './agent-grammar.mjs';
import { hostile } from './hostile.mjs';

const { commandFromString } = createRequire(import.meta.url)('azure-pipelines-task-lib/taskcommand');
const encoder = process.env.RUNBOOK_GATE_ENCODER;

function encode(cases) {
    assert.ok(encoder, 'RUNBOOK_GATE_ENCODER names the example encode_commands; scripts/test-extension builds it');
    const run = spawnSync(encoder, { input: cases.map((each) => `${JSON.stringify(each)}\n`).join(''), encoding: 'utf8', maxBuffer: 1 << 28 });
    assert.equal(run.status, 0, run.stderr);
    const encoded = run.stdout.split('\n').slice(0, -1);
    assert.equal(encoded.length, cases.length, 'one line each');
    return encoded;
}

const PIECES = ['%', '%25', '%AZP25', '%AZP253B', '%0A', '%3B', '%5D', '%0D', ';', ']', '[', '=', '#', '##', '##vso[', '\r', '\n', ' ', 'x', '\u00AD', '\0'];
const text = fc
    .oneof(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'grapheme' }),
        fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }).map((parts) => parts.join('')),
        fc.constantFrom(...hostile),
    )
    // A lone half of a surrogate pair is no text that Rust could hold.
    .map((value) => value.toWellFormed());
const cases = fc.sample(fc.tuple(text, text), { numRuns: 10_000, seed: 4711 });

describe('ten thousand encoded commands', () => {
    let encoded;

    test('are one line each, with the command at its start', () => {
        encoded = encode(cases.map(([value, data]) => ['task.logissue', [['type', 'error'], ['code', value], ['sourcepath', 'a']], data]));
        for (const line of encoded) {
            assert.equal(lines(line).length, 1);
            assert.equal(prefixIndex(line), 0);
        }
    });

    test('give back what was meant, by the agent’s grammar', () => {
        encoded.forEach((line, index) => {
            const [value, data] = cases[index];
            const command = parseCommand(line);
            const meant = { type: 'error', sourcepath: 'a', ...(value === '' ? {} : { code: value.startsWith('=') ? ` ${value}` : value }) };
            assert.deepEqual([command.area, command.event, command.data], ['task', 'logissue', data]);
            assert.deepEqual(Object.fromEntries([...command.properties].sort()), Object.fromEntries(Object.entries(meant).sort()));
        });
    });

    test('give back the same by task-lib’s parser, which trims', () => {
        encoded.forEach((line, index) => {
            const [value, data] = cases[index];
            const command = commandFromString(line);
            assert.equal(command.command, 'task.logissue');
            assert.equal((command.properties.code ?? '').trim(), value.trim());
            assert.equal(command.message.trim(), data.trim());
        });
    });
});
