// The pipelines that the templates make: parameters put in, conditional and repeated parts written out, other templates put where they
// are named, as the service does before a run. Only what the templates use.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseDocument } from 'yaml';
import { evaluate, parseCondition } from './condition.mjs';
import { root } from './task-folder.mjs';

/** Steps and lists that a user gives. */
const GIVEN = { number: 60, stepList: [{ bash: './do.sh "$(Build.BuildNumber)"' }], object: ['one', 'two'], string: 'given' };

/** Parses YAML strictly. */
export function parse(text) {
    const document = parseDocument(text, { strict: true, uniqueKeys: true });
    assert.deepEqual(document.errors.map(String), []);
    assert.deepEqual(document.warnings.map(String), []);
    return document.toJS();
}

/** The text of a template. */
export const template = (name) => readFileSync(path.join(root, 'templates', name), 'utf8');

/** The pipeline of a template's text; parameters that are not given are their defaults, or a text, list or step. */
export function expand(text, given = {}, read = template) {
    const { parameters = [], ...tree } = parse(text);
    const values = {};
    for (const { name, type, default: byDefault } of parameters) {
        values[name] = given[name] ?? byDefault ?? GIVEN[type];
        assert.notEqual(values[name], undefined, `the parameter ${name} is not given`);
    }
    for (const name of Object.keys(given)) {
        assert.ok(name in values, `there is no parameter ${name}`);
    }
    return written(tree, { parameters: values, read });
}

function written(value, scope) {
    if (Array.isArray(value)) {
        return value.flatMap((item) => items(item, scope));
    }
    if (value !== null && typeof value === 'object') {
        return Object.fromEntries(Object.entries(value).flatMap(([key, each]) => entries(key, each, scope)));
    }
    return typeof value === 'string' ? filled(value, scope) : value;
}

/** What one item of a list becomes: itself, or what it stands for. */
function items(item, scope) {
    if (typeof item === 'string') {
        const value = filled(item, scope);
        return Array.isArray(value) ? value : [value];
    }
    const [[key, value], ...more] = Object.entries(item ?? {});
    const scopes = more.length === 0 ? directive(key, scope) : undefined;
    if (scopes !== undefined) {
        return scopes.flatMap((each) => written(value, each));
    }
    if (key === 'template') {
        const whole = expand(scope.read(value), written(item.parameters ?? {}, scope), scope.read);
        return whole.stages ?? whole.jobs ?? whole.steps;
    }
    return [written(item, scope)];
}

function entries(key, value, scope) {
    if (key === '${{ insert }}') {
        return Object.entries(written(value, scope));
    }
    const scopes = directive(key, scope);
    if (scopes === undefined) {
        return [[filled(key, scope), written(value, scope)]];
    }
    return scopes.flatMap((each) => Object.entries(written(value, each)));
}

/** The scopes in which a conditional or repeated part is written; nothing for another key. */
function directive(key, scope) {
    const [, condition] = /^\$\{\{ if (.+) \}\}$/.exec(key) ?? [];
    if (condition !== undefined) {
        return evaluate(parseCondition(condition), scope) ? [scope] : [];
    }
    const [, name, list] = /^\$\{\{ each (\w+) in (.+) \}\}$/.exec(key) ?? [];
    return list === undefined ? undefined : evaluate(parseCondition(list), scope).map((each) => ({ ...scope, [name]: each }));
}

function filled(text, scope) {
    const [, whole] = /^\$\{\{ ([^}]+) \}\}$/.exec(text) ?? [];
    if (whole !== undefined) {
        return evaluate(parseCondition(whole), scope);
    }
    return text.replaceAll(/\$\{\{ ([^}]+) \}\}/g, (_, expression) => evaluate(parseCondition(expression), scope));
}
